"""One container of a task, as one child process."""

import time
from pathlib import Path
from signal import SIGTERM
from typing import NamedTuple

from sandbox.compute.definition import ContainerDefinition, Dependency
from sandbox.compute.environment import Machine, build
from sandbox.compute.health import ContainerHealth, starter
from sandbox.compute.logs import LogShipper, LogStream
from sandbox.compute.model import ContainerState
from sandbox.compute.registry import resolve
from sandbox.images import LocalImage
from sandbox.process import ChildProcess

_LONGEST_STOP = 120.0


class Prepared(NamedTuple):
    """What must be there before anything of a task starts."""

    image: LocalImage
    environment: dict[str, str]
    stream: LogStream | None


class Container:
    """A container definition, its process once started, and its state in the API."""

    def __init__(self, definition: ContainerDefinition, state: ContainerState, folder: Path, pids: Path) -> None:
        self.definition = definition
        self.state = state
        self.started: float | None = None
        self._folder = folder
        self._pids = pids
        self._prepared: Prepared | None = None
        self._process: ChildProcess | None = None
        self._health: ContainerHealth | None = None
        self._shipper = LogShipper(self.log_file, None)
        self._kill_at: float | None = None

    @property
    def log_file(self) -> Path:
        """Everything it writes to standard output and error."""
        return self._folder / f"{self.definition.name}.log"

    @property
    def exited(self) -> bool:
        """Whether it ran and ended."""
        return self.state.last_status == "STOPPED" and self.started is not None

    @property
    def running(self) -> bool:
        """Whether its process is there."""
        return self._process is not None and not self.exited

    def prepare(self, machine: Machine, account: str, task_id: str) -> None:
        """Find image, secrets and log group; raises ImageError, SecretError, LogError."""
        image = resolve(self.definition.image)
        stream = LogStream.open(account, self.definition.log_configuration, self.definition.name, task_id)
        self._prepared = Prepared(image, build(self.definition, image, machine), stream)
        self._shipper = LogShipper(self.log_file, stream)
        self.state.image_digest = image.digest

    def start(self) -> None:
        """Start its process; it must be prepared."""
        if self._prepared is None:
            raise RuntimeError(f"{self.definition.name} isn't prepared.")
        image, environment, _ = self._prepared
        directory = Path(self.definition.working_directory or image.working_directory)
        entrypoint = self.definition.entry_point or image.entrypoint
        self._process = ChildProcess(
            [*entrypoint, *(self.definition.command or [])],
            name=f"container {self.definition.name}",
            environment=environment,
            working_directory=directory,
            log=self.log_file,
            pid_directory=self._pids,
        )
        self.started = time.monotonic()
        self.state.last_status = "RUNNING"
        if self.definition.health_check is not None:
            log = self._folder / f"{self.definition.name}.health.log"
            run = starter(self.definition.name, environment, directory, log, self._pids)
            self._health = ContainerHealth(self.definition.health_check, run)

    def tick(self) -> None:
        """Notice its end, run its health check, ship its log, and kill it when its stop timeout has passed."""
        if self._process is None or self.exited:
            return
        code = self._process.poll()
        if code is not None:
            self._end(code)
        elif self._kill_at is not None and time.monotonic() >= self._kill_at:
            self._process.kill()
        elif self._health is not None:
            self._health.tick()
            self.state.health_status = self._health.status
        self._shipper.ship(final=code is not None)

    def stop(self) -> None:
        """SIGTERM now, SIGKILL after `stopTimeout` (tick sends it); one that never started is stopped at once."""
        if self._process is None:
            self.state.last_status = "STOPPED"
        elif self._kill_at is None and not self.exited:
            self._kill_at = time.monotonic() + min(self.definition.stop_timeout, _LONGEST_STOP)
            self._process.signal(SIGTERM)

    def _end(self, code: int) -> None:
        if self._process is not None:
            self._process.kill()  # what it left in its session
        if self._health is not None:
            self._health.stop()
        self.state.exit_code = code if code >= 0 else 128 - code
        self.state.last_status = "STOPPED"


def unmet(dependency: Dependency, container: Container) -> str | None:
    """Why a dependency can never be met any more, or None."""
    state, name = container.state, container.definition.name
    if dependency.condition == "SUCCESS" and container.exited and state.exit_code != 0:
        return f"container {name} exited with code {state.exit_code}, and SUCCESS is required of it"
    if dependency.condition == "HEALTHY" and (container.exited or state.health_status == "UNHEALTHY"):
        return f"container {name} is {'STOPPED' if container.exited else 'UNHEALTHY'}, and HEALTHY is required of it"
    waited = time.monotonic() - container.started if container.started is not None else 0.0
    if (
        dependency.condition != "START"
        and waited > container.definition.start_timeout
        and not met(dependency, container)
    ):
        return f"container {name} didn't reach {dependency.condition} in {container.definition.start_timeout:g} s"
    return None


def met(dependency: Dependency, container: Container) -> bool:
    """Whether a dependency is met (API page ContainerDependency)."""
    match dependency.condition:
        case "START":
            return container.started is not None
        case "COMPLETE":
            return container.exited
        case "SUCCESS":
            return container.exited and container.state.exit_code == 0
        case "HEALTHY":
            return container.running and container.state.health_status == "HEALTHY"
