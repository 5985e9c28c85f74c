"""The benchmark itself, at its smallest size, so that it still runs when somebody wants its figures."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import msgspec
import psycopg
import pytest

from benchmarks import report
from benchmarks.database import running_database
from benchmarks.driver import ROOT, Contestant, SideError
from benchmarks.figures import DBOS, ENGINE, FLOOR, PGBENCH, RESTATE, Figure, Figures, percentile, times_better
from benchmarks.soak import LIMITS, Sample, verdict
from benchmarks.targets import verdicts
from benchmarks.workloads import NEAR, ONE_PASS, STEPS, WAITING


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", *arguments], cwd=ROOT, capture_output=True, text=True, timeout=580, check=False
    )


def test_every_workload_gives_figures(tmp_path: Path) -> None:
    file = tmp_path / "figures.json"
    ran = run("benchmarks", "--tiny", "--without-peers", "--directory", str(tmp_path), "--json", str(file))
    assert ran.returncode == 0, ran.stdout + ran.stderr
    made = msgspec.json.decode(file.read_bytes(), type=report.Report)
    [section] = made.sections
    measured = {(figure.workload[:2], figure.side) for figure in section.figures}
    assert measured == {
        *((f"{letter}.", ENGINE) for letter in "abcdefg"),
        ("a.", FLOOR),
        ("b.", FLOOR),
        ("in", PGBENCH),
    }
    measured_well = [figure for figure in section.figures if not figure.workload.startswith("e.")]
    assert all(figure.values and min(figure.values) > 0 for figure in measured_well)
    assert set(section.missing) == {"Restate", "DBOS", "Temporal"}
    assert "no figures of Restate: left out (--without-peers)" in ran.stdout
    assert "a. three steps" in ran.stdout
    assert "engine : bare loop" in ran.stdout
    judged = {target.text.split(":")[0] for target in section.targets}
    assert judged == {STEPS, ONE_PASS, WAITING, NEAR}
    assert f"PostgreSQL in {tmp_path} (" in ran.stdout


def test_commits_are_durable_and_as_slow_as_asked(tmp_path: Path) -> None:
    names = ("fsync", "synchronous_commit", "commit_delay", "commit_siblings")
    with (
        running_database(tmp_path, commit_milliseconds=1) as database,
        psycopg.connect(database.empty("asked"), autocommit=True) as connection,
    ):
        settings = [connection.execute("select current_setting(%s)", [name]).fetchall()[0][0] for name in names]
    assert settings == ["on", "on", "1000", "0"]


def test_a_soak(tmp_path: Path) -> None:
    file = tmp_path / "samples.json"
    ran = run("benchmarks.soak", "--minutes", "0.15", "--rate", "50", "--json", str(file))
    samples = msgspec.json.decode(file.read_bytes(), type=list[Sample])
    assert samples[-1].ended > 100, ran.stdout + ran.stderr
    assert len([line for line in ran.stdout.splitlines() if line.startswith(("flat", "GROWS"))]) == len(LIMITS)


def sample(**changes: float) -> Sample:
    usual = Sample(seconds=1, memory=1e8, processor=5e-4, dead=100, live=10_000, active=1e6, ended=10)
    return msgspec.structs.replace(usual, **changes)


def test_what_stays_is_flat() -> None:
    assert all(line.startswith("flat") for line in verdict([sample(memory=1e8 + number % 7) for number in range(60)]))


@pytest.mark.parametrize(
    ("name", "growing"),
    [
        ("memory", [sample(memory=1e8 + number * 1e6) for number in range(60)]),
        ("processor", [sample(processor=5e-4 + number * 1e-5) for number in range(60)]),
        ("dead rows", [sample(dead=100 * number) for number in range(60)]),
        ("active_executions", [sample(active=1e6 * number) for number in range(60)]),
    ],
)
def test_what_grows_is_said(name: str, growing: list[Sample]) -> None:
    [line] = [line for line in verdict(growing) if line.startswith("GROWS")]
    assert name in line


def test_the_engine_is_compared_with_the_fastest_peer_and_the_floor() -> None:
    figures = Figures()
    for side, rates in ((ENGINE, [900.0, 1000.0, 5000.0]), (FLOOR, [4000.0]), (RESTATE, [200.0]), (DBOS, [100.0])):
        for rate in rates:
            figures.add("a", side, "/s", rate)
    figures.add("b", ENGINE, "ms", 2)
    figures.add("b", DBOS, "ms", 13)
    figures.note("b", RESTATE, "ms", "it failed")
    assert [(ratio.workload, ratio.than, ratio.times) for ratio in figures.ratios()] == [
        ("a", RESTATE, 5.0),
        ("a", FLOOR, 0.25),
        ("b", DBOS, 6.5),
    ]


def test_a_missed_target_is_said_with_its_floor() -> None:
    figures = Figures()
    figures.add(STEPS, ENGINE, "/s", 1000)
    figures.add(STEPS, FLOOR, "/s", 4000)
    figures.add(STEPS, RESTATE, "/s", 90)
    figures.add(f"{STEPS}, processor", ENGINE, "us", 500)
    figures.add(ONE_PASS, ENGINE, "/s", 1501)
    figures.add(NEAR, ENGINE, "bytes", 2049)
    met, missed = ([verdict.text for verdict in verdicts(figures) if verdict.met is met] for met in (True, False))
    assert met == [f"{STEPS}: 11.11 times as good as Restate, wanted 10", f"{ONE_PASS}: 1,501 /s, wanted 1,500"]
    floor = "the bare loop, which interprets nothing, has 4,000 /s"
    core = "the engine's process takes 500 us for each, so one core does 2,000 /s"
    assert missed == [
        f"{STEPS}: 0.25 times as good as bare loop, wanted 0.5; {floor}; {core}",
        f"{NEAR}: 2,049 bytes, wanted 2,048",
    ]


def test_a_file_system_has_a_name(tmp_path: Path) -> None:
    assert report.file_system(Path("/proc")) == "proc"
    assert report.file_system(tmp_path)


def test_percentiles_and_times() -> None:
    assert (percentile([3, 1, 2], 50), percentile([1], 99), percentile(range(100), 99)) == (2, 1, 99)
    assert times_better(Figure("w", "a", "ms", [1]), Figure("w", "b", "ms", [4])) == 4


def test_a_side_that_ends_says_why(tmp_path: Path) -> None:
    command = [sys.executable, "-c", "import sys; sys.exit('no such database')"]
    with Contestant("side", command, tmp_path) as side, pytest.raises(SideError, match="side ended: no such database"):
        side.receive(msgspec.Raw)


def test_a_side_that_fails_goes_on(tmp_path: Path) -> None:
    script = 'import sys\nfor line in sys.stdin: print(\'{"error": "it is full"}\', flush=True)'
    with Contestant("side", [sys.executable, "-c", script], tmp_path) as side:
        for _ in range(2):
            with pytest.raises(SideError, match="side: it is full"):
                side.throughput("three-steps", 1, 1)
