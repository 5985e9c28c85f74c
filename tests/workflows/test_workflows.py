"""The pipeline's files: what the linters say, that no key is stored, and that every command in them is one."""

from __future__ import annotations

import re
import shlex
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from operations import cli
from operations.pipeline_roles import SESSION_SECONDS
from tools import workflow_linters

ROOT = Path(__file__).resolve().parents[2]
FILES = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
ACTION = ROOT / ".github" / "actions" / "set-up" / "action.yml"
RELEASED = re.compile(r"v\d+(\.\d+)*|[0-9a-f]{40}")


def jobs(file: Path) -> Mapping[str, Mapping[str, Any]]:
    content: dict[str, dict[str, dict[str, Any]]] = yaml.safe_load(file.read_text())
    return content["jobs"]


def steps() -> Iterator[tuple[str, Mapping[str, Any]]]:
    for file in FILES:
        for name, job in jobs(file).items():
            yield from ((f"{file.stem} {name}", step) for step in job.get("steps", []))
    for step in yaml.safe_load(ACTION.read_text())["runs"]["steps"]:
        yield "set-up", step


def commands() -> Iterator[list[str]]:
    """The words of every command of ours that a job runs."""
    for _, step in steps():
        for found in re.findall(r"-m operations ([^\n>|]+)", step.get("run", "")):
            yield shlex.split(found.replace('"$STACK"', "dev"))


def test_actionlint_has_nothing_to_say() -> None:
    assert workflow_linters.actionlint(ROOT) == []


def test_zizmor_has_nothing_to_say() -> None:
    assert workflow_linters.zizmor(ROOT) == []


def test_the_oldest_python_and_the_images_are_tested() -> None:
    oldest = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["requires-python"].removeprefix(">=")
    [images] = re.findall(r"ARG PYTHON_IMAGE=python:(\d+\.\d+)", (ROOT / "engine" / "Dockerfile").read_text())
    tested = jobs(ROOT / ".github" / "workflows" / "test.yml")["test"]["strategy"]["matrix"]["python"]

    assert {oldest, images} <= set(tested)
    assert yaml.safe_load(ACTION.read_text())["inputs"]["python-version"]["default"] == images


@pytest.mark.parametrize(
    ("linter", "text"),
    [
        (workflow_linters.actionlint, "on: push\njobs:\n  a:\n    runs-on: ubuntu-24.04\n    step: []\n"),
        (
            workflow_linters.zizmor,
            "on: pull_request_target\njobs: {a: {runs-on: x, steps: [{run: 'echo ${{github.head_ref}}'}]}}\n",
        ),
    ],
)
def test_a_linter_finds_what_is_wrong(linter: Any, text: str, tmp_path: Path) -> None:  # noqa: ANN401 one of two functions
    (tmp_path / ".github" / "workflows").mkdir(parents=True)
    (tmp_path / ".github" / "workflows" / "wrong.yml").write_text(text)
    (tmp_path / ".git").mkdir()
    (tmp_path / ".tools").symlink_to(ROOT / ".tools")
    (tmp_path / "tools").symlink_to(ROOT / "tools")

    assert linter(tmp_path)


def test_there_are_previews_deployments_and_looks_at_night() -> None:
    on = {file.stem: yaml.safe_load(file.read_text().replace("\non:", "\nwhen:"))["when"] for file in FILES}

    assert on["preview"] == {"pull_request": None}
    assert on["deploy"] == {"push": {"branches": ["main"]}}
    assert on["drift"]["schedule"]
    assert list(jobs(ROOT / ".github/workflows/deploy.yml")) == ["test", "dev", "staging", "production"]


@pytest.mark.parametrize("name", ["dev", "staging", "production"])
def test_a_stack_is_deployed_in_its_own_environment_after_the_one_before(name: str) -> None:
    job = jobs(ROOT / ".github/workflows/deploy.yml")[name]
    before = {"dev": "test", "staging": "dev", "production": "staging"}[name]

    assert (job["environment"], job["needs"]) == (name, before)
    assert job["permissions"] == {"contents": "read", "id-token": "write"}


def test_no_key_is_stored_and_no_session_outlasts_its_role() -> None:
    for file in [*FILES, ACTION]:
        assert "secrets." not in file.read_text()
        assert "aws-access-key" not in file.read_text()
    durations = [
        step["with"].get("role-duration-seconds", 3600) for _, step in steps() if "role-to-assume" in str(step)
    ]
    assert durations
    assert max(durations) <= SESSION_SECONDS


def test_actions_are_at_released_versions() -> None:
    used = [(where, step["uses"]) for where, step in steps() if "uses" in step]

    assert used
    for where, uses in used:
        assert uses.startswith("./") or RELEASED.fullmatch(uses.partition("@")[2]), (where, uses)


def test_every_command_is_one_of_ours() -> None:
    found = list(commands())

    assert {words[0] for words in found} == {"preview", "up", "image", "release", "promote", "drift"}
    for words in found:
        cli._parser().parse_args(words)


def test_the_job_that_writes_comments_runs_nothing_of_the_pull_requests() -> None:
    comment = jobs(ROOT / ".github/workflows/preview.yml")["comment"]

    assert comment["permissions"] == {"pull-requests": "write"}
    assert not any("checkout" in step.get("uses", "") for step in comment["steps"])
