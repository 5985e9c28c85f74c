"""A task's life: containers in the order of their dependencies, one end for all, drained before SIGTERM."""

import time
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import msgspec

from sandbox.compute.container import Container, met, unmet
from sandbox.compute.definition import read
from sandbox.compute.environment import Machine, SecretError
from sandbox.compute.logs import LogError
from sandbox.compute.model import Task
from sandbox.compute.targets import TargetRegistration
from sandbox.images import ImageError

_UNCHECKED_SECONDS = 1.0
_STOPPING = ("DEACTIVATING", "STOPPING", "STOPPED")


class Place(NamedTuple):
    """Where a task runs: its machine, where its logs go, and the folder of pid files."""

    machine: Machine
    logs: Path
    pids: Path


class TaskRun:
    """Drives one task; `tick` is called every tenth of a second by the runner's thread."""

    def __init__(self, task: Task, account: str, place: Place, targets: TargetRegistration) -> None:
        self.task = task
        self.address = place.machine.address
        self.targets = targets
        self.running_since: float | None = None
        self._account = account
        self._place = place
        self._containers: list[Container] = []
        task.give_address(self.address)

    @property
    def wanted(self) -> bool:
        """Whether nobody has asked it to stop and it hasn't ended."""
        return bool(self.task.desired_status == "RUNNING")

    @property
    def stopped(self) -> bool:
        """Whether it is over."""
        return self.task.last_status == "STOPPED"

    @property
    def healthy(self) -> bool:
        """Running, its containers' checks pass, and so do its load balancers'.

        One that nothing checks is taken for healthy when it has run for a second: a crash loop isn't.
        """
        if self.running_since is None or self.task.last_status != "RUNNING" or not self.wanted:
            return False
        checked = [one for one in self._containers if one.definition.health_check is not None and not one.exited]
        if not checked and not self.targets.targets:
            return time.monotonic() - self.running_since >= _UNCHECKED_SECONDS
        return all(one.state.health_status == "HEALTHY" for one in checked) and self.targets.healthy()

    def tick(self) -> None:
        """Take the next steps that are possible now."""
        for container in self._containers:
            container.tick()
        if self.wanted:
            self._go_on()
        if not self.wanted and not self.stopped:
            self._go_down()

    def _go_on(self) -> None:
        if self.task.last_status == "PROVISIONING":
            self._prepare()
        self._start_containers()
        self._watch_essential()
        self.task.health_status = self._health_status()
        if self.task.last_status == "PENDING" and self.wanted and self._all_started():
            self.task.last_status = "RUNNING"
            self.task.started_at = datetime.now(UTC)
            self.running_since = time.monotonic()
            self.targets.register()

    def _prepare(self) -> None:
        self.task.last_status = "PENDING"
        definition = self.task._backend.describe_task_definition(self.task.task_definition_arn)  # noqa: SLF001
        folder = self._place.logs / self.task.id
        folder.mkdir(parents=True, exist_ok=True)
        try:
            definitions = read(definition.container_definitions, self.task.overrides)
            states = {state.name: state for state in self.task.containers}
            for one in definitions:
                container = Container(one, states[one.name], folder, self._place.pids)
                container.prepare(self._place.machine, self._account, self.task.id)
                self._containers.append(container)
        except (ImageError, SecretError, LogError, msgspec.ValidationError) as error:
            self.task.request_stop("TaskFailedToStart", str(error))

    def _start_containers(self) -> None:
        by_name = {container.definition.name: container for container in self._containers}
        for container in self._containers:
            if container.started is not None or not self.wanted:
                continue
            needs = [(need, by_name[need.container_name]) for need in container.definition.depends_on]
            reasons = [reason for need, other in needs if (reason := unmet(need, other))]
            if reasons:
                name = container.definition.name
                self.task.request_stop("TaskFailedToStart", f"Task failed to start: {name} can't: {reasons[0]}.")
            elif all(met(need, other) for need, other in needs):
                self._start(container)

    def _start(self, container: Container) -> None:
        try:
            container.start()
        except OSError as error:
            container.state.reason = f"CannotStartContainerError: {error.strerror}: {error.filename}"
            self.task.request_stop("TaskFailedToStart", container.state.reason)

    def _watch_essential(self) -> None:
        for container in self._containers:
            if not container.definition.essential:
                continue
            if container.exited:
                self.task.request_stop("EssentialContainerExited", "Essential container in task exited")
            elif container.state.health_status == "UNHEALTHY":
                self.task.request_stop("ServiceSchedulerInitiated", "Task failed container health checks")

    def _all_started(self) -> bool:
        return bool(self._containers) and all(container.started is not None for container in self._containers)

    def _health_status(self) -> str:
        checked = {c.state.health_status for c in self._containers if c.definition.health_check and not c.exited}
        return next((status for status in ("UNHEALTHY", "UNKNOWN", "HEALTHY") if status in checked), "UNKNOWN")

    def _go_down(self) -> None:
        """Out of the load balancers, drained, SIGTERM, SIGKILL after the stop timeout, stopped."""
        if self.task.last_status not in _STOPPING:
            self.task.last_status = "DEACTIVATING"
            self.targets.deregister()
        if self.task.last_status == "DEACTIVATING" and (self._ended_by_itself() or self.targets.drained()):
            self.task.last_status = "STOPPING"
            for container in reversed(self._containers):
                container.stop()
        if self.task.last_status == "STOPPING" and not any(container.running for container in self._containers):
            self._ended()

    def _ended_by_itself(self) -> bool:
        return any(container.definition.essential and container.exited for container in self._containers)

    def _ended(self) -> None:
        for state in self.task.containers:
            state.last_status = "STOPPED"
        self.task.last_status = "STOPPED"
        self.task.stopped_at = datetime.now(UTC)
        self.task.release_network_interface()
