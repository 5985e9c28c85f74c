"""A scheduler of ECS services that runs nothing: all tasks are there at once, and gone with their service."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from moto.backends import get_backend

from sandbox.compute import moto_ecr, moto_ecs
from sandbox.compute.model import Service

INTERVAL = 0.1


@contextmanager
def running() -> Iterator[None]:
    """Every service of the account is steady soon after it was asked for."""
    moto_ecs.apply()
    moto_ecr.apply()
    ending = threading.Event()
    thread = threading.Thread(target=_loop, args=(ending,), daemon=True)
    thread.start()
    try:
        yield
    finally:
        ending.set()
        thread.join()


def _loop(ending: threading.Event) -> None:
    while not ending.wait(INTERVAL):
        for service in _services():
            service.running_count = service.primary.running_count = service.desired_count
            if service.primary.rollout_state != "COMPLETED":
                service.primary.complete()
            if service.status == "DRAINING":  # who deletes it waits for its last task, and there is none
                service.status = "INACTIVE"


def _services() -> list[Service]:
    backends = [backend for regions in list(get_backend("ecs").values()) for backend in list(regions.values())]
    services = [service for backend in backends for service in list(backend.services.values())]
    return [service for service in services if isinstance(service, Service) and service.deployments]
