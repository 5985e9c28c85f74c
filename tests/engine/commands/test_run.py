import json
from pathlib import Path

from tests.engine.commands.processes import EXAMPLE, Command, finished

ORDERS = str(EXAMPLE / "order-processing.asl.json")
FAILING = "StartAt: S\nStates:\n  S: {Type: Fail, Error: Broken, Cause: on purpose}\n"


def test_a_definition_runs_with_the_handlers_beside_it(tmp_path: Path) -> None:
    done = finished(tmp_path, "run", ORDERS, "--input", str(EXAMPLE / "input.json"))
    assert done.returncode == 0, done.stderr
    assert "ReserveStock  entered (Task)" in done.stdout
    assert json.loads(done.stdout.partition("Output\n")[2])["status"] == "COMPLETED"


def test_input_may_stand_on_the_command_line(tmp_path: Path) -> None:
    file = tmp_path / "echo.asl.yaml"
    file.write_text("StartAt: S\nStates:\n  S: {Type: Succeed}\n")
    given = finished(tmp_path, "run", str(file), "--input", '{"n": 1}')
    assert json.loads(given.stdout.partition("Output\n")[2]) == {"n": 1}
    without = finished(tmp_path, "run", str(file))
    assert json.loads(without.stdout.partition("Output\n")[2]) == {}


def test_a_failure_is_said_and_is_the_exit_code(tmp_path: Path) -> None:
    file = tmp_path / "failing.asl.yaml"
    file.write_text(FAILING)
    done = finished(tmp_path, "run", str(file))
    assert done.returncode == 1
    assert "Error Broken: on purpose" in done.stdout


def test_what_cannot_run_is_said_first(tmp_path: Path, run: Command) -> None:
    absent = run("run", str(tmp_path / "absent.asl.json"))
    assert (absent.returncode, absent.stdout) == (1, "")
    assert absent.stderr.endswith("absent.asl.json: can't be read: No such file or directory\n")
    nowhere = run("run", ORDERS, "--handlers", str(tmp_path / "nowhere"))
    assert nowhere.stderr.endswith("nowhere is not a folder\n")
    calls = run("run", ORDERS, "--handlers", str(tmp_path))
    assert "handler:reserve-stock, which no component defines" in calls.stderr
    wrong = run("run", ORDERS, "--input", "{")
    assert wrong.stderr.startswith("engine: --input '{' is neither JSON nor a file that holds it: ")
