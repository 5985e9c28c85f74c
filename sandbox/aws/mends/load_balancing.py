"""Load balancers in moto 5.2.5: a made-up name, and nothing is told when one comes or goes."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec

from moto.elbv2.models import ELBv2Backend, FakeLoadBalancer

from sandbox.aws.mends import machine

P = ParamSpec("P")
Create = Callable[Concatenate[ELBv2Backend, P], FakeLoadBalancer]

_delete = ELBv2Backend.delete_load_balancer


def apply() -> None:
    """Give every load balancer an address."""
    setattr(ELBv2Backend, "create_load_balancer", _placed(ELBv2Backend.create_load_balancer))  # noqa: B010
    setattr(ELBv2Backend, "delete_load_balancer", delete_load_balancer)  # noqa: B010


def _placed(create: Create[P]) -> Create[P]:
    """CreateLoadBalancer: its DNSName is the address that the data plane gives it."""

    @wraps(create)
    def placed(self: ELBv2Backend, /, *arguments: P.args, **options: P.kwargs) -> FakeLoadBalancer:
        made = create(self, *arguments, **options)
        internal = made.scheme == "internal"
        made.dns_name = machine.data_plane.load_balancer_created(self.region_name, made.arn, internal=internal)
        return made

    return placed


def delete_load_balancer(self: ELBv2Backend, arn: str) -> None:
    """DeleteLoadBalancer: frees the address."""
    known = arn in self.load_balancers
    _delete(self, arn)
    if known:
        machine.data_plane.load_balancer_deleted(self.region_name, arn)
