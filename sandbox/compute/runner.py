"""The thread that makes ECS true: every tenth of a second it compares what is asked for with what runs."""

import itertools
import logging
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from moto.backends import get_backend

from sandbox.compute import moto_ecr, moto_ecs
from sandbox.compute.environment import Machine
from sandbox.compute.model import Backend, Service, Task, forget_old_tasks
from sandbox.compute.service import ServiceScheduler
from sandbox.compute.targets import TargetRegistration
from sandbox.compute.task import Place, TaskRun

INTERVAL = 0.1
_LAST_HOST = 254
_LONGEST_STOP = 125.0
logger = logging.getLogger(__name__)


class Runner:
    """Runs all ECS tasks of the account, each on its own address below `network`.1.

    `directory` gets logs/ and run/; `endpoint_url` answers with the AWS API's address for the tasks' environment.
    """

    def __init__(self, directory: Path, *, network: str, endpoint_url: Callable[[], str]) -> None:
        moto_ecs.apply()
        moto_ecr.apply()
        self._directory = directory
        self._network = network
        self._endpoint_url = endpoint_url
        self._hosts = itertools.cycle(range(1, _LAST_HOST + 1))
        self._runs: dict[str, TaskRun] = {}
        self._schedulers: dict[str, ServiceScheduler] = {}
        self._errors: dict[str, str] = {}
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._loop, name="sandbox-runner", daemon=True)

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    def stop(self) -> None:
        """Stop every task, SIGTERM first, and return when all have ended."""
        self._ending.set()
        if self._thread.is_alive():
            self._thread.join()
        for run in self._runs.values():
            run.task.request_stop("ServiceSchedulerInitiated", "The sandbox is stopping")
            run.targets.deregister()
        deadline = time.monotonic() + _LONGEST_STOP
        while time.monotonic() < deadline and not all(run.stopped for run in self._runs.values()):
            for run in self._runs.values():
                run.tick()
            time.sleep(INTERVAL / 5)

    def tasks(self) -> list[TaskRun]:
        """Every task that runs or has just stopped."""
        return list(self._runs.values())

    def _loop(self) -> None:
        while not self._ending.wait(INTERVAL):
            for account, region, backend in _backends():
                self._tick(account, region, backend)

    def _tick(self, account: str, region: str, backend: Backend) -> None:
        for arn, run in list(self._runs.items()):
            if run.task.region_name == region:
                self._attempt(arn, run.tick)
        for service in list(backend.services.values()):
            if isinstance(service, Service) and service.status != "INACTIVE" and service.deployments:
                self._attempt(service.arn, partial(self._scheduler(service).tick, self._runs))
        for task in [task for tasks in list(backend.tasks.values()) for task in list(tasks.values())]:
            if isinstance(task, Task) and task.task_arn not in self._runs and task.last_status == "PROVISIONING":
                self._runs[task.task_arn] = self._run(account, region, backend, task)
        self._forget(backend)
        _count_clusters(backend)

    def _attempt(self, arn: str, step: Callable[[], object]) -> None:
        """Take a step of one task or service; what fails there doesn't stop the others, and is logged once."""
        try:
            step()
        except Exception as error:
            if self._errors.get(arn) != repr(error):
                logger.exception("The runner failed with %s and goes on.", arn)
            self._errors[arn] = repr(error)

    def _scheduler(self, service: Service) -> ServiceScheduler:
        known = self._schedulers.get(service.arn)
        if known is None or known.service is not service:
            known = self._schedulers[service.arn] = ServiceScheduler(service)
        return known

    def _run(self, account: str, region: str, backend: Backend, task: Task) -> TaskRun:
        machine = Machine(self._endpoint_url(), region, self._free_address())
        service = backend.services.get(f"{task.cluster_name}:{task.group.removeprefix('service:')}")
        load_balancers = service.load_balancers if service is not None and task.group.startswith("service:") else []
        logs = self._directory / "logs" / task.group.partition(":")[2]
        targets = TargetRegistration(account, region, machine.address, load_balancers)
        return TaskRun(task, account, Place(machine, logs, self._directory / "run"), targets)

    def _free_address(self) -> str:
        taken = {run.address for run in self._runs.values() if not run.stopped}
        addresses = (f"{self._network}.1.{next(self._hosts)}" for _ in range(_LAST_HOST))
        return next(address for address in addresses if address not in taken)

    def _forget(self, backend: Backend) -> None:
        forget_old_tasks(backend)
        known = {arn for tasks in backend.tasks.values() for arn in tasks}
        for arn, run in list(self._runs.items()):
            if run.stopped and (arn not in known or len(self._runs) > _LAST_HOST):
                del self._runs[arn]


def _backends() -> Iterator[tuple[str, str, Backend]]:
    for account, regions in list(get_backend("ecs").items()):
        for region, backend in list(regions.items()):
            yield account, region, backend


def _count_clusters(backend: Backend) -> None:
    for cluster in list(backend.clusters.values()):
        services = [service for service in backend.services.values() if service.cluster_name == cluster.name]
        statuses = [task.last_status for task in list(backend.tasks.get(cluster.name, {}).values())]
        cluster.active_services_count = sum(service.status == "ACTIVE" for service in services)
        cluster.running_tasks_count = statuses.count("RUNNING")
        cluster.pending_tasks_count = statuses.count("PROVISIONING") + statuses.count("PENDING")
