"""The ways in: the API's load balancer, and the internal one of the management port where the stack has it."""

from dataclasses import dataclass

from infra.aws.entrances import EntranceArgs, access_logs_bucket, management_entrance, public_entrance
from infra.aws.load_balancer import LoadBalancer
from infra.stack.foundation import Foundation
from infra.stack.networking import Networking


@dataclass(frozen=True)
class Entrance:
    """The load balancers."""

    api: LoadBalancer
    management: LoadBalancer | None

    @property
    def load_balancers(self) -> list[LoadBalancer]:
        """Those that there are, the API's first."""
        return [self.api, self.management] if self.management else [self.api]


def make_entrance(base: Foundation, networking: Networking) -> Entrance:
    """Make the load balancers once the internet gateway is there."""
    logs_bucket = access_logs_bucket(f"{base.name}-access-logs", base.account, base.settings, base.opts)
    args = EntranceArgs(networking.network, networking.firewall, base.zone, logs_bucket, base.settings)
    opts = base.after(networking.network)
    return Entrance(public_entrance(base.name, args, opts), management_entrance(f"{base.name}-ui", args, opts))
