"""A task's places behind load balancers: registered, watched, drained. What the balancer sees is read from moto."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from moto.backends import get_backend


class TargetHealth(NamedTuple):
    """One target's state (ELBv2 API page TargetHealth)."""

    state: str
    reason: str | None
    description: str | None


class Target(NamedTuple):
    """A target group and a port of the task."""

    group_arn: str
    address: str
    port: int


class TargetRegistration:
    """All targets of one task."""

    def __init__(self, account: str, region: str, address: str, load_balancers: Sequence[Mapping[str, object]]) -> None:
        self._backend = get_backend("elbv2")[account][region]
        self.targets = [
            Target(str(entry["targetGroupArn"]), address, int(str(entry["containerPort"])))
            for entry in load_balancers
            if entry.get("targetGroupArn")
        ]
        self.registered = False

    def register(self) -> None:
        """Add them to their target groups; a group that is gone is passed over."""
        self.registered = True
        for target in self.targets:
            if target.group_arn in self._backend.target_groups:
                self._backend.register_targets(target.group_arn, [{"Id": target.address, "Port": target.port}])

    def deregister(self) -> None:
        """Take them out: no new request reaches them, those in flight may finish."""
        if not self.registered:
            return
        self.registered = False
        for target in self.targets:
            group = self._backend.target_groups.get(target.group_arn)
            if group is not None and target.address in group.targets:
                self._backend.deregister_targets(target.group_arn, [{"Id": target.address, "Port": target.port}])

    def drained(self) -> bool:
        """Whether nothing is in flight to any of them any more, or their deregistration delay has passed."""
        return all(self._health(target).state != "draining" for target in self.targets)

    def healthy(self) -> bool:
        """Whether every target that a load balancer uses is healthy."""
        return all(self._health(target).state in ("healthy", "unused") for target in self.targets)

    def unhealthy(self) -> tuple[Target, TargetHealth] | None:
        """The first target that fails its health checks."""
        states = ((target, self._health(target)) for target in self.targets)
        return next(((target, health) for target, health in states if health.state == "unhealthy"), None)

    def _health(self, target: Target) -> TargetHealth:
        group = self._backend.target_groups.get(target.group_arn)
        if group is None:
            return TargetHealth("unused", "Target.NotRegistered", None)
        found = group.health_for({"Id": target.address, "Port": target.port}, self._backend.ec2_backend)
        return TargetHealth(found.status, found.reason, found.description)
