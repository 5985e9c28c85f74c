"""`make test` runs every step, and says which failed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest

from tools import test as command
from tools.test import Outcome, main


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """The modules that fail; none is run."""
    modules: set[str] = set()

    def run(words: Sequence[str], _environment: Mapping[str, str], output: int | None = None) -> Outcome:
        said = "" if output is None else f"{words[0]} was run\n"
        return Outcome(int(words[0] in modules), 1.0, said)

    monkeypatch.setattr(command, "_run", run)
    return modules


def test_all_passed(failing: set[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert not failing
    assert main(["-k", "some"]) == 0
    said = capsys.readouterr().out
    assert said.endswith("all passed; the tests' report is .test-results/junit.xml\n")
    assert "--no-loadscope-reorder -k some\n" in said
    assert "mypy was run\n" in said


@pytest.mark.parametrize(("module", "steps"), [("ruff", "lint, format"), ("mypy", "types"), ("pytest", "tests")])
def test_what_failed_is_said(failing: set[str], capsys: pytest.CaptureFixture[str], module: str, steps: str) -> None:
    failing.add(module)
    assert main([]) == 1
    said = capsys.readouterr().out
    assert said.endswith(f"FAILED: {steps}\n")
    assert "mypy was run\n" in said
