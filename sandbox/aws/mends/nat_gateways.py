"""NAT gateways in moto 5.2.5: a deleted one keeps its address and interface, one that isn't there breaks the call."""

from __future__ import annotations

from moto.ec2.exceptions import EC2ClientError
from moto.ec2.models import EC2Backend
from moto.ec2.models.nat_gateways import NatGateway

_delete = EC2Backend.delete_nat_gateway


def apply() -> None:
    """Free both when a gateway goes."""
    setattr(EC2Backend, "delete_nat_gateway", delete_nat_gateway)  # noqa: B010


def delete_nat_gateway(self: EC2Backend, nat_gateway_id: str) -> NatGateway:
    """DeleteNatGateway: the address can be released, the subnet deleted."""
    if nat_gateway_id not in self.nat_gateways:
        raise EC2ClientError("NatGatewayNotFound", f"NatGateway {nat_gateway_id} was not found")
    gateway = _delete(self, nat_gateway_id)
    interface = gateway._eni.id  # noqa: SLF001
    for address in self.addresses:
        if getattr(address.eni, "id", None) == interface:
            address.eni = address.association_id = address.instance = None
    self.enis.pop(interface, None)
    gateway.state = "deleted"
    return gateway
