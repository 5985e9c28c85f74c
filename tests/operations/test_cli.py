"""What every command has: its options, its result as text or JSON, its exit code."""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from operations import cli
from operations.commands import COMMANDS
from operations.commands.command import Command
from operations.errors import FAILURES, INTERRUPTED, DriftError, OperationError, RefusedError
from operations.results import Result
from tools.progress import SetupError, say

PAGE = Path(__file__).resolve().parents[2] / "docs" / "operations.md"


@pytest.fixture
def chosen(monkeypatch: pytest.MonkeyPatch) -> list[BaseException | Result]:
    """A command `it`, which ends as the list's one item says after it has said something."""
    ends: list[BaseException | Result] = []

    def run(_root: Path, _arguments: argparse.Namespace) -> Result:
        say("at work")
        subprocess.run([sys.executable, "-c", "print('a program at work')"], check=True)
        [end] = ends
        if isinstance(end, BaseException):
            raise end
        return end

    monkeypatch.setattr(cli, "COMMANDS", (Command("it", "does it", run),))
    return ends


def test_people_get_the_text_after_the_progress(
    chosen: list[BaseException | Result], capfd: pytest.CaptureFixture[str]
) -> None:
    chosen.append(Result({"done": True}, "it is done\n"))

    assert cli.main(["it"]) == 0

    said = capfd.readouterr()
    assert said.out.endswith("a program at work\nit is done\n")
    assert said.err == ""


def test_json_alone_is_on_standard_output(
    chosen: list[BaseException | Result], capfd: pytest.CaptureFixture[str]
) -> None:
    chosen.append(Result({"done": True}, "it is done\n"))

    assert cli.main(["it", "--json"]) == 0

    said = capfd.readouterr()
    assert json.loads(said.out) == {"done": True}
    assert "at work" in said.err
    assert "a program at work" in said.err


@pytest.mark.parametrize("failure", FAILURES)
def test_a_failure_has_its_code_and_is_in_the_json(
    chosen: list[BaseException | Result], capfd: pytest.CaptureFixture[str], failure: type[OperationError]
) -> None:
    chosen.append(failure("It can't be."))

    assert cli.main(["it", "--json"]) == failure.exit_code

    said = capfd.readouterr()
    assert json.loads(said.out) == {"error": "It can't be.", "exitCode": failure.exit_code}
    assert said.err.endswith("it: It can't be.\n")


def test_a_difference_that_was_looked_for_is_result_and_failure(
    chosen: list[BaseException | Result], capfd: pytest.CaptureFixture[str]
) -> None:
    chosen.append(Result({"drifted": True}, failure=DriftError("It differs.")))

    assert cli.main(["it", "--json"]) == DriftError.exit_code

    assert json.loads(capfd.readouterr().out) == {"drifted": True}


def test_ctrl_c_and_the_set_up_have_codes(
    chosen: list[BaseException | Result], capfd: pytest.CaptureFixture[str]
) -> None:
    chosen.append(KeyboardInterrupt())
    assert cli.main(["it"]) == INTERRUPTED
    capfd.readouterr()
    assert cli.main(["it", "--json"]) == INTERRUPTED
    assert json.loads(capfd.readouterr().out)["exitCode"] == INTERRUPTED
    chosen[:] = [SetupError("There is no Pulumi CLI.")]
    assert cli.main(["it"]) == OperationError.exit_code
    assert "it: There is no Pulumi CLI." in capfd.readouterr().err


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_every_command_explains_itself_and_takes_json(command: Command, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main([command.name, "--help"])

    said = capsys.readouterr().out
    assert ended.value.code == 0
    assert "--json" in said
    assert ("--stack" in said) is not command.picks_stack


def test_a_wrong_command_line_is_another_code(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(["release", "--stack", "dev"])

    assert ended.value.code == 2
    assert "--tag" in capsys.readouterr().err


@pytest.mark.parametrize("words", [["release", "--stack", "dev", "--json"], ["nothing", "--json"]])
def test_a_wrong_command_line_is_in_the_json(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(words)

    said = capsys.readouterr()
    assert ended.value.code == 2
    assert json.loads(said.out)["exitCode"] == 2
    assert json.loads(said.out)["error"] in said.err


def test_a_stack_without_a_file_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(cli, "ROOT", tmp_path)

    assert cli.main(["bootstrap", "--stack", "nowhere"]) == RefusedError.exit_code


def test_the_page_has_every_command_and_every_exit_code() -> None:
    text = PAGE.read_text()
    codes = {0: None, 2: None, INTERRUPTED: None} | {failure.exit_code: failure.meaning for failure in FAILURES}

    assert set(re.findall(r"^### `([a-z]+)`", text, re.MULTILINE)) == {command.name for command in COMMANDS}
    for code, meaning in codes.items():
        assert re.search(rf"^\| {code} \| .*{re.escape(meaning or '')}", text, re.MULTILINE), (code, meaning)
