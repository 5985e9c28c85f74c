"""`make test`: linters, type checks, every test; a line for each and one result at the end."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

from tools import pulumi_cli
from tools.progress import SetupError, say

ROOT = Path(__file__).resolve().parent.parent
MOST_PROCESSES = 4
RESULTS = ".test-results/junit.xml"


def main(arguments: list[str]) -> int:
    """Run all steps, also after one failed; `arguments` go to pytest. 0 when all passed.

    The types are checked while the tests run, and what mypy said is shown after them.
    """
    try:
        environment = pulumi_cli.environment(ROOT)
    except SetupError as error:
        sys.stderr.write(f"test: {error}\n")
        return 1
    steps = {
        "lint": ["ruff", "check", "."],
        "format": ["ruff", "format", "--check", "--quiet", "."],
        "types": ["mypy"],
        "tests": ["pytest", f"--junitxml={RESULTS}", *_shared_out(), *arguments],
    }
    passed = {}
    with ThreadPoolExecutor(1) as beside:
        types = beside.submit(_run, steps["types"], environment, subprocess.PIPE)
        for name in ("lint", "format", "tests"):
            say(f"{name}: {' '.join(steps[name])}")
            passed[name] = _tell(name, _run(steps[name], environment))
        passed["types"] = _tell("types", types.result())
    failed = [name for name in steps if not passed[name]]
    say(f"FAILED: {', '.join(failed)}" if failed else f"all passed; the tests' report is {RESULTS}")
    return 1 if failed else 0


class Outcome(NamedTuple):
    """How a step ended: its exit code, how long it took, and what it said if that was not shown at once."""

    code: int
    seconds: float
    said: str


def _run(command: Sequence[str], environment: Mapping[str, str], output: int | None = None) -> Outcome:
    """Run a module of Python's to its end."""
    started = time.monotonic()
    done = subprocess.run(  # noqa: S603 - our own commands
        [sys.executable, "-m", *command],
        cwd=ROOT,
        env=environment,
        stdout=output,
        stderr=output,
        text=True,
        check=False,
    )
    return Outcome(done.returncode, time.monotonic() - started, (done.stdout or "") + (done.stderr or ""))


def _tell(name: str, outcome: Outcome) -> bool:
    """Show how a step ended, and give whether it passed."""
    sys.stdout.write(outcome.said)
    say(f"{name} {'passed' if outcome.code == 0 else f'FAILED ({outcome.code})'} in {outcome.seconds:.1f} s")
    return outcome.code == 0


def _shared_out() -> list[str]:
    """Options that run the tests in several processes, one more than cores, as many tests wait for most of their time.

    tests/conftest.py says which stay together.
    """
    processes = min((os.cpu_count() or 1) + 1, MOST_PROCESSES)
    return ["--numprocesses", str(processes), "--no-loadscope-reorder"]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
