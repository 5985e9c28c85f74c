"""Two processes on the same addresses and the same PostgreSQL."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from tests.engine.commands.processes import LONGEST_SECONDS, environment
from tests.engine.processes.together import Together, eventually, kill, runs, serving
from tests.support.postgres import Databases


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory, databases: Databases) -> Iterator[Together]:
    """The last of its tests stops it."""
    with databases.migrated() as url, serving(tmp_path_factory.mktemp("pair"), url) as together:
        yield together


def test_both_serve_and_say_so_as_one(pair: Together) -> None:
    assert [(line["process"], line["addresses"]) for line in pair.lines("serving")] == [
        (number, [pair.api.removeprefix("http://"), pair.management.removeprefix("http://")]) for number in (1, 2)
    ]
    for url in (f"{pair.api}/health/ready", f"{pair.management}/health/live"):
        assert requests.get(url, timeout=LONGEST_SECONDS).json() == {"status": "healthy"}
    detailed = requests.get(f"{pair.management}/health/detailed", timeout=LONGEST_SECONDS).json()
    assert detailed["status"] == "healthy"
    assert requests.get(f"{pair.management}/ui/executions", timeout=LONGEST_SECONDS).status_code == 200


def test_one_that_hangs_makes_the_whole_unhealthy_while_the_other_serves(pair: Together) -> None:
    for number, path in ((1, "health/live"), (2, "health/ready")):
        pid = pair.pids()[number]
        kill(pid, signal.SIGSTOP)
        try:
            pair.start(f"by-the-other-than-{number}", 0)
            unhealthy = requests.get(f"{pair.management}/{path}", timeout=LONGEST_SECONDS)
            assert (unhealthy.status_code, unhealthy.json()["status"]) == (503, "unhealthy")
            assert unhealthy.json()["reason"] == f"process {number} does not answer"
        finally:
            kill(pid, signal.SIGCONT)
        eventually(lambda: requests.get(f"{pair.management}/health/ready", timeout=LONGEST_SECONDS).status_code == 200)
    eventually(lambda: set(pair.statuses().values()) == {"SUCCEEDED"}, pair.statuses)
    counted = pair.sums("workflow_executions")
    assert set(counted) == {"1", "2"}
    assert sum(counted.values()) == len(pair.statuses()) == 2


def test_one_that_is_killed_is_started_again_and_loses_nothing(pair: Together) -> None:
    for order in range(8):
        pair.start(f"order-{order}", 1)
    before = pair.pids()
    kill(before[1])
    eventually(lambda: len(pair.lines("serving")) == 3)
    after = pair.pids()
    assert after.keys() == before.keys()
    assert after[1] != before[1]
    assert after[2] == before[2]
    (died,) = pair.lines("a process died")
    assert (died["process"], died["exitCode"], died["startedAgainSeconds"]) == (1, -signal.SIGKILL, 0.0)
    eventually(lambda: set(pair.statuses().values()) == {"SUCCEEDED"}, pair.statuses)
    assert {f"order-{order}" for order in range(8)} <= pair.statuses().keys()


def test_sigterm_stops_both_and_loses_nothing(pair: Together, databases: Databases) -> None:
    for order in range(8):
        pair.start(f"late-order-{order}", 0.2)
    pair.process.send_signal(signal.SIGTERM)
    assert pair.process.wait(LONGEST_SECONDS) == 0
    assert {line["process"] for line in pair.lines("stopped")} == {1, 2}
    assert pair.pids() == {}
    with pytest.raises(requests.ConnectionError):
        requests.get(f"{pair.api}/health", timeout=LONGEST_SECONDS)
    ended = databases.execute(pair.database, "select name from executions where status = 'SUCCEEDED'")
    assert {(f"late-order-{order}",) for order in range(8)} <= set(ended)
    assert pair.leftovers() == []


def test_none_outlives_a_supervisor_that_is_killed(tmp_path: Path, databases: Databases) -> None:
    with databases.migrated() as url, serving(tmp_path, url) as together:
        pids = together.pids()
        together.process.kill()
        together.process.wait()
        eventually(lambda: not any(runs(pid) for pid in pids.values()))
        assert {line["process"] for line in together.lines("stopped")} == {1, 2}
        assert together.leftovers() == []


def test_what_keeps_the_first_from_starting_is_said_once(tmp_path: Path) -> None:
    nowhere = {"WORKFLOW_DB_HOST": "127.0.0.1:1", "WORKFLOW_DB_PASSWORD": "hidden-one", "ENGINE_PROCESSES": "2"}
    done = subprocess.run(
        [sys.executable, "-m", "engine", "serve"],
        env=environment(tmp_path, **nowhere),
        capture_output=True,
        text=True,
        timeout=LONGEST_SECONDS,
        check=False,
    )
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert line.startswith("engine: PostgreSQL at 127.0.0.1:1 is unavailable: ")
