"""`engine serve` with several processes, as an operator runs it."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import requests
from prometheus_client.parser import text_string_to_metric_families

from tests.engine.commands.processes import COMPONENT, LONGEST_SECONDS, environment

LEASE_SECONDS = "2"
_WORKER = b"engine.commands.worker"


class Together:
    """A supervisor and its processes; what they say goes to a file."""

    def __init__(self, process: subprocess.Popen[bytes], output: Path, database: str) -> None:
        self.process = process
        self.database = database
        self._output = output
        self.api = self.management = ""

    def lines(self, message: str) -> list[dict[str, object]]:
        """What they have logged under this message."""
        said = [json.loads(line) for line in self._output.read_text().splitlines() if line.startswith("{")]
        return [line for line in said if line["message"] == message]

    def wait_for(self, message: str, count: int) -> list[dict[str, object]]:
        """Wait until it was logged so often, or the supervisor has ended."""
        eventually(lambda: len(self.lines(message)) >= count or self.process.poll() is not None, self._output.read_text)
        assert len(self.lines(message)) >= count, self._output.read_text()
        return self.lines(message)

    def pids(self) -> dict[int, int]:
        """Process ids of the processes by their numbers."""
        return {number: pid for pid, number in _children(self.process.pid)}

    def leftovers(self) -> list[Path]:
        """Folders of theirs that are still there."""
        return list(self._output.parent.glob("engine-*"))

    def start(self, name: str, seconds: float) -> None:
        """Start an execution that takes so long, by a connection of its own."""
        answer = requests.post(
            f"{self.api}/api/v1/workflow-instances",
            json={"workflowDefinitionId": "resting", "name": name, "input": {"seconds": seconds}},
            timeout=LONGEST_SECONDS,
        )
        assert answer.status_code == 201, answer.text

    def statuses(self) -> dict[str, str]:
        """What became of the executions, by name."""
        found = requests.get(f"{self.api}/api/v1/workflow-instances", timeout=LONGEST_SECONDS).json()["items"]
        return {each["id"].partition(":")[2]: each["status"] for each in found}

    def sums(self, metric: str) -> dict[str, float]:
        """A counter's value by process, whatever its other labels are."""
        text = requests.get(f"{self.management}/metrics", timeout=LONGEST_SECONDS).text
        (family,) = (each for each in text_string_to_metric_families(text) if each.name == metric)
        sums: dict[str, float] = {}
        for sample in family.samples:
            process = sample.labels["process"]
            sums[process] = sums.get(process, 0) + sample.value
        return sums


@contextmanager
def serving(folder: Path, database: str, **changes: str) -> Iterator[Together]:
    """Run two processes on a PostgreSQL; they serve when it is entered."""
    (folder / "engine.yaml").write_text("ENGINE_PROCESSES: 2\n")
    settings = {
        "AUTHENTICATION": "optional",
        "DATABASE_POOL_SIZE": "3",
        "DATABASE_SSL": "disable",
        "DATABASE_URL": database,
        "PROCESS_LEASE_SECONDS": LEASE_SECONDS,
        "WORKFLOW_COMPONENTS": str(COMPONENT),
        **changes,
    }
    output = folder / "output"
    with output.open("wb") as to:
        process = subprocess.Popen(
            [sys.executable, "-m", "engine", "serve", "-config", "engine.yaml"],
            cwd=folder,
            env=environment(folder, TMPDIR=str(folder), **settings),
            stdout=to,
            stderr=subprocess.STDOUT,
        )
    together = Together(process, output, database)
    children: list[int] = []
    try:
        addresses = together.wait_for("serving", 2)[0]["addresses"]
        assert isinstance(addresses, list)
        together.api, together.management = (f"http://{address}" for address in addresses)
        children = list(together.pids().values())
        yield together
    finally:
        for pid in {process.pid, *children, *together.pids().values()}:
            kill(pid)
        process.wait()


def kill(pid: int, number: signal.Signals = signal.SIGKILL) -> None:
    """Send a signal to one of them, if it is there."""
    if runs(pid):
        os.kill(pid, number)


def runs(pid: int) -> bool:
    """Whether it is one of theirs and still there."""
    try:
        return b"engine" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except FileNotFoundError:
        return False


def eventually(condition: Callable[[], bool], seen: Callable[[], object] = lambda: "") -> None:
    """Wait until it holds; fail with what was seen when it never does."""
    deadline = time.monotonic() + 2 * LONGEST_SECONDS
    while not condition():
        assert time.monotonic() < deadline, seen()
        time.sleep(0.02)


def _children(supervisor: int) -> Iterator[tuple[int, int]]:
    """Process ids, each with the number of its place."""
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
            words = (folder / "cmdline").read_bytes().split(b"\0")
        except (FileNotFoundError, ProcessLookupError):
            continue
        if parent == supervisor and _WORKER in words:
            yield int(folder.name), json.loads(words[-2])["number"]
