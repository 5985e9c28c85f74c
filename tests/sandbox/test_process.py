import os
import signal
import subprocess
import sys
import textwrap
import threading
from pathlib import Path
from signal import SIGTERM

import msgspec

from sandbox.process import ChildProcess, ProcessIdentity, sweep
from tests.sandbox.stack import wait_for


def _child(tmp_path: Path, code: str, *, pids: Path | None = None) -> ChildProcess:
    return ChildProcess(
        [sys.executable, "-c", textwrap.dedent(code)],
        name="child",
        environment={"GREETING": "hello"},
        working_directory=tmp_path,
        log=tmp_path / "log",
        pid_directory=pids,
    )


def _alive(pid: int) -> bool:
    return ProcessIdentity.of(pid, "").alive()


def test_output_environment_and_exit_code(tmp_path: Path) -> None:
    child = _child(tmp_path, "import os, sys; print(os.environ['GREETING'], os.getcwd()); sys.exit(3)")
    assert child.wait(60) == 3
    assert (tmp_path / "log").read_text().split() == ["hello", str(tmp_path)]


def test_a_program_that_is_not_there_ends_with_a_sentence(tmp_path: Path) -> None:
    child = ChildProcess(
        ["no-such-program"], name="x", environment={}, working_directory=tmp_path, log=tmp_path / "log"
    )
    assert child.wait(60) == 1
    assert "no-such-program can't be started" in (tmp_path / "log").read_text()


def test_standard_input_is_given(tmp_path: Path) -> None:
    child = ChildProcess(
        ["/bin/cat"],
        name="cat",
        environment={},
        working_directory=tmp_path,
        log=tmp_path / "log",
        standard_input=b"what is said",
    )
    assert child.wait(60) == 0
    assert (tmp_path / "log").read_bytes() == b"what is said"


def test_stop_kills_what_ignores_sigterm(tmp_path: Path) -> None:
    child = _child(
        tmp_path, "import signal, time; signal.signal(15, signal.SIG_IGN); print('ready', flush=True); time.sleep(60)"
    )
    wait_for(lambda: (tmp_path / "log").read_text() == "ready\n")
    assert child.stop(SIGTERM, 0.1) == -9


def test_kill_takes_grandchildren_along(tmp_path: Path) -> None:
    child = _child(
        tmp_path,
        """
        import subprocess, time
        print(subprocess.Popen(["sleep", "60"]).pid, flush=True)
        time.sleep(60)
        """,
    )
    wait_for(lambda: (tmp_path / "log").read_text().strip())
    grandchild = int((tmp_path / "log").read_text())
    child.kill()
    child.wait(60)
    wait_for(lambda: not _alive(grandchild))


def test_a_child_outlives_the_thread_that_asked_for_it(tmp_path: Path) -> None:
    made: list[ChildProcess] = []
    thread = threading.Thread(target=lambda: made.append(_child(tmp_path, "import time; time.sleep(60)")))
    thread.start()
    thread.join()
    assert made[0].wait(0.3) is None
    assert made[0].stop(SIGTERM, 60) == -SIGTERM


PARENT = """
import time
from pathlib import Path
from sandbox.process import ChildProcess
print(ChildProcess(["sleep", "60"], name="s", environment={}, working_directory=Path("/")).pid, flush=True)
time.sleep(60)
"""


def test_children_die_when_their_parent_is_killed() -> None:
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT],
        stdout=subprocess.PIPE,
        cwd=Path(__file__).parents[2],
    )
    assert parent.stdout is not None
    with parent.stdout:
        child = int(parent.stdout.readline())
    assert _alive(child)
    parent.kill()
    parent.wait()
    wait_for(lambda: not _alive(child))


def test_pid_file_lives_as_long_as_the_process(tmp_path: Path) -> None:
    child = _child(tmp_path, "input()", pids=tmp_path / "run")
    assert child.wait(60) == 1
    assert list((tmp_path / "run").iterdir()) == []


def test_sweep_ends_what_was_left(tmp_path: Path) -> None:
    child = _child(tmp_path, "import time; time.sleep(60)", pids=tmp_path / "run")
    assert sweep(tmp_path / "run") == ["child"]
    assert child.poll() is not None
    assert sweep(tmp_path / "run") == []


def test_sweep_spares_an_unrelated_process_with_the_same_pid(tmp_path: Path) -> None:
    other = subprocess.Popen(["sleep", "60"])
    stale = ProcessIdentity(other.pid, "another boot:123", "long gone")
    (tmp_path / f"{other.pid}.pid").write_bytes(msgspec.json.encode(stale))
    assert sweep(tmp_path) == []
    assert other.poll() is None
    other.kill()
    other.wait()


def test_a_zombie_is_not_alive() -> None:
    child = subprocess.Popen(["sleep", "60"])
    identity = ProcessIdentity.of(child.pid, "")
    assert identity.alive()
    os.kill(child.pid, signal.SIGKILL)
    wait_for(lambda: not identity.alive())
    child.wait()
