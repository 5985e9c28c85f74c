"""A program that the user watches, stopped in the middle."""

from __future__ import annotations

import os
import sys
import threading
from pathlib import Path

import pytest

from operations import visible_process
from operations.visible_process import run_visibly

PATIENT = """
import signal, sys, time
def finish(*_):
    print("recorded", flush=True)
    sys.exit(3)
signal.signal(signal.SIGINT, finish)
print("waiting", flush=True)
open(sys.argv[1], "w").close()
while True:
    time.sleep(0.01)
"""


def test_a_program_that_is_stopped_finishes_what_it_has_begun(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(visible_process, "LOOK_SECONDS", 0.01)
    started, stop = tmp_path / "started", threading.Event()

    def stop_it() -> None:
        while not started.exists():
            threading.Event().wait(0.01)
        stop.set()

    stopper = threading.Thread(target=stop_it)
    stopper.start()
    command = [sys.executable, "-c", PATIENT, str(started)]
    ended = run_visibly(command, tmp_path, os.environ, own_session=True, stop=stop)
    stopper.join()

    assert ended.code == 3
    assert capfd.readouterr().out.splitlines() == ["waiting", "recorded"]


def test_what_goes_wrong_is_shown_and_kept(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = [sys.executable, "-c", "import sys; sys.exit('no such stack')"]

    ended = run_visibly(command, tmp_path, os.environ, own_session=True, stop=None)

    assert (ended.code, ended.errors) == (1, "no such stack\n")
    assert capsys.readouterr().err == "no such stack\n"
