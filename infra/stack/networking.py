"""The network and the firewall: where everything stands, and who may talk to whom."""

from dataclasses import dataclass

from infra.aws.firewall import Firewall, FirewallArgs
from infra.aws.network import Network, NetworkArgs
from infra.stack.foundation import Foundation


@dataclass(frozen=True)
class Networking:
    """A VPC with its subnets, and the security groups."""

    network: Network
    firewall: Firewall


def make_networking(base: Foundation) -> Networking:
    """Make both."""
    settings = base.settings
    network = Network(f"{base.name}-network", NetworkArgs(settings.network, base.account, base.key_arn), base.opts)
    return Networking(network, Firewall(f"{base.name}-firewall", FirewallArgs(network.vpc_id, settings), base.opts))
