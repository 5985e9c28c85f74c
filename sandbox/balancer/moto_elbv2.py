"""What moto 5.2.5 lacks of ELBv2: targets that are checked and drained, and listeners that really listen.

moto calls every registered target healthy and forgets a deregistered one at once. Here a target group keeps what the
balancer last saw, and a deregistered target is draining until the balancer says that it is done.
"""

import time
from collections.abc import Callable
from functools import wraps
from typing import NamedTuple

from moto.ec2.models import EC2Backend
from moto.elbv2 import models
from moto.elbv2.exceptions import InvalidConfigurationRequest

from sandbox.addresses import is_loopback, why_not_bindable

_BIND_PATIENCE = 1.5


class Health(NamedTuple):
    """A target's state, reason and description (API page TargetHealth)."""

    state: str
    reason: str | None = None
    description: str | None = None


INITIAL = Health("initial", "Elb.RegistrationInProgress", "Target registration is in progress")
CHECKING = Health("initial", "Elb.InitialHealthChecking", "Initial health checks in progress")
HEALTHY = Health("healthy")
DRAINING = Health("draining", "Target.DeregistrationInProgress", "Target deregistration is in progress")
NOT_IN_USE = Health(
    "unused", "Target.NotInUse", "Target group is not configured to receive traffic from the load balancer"
)
NOT_REGISTERED = Health("unused", "Target.NotRegistered", "Target is not registered to the target group")


class TargetGroup(models.FakeTargetGroup):
    """A target group with the health that the balancer has found; targets are keyed by id, their address."""

    def __init__(self, *arguments: object, **options: object) -> None:
        super().__init__(*arguments, **options)  # type: ignore[arg-type]  # whatever moto's own takes
        self.health: dict[str, Health] = {}

    def register(self, targets: list[dict[str, object]]) -> None:
        """RegisterTargets: they get requests after their first successful check."""
        super().register(targets)
        for target in targets:
            if self.health.get(str(target["Id"]), DRAINING) == DRAINING:
                self.health[str(target["Id"])] = INITIAL

    def deregister(self, targets: list[dict[str, object]]) -> None:
        """DeregisterTargets: no new requests, while those in flight may finish."""
        super().deregister(targets)
        for target in targets:
            self.health[str(target["Id"])] = DRAINING

    def finish_draining(self, target_id: str) -> None:
        """Forget a target that is drained, unless it was registered again."""
        if self.deregistered_targets.pop(target_id, None) is not None:
            self.health.pop(target_id, None)

    def health_for(self, target: dict[str, object], ec2_backend: EC2Backend) -> models.FakeHealthStatus:  # noqa: ARG002
        """DescribeTargetHealth of one target."""
        identity = str(target["Id"])
        known = self.targets.get(identity) or self.deregistered_targets.get(identity) or {}
        state, reason, description = self.health.get(identity, NOT_REGISTERED)
        port = str(known.get("Port") or target.get("Port") or self.port)
        return models.FakeHealthStatus(identity, port, self.health_check_port, state, reason, description)


def apply() -> None:
    """Mend moto; a second call changes nothing."""
    if models.FakeTargetGroup is TargetGroup:
        return
    backend = models.ELBv2Backend
    replacements = {
        "describe_target_health": _with_draining(backend.describe_target_health),
        "create_listener": _bindable(backend.create_listener),
    }
    setattr(models, "FakeTargetGroup", TargetGroup)  # noqa: B010  # mypy refuses to assign to a class
    for name, replacement in replacements.items():
        setattr(backend, name, replacement)


def _with_draining(describe: Callable[..., list[models.FakeHealthStatus]]) -> Callable[..., object]:
    """DescribeTargetHealth names draining targets, too."""

    @wraps(describe)
    def described(
        self: models.ELBv2Backend, target_group_arn: str, targets: list[dict[str, object]]
    ) -> list[models.FakeHealthStatus]:
        group = self.target_groups.get(target_group_arn)
        if group is not None and not targets:
            targets = [*group.targets.values(), *group.deregistered_targets.values()]
            if not targets:
                return []
        return describe(self, target_group_arn, targets)

    return described


def _bindable(create: Callable[..., models.FakeListener]) -> Callable[..., models.FakeListener]:
    """CreateListener fails where the address and port are taken, with what to do."""

    @wraps(create)
    def create_listener(
        self: models.ELBv2Backend, load_balancer_arn: str, protocol: str, port: str, *rest: object, **more: object
    ) -> models.FakeListener:
        balancer = self.load_balancers.get(load_balancer_arn)
        if balancer is not None and is_loopback(balancer.dns_name):
            _refuse_taken(balancer.dns_name, int(port))
        return create(self, load_balancer_arn, protocol, port, *rest, **more)

    return create_listener


def _refuse_taken(address: str, port: int) -> None:
    deadline = time.monotonic() + _BIND_PATIENCE  # for a listener of our own that was deleted just now
    while (error := why_not_bindable(address, port)) and time.monotonic() < deadline:
        time.sleep(0.05)
    if error:
        raise InvalidConfigurationRequest(f"{address}:{port} {error}.")
