"""Networks (Amazon EC2 API Reference; Amazon VPC)."""

from __future__ import annotations

from collections.abc import Mapping

from sandbox.aws.api import Api
from sandbox.aws.definition import ResourceType, Update
from sandbox.aws.values import Properties
from sandbox.aws.waiting import waiter


def _vpc_attributes(api: Api, _: Mapping[str, object], state: Properties) -> Properties:
    vpc = str(state["id"])
    names = {
        "enableDnsHostnames": "EnableDnsHostnames",
        "enableDnsSupport": "EnableDnsSupport",
        "enableNetworkAddressUsageMetrics": "EnableNetworkAddressUsageMetrics",
    }
    result = Properties()
    for name, member in names.items():
        answer = api.call("DescribeVpcAttribute", {"VpcId": vpc, "Attribute": name})[member]
        result[name] = answer.get("Value") if isinstance(answer, Mapping) else None
    main = _first(api, "DescribeRouteTables", "RouteTables", {"vpc-id": vpc, "association.main": "true"})
    group = _first(api, "DescribeSecurityGroups", "SecurityGroups", {"vpc-id": vpc, "group-name": "default"})
    acl = _first(api, "DescribeNetworkAcls", "NetworkAcls", {"vpc-id": vpc, "default": "true"})
    return result | {
        "mainRouteTableId": main.get("RouteTableId"),
        "defaultRouteTableId": main.get("RouteTableId"),
        "defaultSecurityGroupId": group.get("GroupId"),
        "defaultNetworkAclId": acl.get("NetworkAclId"),
    }


def _first(api: Api, operation: str, member: str, filters: Mapping[str, str]) -> Mapping[str, object]:
    wanted = [{"Name": name, "Values": [value]} for name, value in filters.items()]
    found = api.call(operation, {"Filters": wanted})[member]
    return found[0] if isinstance(found, list) and found else {}


def _attach_gateway(api: Api, identity: str, old: Properties, new: Properties) -> None:
    if old.get("vpcId"):
        api.call("DetachInternetGateway", {"InternetGatewayId": identity, "VpcId": old["vpcId"]})
    if new.get("vpcId"):
        api.call("AttachInternetGateway", {"InternetGatewayId": identity, "VpcId": new["vpcId"]})


def _detach_gateway(api: Api, identity: str, state: Properties) -> None:
    _attach_gateway(api, identity, state, {})


def _public_name(state: Properties) -> str:
    return f"ec2-{str(state['publicIp']).replace('.', '-')}.compute-1.amazonaws.com"


TYPES = (
    ResourceType(
        type="aws:ec2/vpc:Vpc",
        service="ec2",
        create="CreateVpc",
        id="Vpc.VpcId",
        read="DescribeVpcs",
        found="Vpcs[0]",
        delete="DeleteVpc",
        updates=[Update("ModifyVpcAttribute", each=True)],
        reader=_vpc_attributes,
        tag_type="vpc",
        replaces=frozenset({"cidrBlock", "instanceTenancy", "ipv4IpamPoolId", "ipv4NetmaskLength"}),
        empty=frozenset({"ipv6AssociationId", "ipv6CidrBlock", "ipv6CidrBlockNetworkBorderGroup"}),
    ),
    ResourceType(
        type="aws:ec2/subnet:Subnet",
        service="ec2",
        create="CreateSubnet",
        id="Subnet.SubnetId",
        read="DescribeSubnets",
        found="Subnets[0]",
        delete="DeleteSubnet",
        updates=[Update("ModifySubnetAttribute", each=True)],
        receive={"privateDnsHostnameTypeOnLaunch": "PrivateDnsNameOptionsOnLaunch.HostnameType"},
        tag_type="subnet",
        replaces=frozenset(
            {"availabilityZone", "availabilityZoneId", "cidrBlock", "ipv6Native", "outpostArn", "vpcId"}
        ),
        empty=frozenset({"ipv6CidrBlock", "ipv6CidrBlockAssociationId", "privateDnsHostnameTypeOnLaunch"}),
    ),
    ResourceType(
        type="aws:ec2/internetGateway:InternetGateway",
        service="ec2",
        create="CreateInternetGateway",
        id="InternetGateway.InternetGatewayId",
        read="DescribeInternetGateways",
        found="InternetGateways[0]",
        delete="DeleteInternetGateway",
        receive={"vpcId": "Attachments[0].VpcId"},
        handled=frozenset({"vpcId"}),
        change=_attach_gateway,
        before_delete=_detach_gateway,
        tag_type="internet-gateway",
        empty=frozenset({"vpcId"}),
    ),
    ResourceType(
        type="aws:ec2/routeTable:RouteTable",
        service="ec2",
        create="CreateRouteTable",
        id="RouteTable.RouteTableId",
        read="DescribeRouteTables",
        found="RouteTables[0]",
        delete="DeleteRouteTable",
        receive={"propagatingVgws": "PropagatingVgws[].GatewayId", "routes": "Routes[?GatewayId=='']"},
        tag_type="route-table",
        replaces=frozenset({"vpcId"}),
        empty=frozenset({"propagatingVgws"}),
    ),
    ResourceType(
        type="aws:ec2/route:Route",
        service="ec2",
        create="CreateRoute",
        id="{routeTableId}_{destinationCidrBlock}{destinationIpv6CidrBlock}{destinationPrefixListId}",
        read="DescribeRouteTables",
        found=(
            "RouteTables[0].Routes[?DestinationCidrBlock=='{destinationCidrBlock}'"
            " || DestinationIpv6CidrBlock=='{destinationIpv6CidrBlock}'"
            " || DestinationPrefixListId=='{destinationPrefixListId}'] | [0]"
        ),
        delete="DeleteRoute",
        updates=[Update("ReplaceRoute")],
        key={
            "RouteTableId": "{routeTableId}",
            "DestinationCidrBlock": "{destinationCidrBlock}",
            "DestinationIpv6CidrBlock": "{destinationIpv6CidrBlock}",
            "DestinationPrefixListId": "{destinationPrefixListId}",
        },
        send={"egressOnlyGatewayId": "EgressOnlyInternetGatewayId"},
        receive={"egressOnlyGatewayId": "EgressOnlyInternetGatewayId"},
        replaces=frozenset(
            {"routeTableId", "destinationCidrBlock", "destinationIpv6CidrBlock", "destinationPrefixListId"}
        ),
        empty=frozenset({"instanceId", "instanceOwnerId", "networkInterfaceId"}),
        one_at_a_time=True,
    ),
    ResourceType(
        type="aws:ec2/routeTableAssociation:RouteTableAssociation",
        service="ec2",
        create="AssociateRouteTable",
        id="AssociationId",
        read="DescribeRouteTables",
        found="RouteTables[].Associations[] | [?RouteTableAssociationId=='{id}'] | [0]",
        delete="DisassociateRouteTable",
        key={
            "AssociationId": "{id}",
            "Filters": [{"Name": "association.route-table-association-id", "Values": ["{id}"]}],
        },
        # AWS gives a changed association a new ID, so a change is a replacement whichever operation does it.
        replaces=frozenset({"gatewayId", "routeTableId", "subnetId"}),
        one_at_a_time=True,
    ),
    ResourceType(
        type="aws:ec2/eip:Eip",
        service="ec2",
        create="AllocateAddress",
        id="AllocationId",
        read="DescribeAddresses",
        found="Addresses[0]",
        delete="ReleaseAddress",
        computed={"publicDns": _public_name},
        tag_type="elastic-ip",
        replaces=frozenset(
            {"address", "customerOwnedIpv4Pool", "domain", "ipamPoolId", "networkBorderGroup", "publicIpv4Pool"}
        ),
        empty=frozenset(
            {
                "associationId",
                "carrierIp",
                "customerOwnedIp",
                "instance",
                "ipamPoolId",
                "networkBorderGroup",
                "networkInterface",
                "privateDns",
                "privateIp",
                "ptrRecord",
                "publicIpv4Pool",
            }
        ),
    ),
    ResourceType(
        type="aws:ec2/natGateway:NatGateway",
        service="ec2",
        create="CreateNatGateway",
        id="NatGateway.NatGatewayId",
        read="DescribeNatGateways",
        found="NatGateways[?State!='deleted'] | [0]",
        delete="DeleteNatGateway",
        send={"privateIp": "PrivateIpAddress"},
        receive={
            "allocationId": "NatGatewayAddresses[0].AllocationId",
            "associationId": "NatGatewayAddresses[0].AssociationId",
            "networkInterfaceId": "NatGatewayAddresses[0].NetworkInterfaceId",
            "privateIp": "NatGatewayAddresses[0].PrivateIp",
            "publicIp": "NatGatewayAddresses[0].PublicIp",
        },
        ready=waiter("nat_gateway_available", "NatGatewayIds", "id", many=True),
        gone=waiter("nat_gateway_deleted", "NatGatewayIds", "id", many=True),
        tag_type="natgateway",
        replaces=frozenset({"allocationId", "connectivityType", "privateIp", "subnetId", "vpcId"}),
        empty=frozenset(
            {
                "associationId",
                "autoProvisionZones",
                "autoScalingIps",
                "availabilityMode",
                "publicIp",
                "regionalNatGatewayAddresses",
                "regionalNatGatewayAutoMode",
                "routeTableId",
                "secondaryAllocationIds",
                "secondaryPrivateIpAddressCount",
                "secondaryPrivateIpAddresses",
            }
        ),
    ),
)
