"""VPC endpoints (Amazon EC2 API Reference, CreateVpcEndpoint)."""

from __future__ import annotations

from sandbox.aws.api import Api
from sandbox.aws.definition import ResourceType, Update
from sandbox.aws.values import Properties

_SETS = {"routeTableIds": "RouteTableIds", "securityGroupIds": "SecurityGroupIds", "subnetIds": "SubnetIds"}


def _build(inputs: Properties) -> Properties:
    return {member: inputs[name] for name, member in _SETS.items() if inputs.get(name)}


def _change_sets(api: Api, identity: str, old: Properties, new: Properties) -> None:
    """ModifyVpcEndpoint takes what to add and what to remove."""
    if not old:
        return
    changes = Properties()
    for name, member in _SETS.items():
        before, after = _strings(old.get(name)), _strings(new.get(name))
        if added := [item for item in after if item not in before]:
            changes[f"Add{member}"] = added
        if removed := [item for item in before if item not in after]:
            changes[f"Remove{member}"] = removed
    if changes:
        api.call("ModifyVpcEndpoint", {"VpcEndpointId": identity, **changes})


def _strings(value: object) -> list[str]:
    return [str(item) for item in value] if isinstance(value, list) else []


TYPES = (
    ResourceType(
        type="aws:ec2/vpcEndpoint:VpcEndpoint",
        service="ec2",
        create="CreateVpcEndpoint",
        id="VpcEndpoint.VpcEndpointId",
        read="DescribeVpcEndpoints",
        found="VpcEndpoints[?State!='deleted'] | [0]",
        delete="DeleteVpcEndpoints",
        updates=[Update("ModifyVpcEndpoint")],
        send={"policy": "PolicyDocument"},
        receive={"policy": "PolicyDocument", "securityGroupIds": "Groups[].GroupId"},
        handled=frozenset(_SETS),
        build=_build,
        change=_change_sets,
        tag_type="vpc-endpoint",
        replaces=frozenset({"serviceName", "serviceRegion", "vpcEndpointType", "vpcId"}),
        empty=frozenset(
            {
                "cidrBlocks",
                "dnsEntries",
                "dnsOptions",
                "ipAddressType",
                "networkInterfaceIds",
                "policy",
                "prefixListId",
                "requesterManaged",
                "routeTableIds",
                "securityGroupIds",
                "serviceRegion",
                "subnetConfigurations",
                "subnetIds",
            }
        ),
    ),
)
