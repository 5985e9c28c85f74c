"""The thread and loop behind all load balancers: follows the account's listeners and target groups."""

import asyncio
import logging
import threading
from collections.abc import Iterator

import uvloop
from moto.backends import get_backend
from moto.elbv2 import models

from sandbox.addresses import is_loopback
from sandbox.balancer import moto_elbv2
from sandbox.balancer.listener import ActiveListener, Address
from sandbox.balancer.moto_elbv2 import TargetGroup
from sandbox.balancer.targets import ActiveTargetGroup

INTERVAL = 0.1
_DEFAULT_IDLE_SECONDS = 60.0
logger = logging.getLogger(__name__)


class Balancer:
    """Serves every application load balancer whose DNS name is one of the sandbox's loopback addresses."""

    def __init__(self) -> None:
        moto_elbv2.apply()
        self.errors: dict[str, str] = {}
        self._groups: dict[str, ActiveTargetGroup] = {}
        self._listeners: dict[str, ActiveListener] = {}
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, name="sandbox-balancer", daemon=True)

    def start(self) -> None:
        """Begin to follow and serve."""
        self._thread.start()

    def stop(self) -> None:
        """Close every listener and connection."""
        self._ending.set()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(self._follow())

    async def _follow(self) -> None:
        while not self._ending.is_set():
            try:
                await self._sync()
            except Exception:
                logger.exception("The load balancer failed to follow the account and goes on.")
            await asyncio.sleep(INTERVAL)
        for listener in self._listeners.values():
            await listener.stop()
        for group in self._groups.values():
            await group.close()

    async def _sync(self) -> None:
        wanted: dict[str, tuple[models.FakeListener, Address]] = {}
        groups: dict[str, tuple[TargetGroup, float | None]] = {}
        for backend in _backends():
            wanted |= _listeners(backend)
            used = _used_groups(backend)
            for arn, group in list(backend.target_groups.items()):
                if isinstance(group, TargetGroup):
                    groups[arn] = (group, used.get(arn))
        await self._sync_groups(groups)
        await self._sync_listeners(wanted)

    async def _sync_groups(self, wanted: dict[str, tuple[TargetGroup, float | None]]) -> None:
        for arn in [arn for arn in self._groups if arn not in wanted]:
            await self._groups.pop(arn).close()
        for arn, (group, idle_timeout) in wanted.items():
            active = self._groups.get(arn)
            if active is None:
                active = self._groups[arn] = ActiveTargetGroup(group)
            await active.sync(idle_timeout)

    async def _sync_listeners(self, wanted: dict[str, tuple[models.FakeListener, Address]]) -> None:
        for arn, active in list(self._listeners.items()):
            if arn not in wanted or wanted[arn][1] != active.address:
                await active.stop()
                del self._listeners[arn]
        for arn, (listener, address) in wanted.items():
            if arn not in self._listeners:
                await self._listen(arn, ActiveListener(listener, address, self._groups))
        self.errors = {arn: error for arn, error in self.errors.items() if arn in wanted}

    async def _listen(self, arn: str, listener: ActiveListener) -> None:
        try:
            await listener.start()
        except OSError as error:
            said = f"{listener.address.host}:{listener.address.port}: {error.strerror}"
            if self.errors.get(arn) != said:
                logger.warning("A listener can't listen on %s.", said)
            self.errors[arn] = said
        else:
            self._listeners[arn] = listener
            self.errors.pop(arn, None)


def _backends() -> Iterator[models.ELBv2Backend]:
    for regions in list(get_backend("elbv2").values()):
        yield from list(regions.values())


def _listeners(backend: models.ELBv2Backend) -> dict[str, tuple[models.FakeListener, Address]]:
    found: dict[str, tuple[models.FakeListener, Address]] = {}
    for balancer in list(backend.load_balancers.values()):
        if is_loopback(balancer.dns_name):
            for arn, listener in list(balancer.listeners.items()):
                found[arn] = (listener, Address(balancer.dns_name, int(listener.port), _idle_timeout(balancer)))
    return found


def _used_groups(backend: models.ELBv2Backend) -> dict[str, float]:
    """ARNs of the target groups that a rule forwards to, with the idle timeout of their load balancer."""
    used: dict[str, float] = {}
    for balancer in list(backend.load_balancers.values()):
        for listener in list(balancer.listeners.values()):
            for rule in listener.rules.values():
                for action in rule.actions:
                    arns = backend._get_target_group_arns_from(action.data)  # noqa: SLF001
                    used |= dict.fromkeys(arns, _idle_timeout(balancer))
    return used


def _idle_timeout(balancer: models.FakeLoadBalancer) -> float:
    return float(balancer.attrs.get("idle_timeout.timeout_seconds") or _DEFAULT_IDLE_SECONDS)
