"""The network: a VPC over several zones with public, private and data subnets.

Load balancers stand in the public subnets, tasks in the private ones, and the database and the cache in data subnets
that have no route out of the VPC. Tasks reach the outside through NAT gateways (one costs about 33 USD a month and its
traffic; one per zone keeps working when a zone fails) or, without any, AWS alone through interface endpoints (about 7
USD a month for each of the four and each zone). Traffic to S3, where the registry keeps its layers, goes through a free
gateway endpoint in any case.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network

import pulumi_aws as aws
from pulumi import ComponentResource, Output, ResourceOptions

from infra.aws.provider import Account
from infra.settings import NetworkSettings

INTERFACE_ENDPOINTS = ("ecr.api", "ecr.dkr", "logs", "secretsmanager")
"""What a Fargate task calls to start: registry, logs, secrets ("Amazon ECS interface VPC endpoints")."""

ANYWHERE = "0.0.0.0/0"


@dataclass(frozen=True)
class NetworkArgs:
    """What a network needs to know."""

    settings: NetworkSettings
    account: Account


class Network(ComponentResource):
    """A VPC and its subnets; subnet IDs are in the order of the zones."""

    vpc_id: Output[str]
    public_subnet_ids: Sequence[Output[str]]
    private_subnet_ids: Sequence[Output[str]]
    data_subnet_ids: Sequence[Output[str]]

    def __init__(self, name: str, args: NetworkArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("workflow:aws:Network", name, None, opts)
        self._name, self._args, self._child = name, args, ResourceOptions(parent=self)
        self._vpc = aws.ec2.Vpc(
            name,
            cidr_block=str(args.settings.vpc_cidr),
            enable_dns_hostnames=True,
            enable_dns_support=True,
            tags={"Name": name},
            opts=self._child,
        )
        public = self._subnets("public", args.settings.public_cidrs)
        private = self._subnets("private", args.settings.private_cidrs)
        data = self._subnets("data", args.settings.data_cidrs)
        self._public_routes(public)
        private_tables = self._private_routes(public, private)
        self._route_table("data", data)
        self._s3_endpoint(private_tables)
        if args.settings.nat == "none":
            self._interface_endpoints(private)

        self.vpc_id = self._vpc.id
        self.public_subnet_ids = [subnet.id for subnet in public]
        self.private_subnet_ids = [subnet.id for subnet in private]
        self.data_subnet_ids = [subnet.id for subnet in data]
        self.register_outputs(
            {
                "vpcId": self.vpc_id,
                "publicSubnetIds": self.public_subnet_ids,
                "privateSubnetIds": self.private_subnet_ids,
                "dataSubnetIds": self.data_subnet_ids,
            }
        )

    def _subnets(self, tier: str, cidrs: Sequence[IPv4Network]) -> list[aws.ec2.Subnet]:
        return [
            aws.ec2.Subnet(
                f"{self._name}-{tier}-{number}",
                vpc_id=self._vpc.id,
                cidr_block=str(cidr),
                availability_zone=zone,
                map_public_ip_on_launch=False,
                tags={"Name": f"{self._name}-{tier}-{number}", "tier": tier},
                # A zone that is out of order for a while must not move the subnets of the others.
                opts=ResourceOptions(parent=self, ignore_changes=["availabilityZone"]),
            )
            for number, (zone, cidr) in enumerate(zip(self._args.account.zones, cidrs, strict=False))
        ]

    def _route_table(self, label: str, subnets: Sequence[aws.ec2.Subnet]) -> aws.ec2.RouteTable:
        name = f"{self._name}-{label}"
        table = aws.ec2.RouteTable(name, vpc_id=self._vpc.id, tags={"Name": name}, opts=self._child)
        for number, subnet in enumerate(subnets):
            aws.ec2.RouteTableAssociation(
                f"{name}-{number}", subnet_id=subnet.id, route_table_id=table.id, opts=self._child
            )
        return table

    def _public_routes(self, public: Sequence[aws.ec2.Subnet]) -> None:
        gateway = aws.ec2.InternetGateway(self._name, vpc_id=self._vpc.id, tags={"Name": self._name}, opts=self._child)
        self._internet = aws.ec2.Route(
            f"{self._name}-public",
            route_table_id=self._route_table("public", public).id,
            destination_cidr_block=ANYWHERE,
            gateway_id=gateway.id,
            opts=self._child,
        )

    def _private_routes(
        self, public: Sequence[aws.ec2.Subnet], private: Sequence[aws.ec2.Subnet]
    ) -> list[aws.ec2.RouteTable]:
        wanted = {"none": 0, "one": 1, "per-zone": len(private)}[self._args.settings.nat]
        gateways = [self._nat_gateway(number, subnet) for number, subnet in enumerate(public[:wanted])]
        tables = []
        for number, subnet in enumerate(private):
            table = self._route_table(f"private-{number}", [subnet])
            tables.append(table)
            if gateways:
                aws.ec2.Route(
                    f"{self._name}-private-{number}",
                    route_table_id=table.id,
                    destination_cidr_block=ANYWHERE,
                    nat_gateway_id=gateways[number % len(gateways)].id,
                    opts=self._child,
                )
        return tables

    def _nat_gateway(self, number: int, subnet: aws.ec2.Subnet) -> aws.ec2.NatGateway:
        name = f"{self._name}-nat-{number}"
        after_internet = ResourceOptions(parent=self, depends_on=[self._internet])
        address = aws.ec2.Eip(name, domain="vpc", tags={"Name": name}, opts=after_internet)
        return aws.ec2.NatGateway(
            name, allocation_id=address.id, subnet_id=subnet.id, tags={"Name": name}, opts=after_internet
        )

    def _s3_endpoint(self, tables: Sequence[aws.ec2.RouteTable]) -> None:
        aws.ec2.VpcEndpoint(
            f"{self._name}-s3",
            vpc_id=self._vpc.id,
            service_name=f"com.amazonaws.{self._args.account.region}.s3",
            vpc_endpoint_type="Gateway",
            route_table_ids=[table.id for table in tables],
            tags={"Name": f"{self._name}-s3"},
            opts=self._child,
        )

    def _interface_endpoints(self, private: Sequence[aws.ec2.Subnet]) -> None:
        name = f"{self._name}-endpoints"
        group = aws.ec2.SecurityGroup(
            name, vpc_id=self._vpc.id, description="Endpoints of AWS services", tags={"Name": name}, opts=self._child
        )
        aws.vpc.SecurityGroupIngressRule(
            name,
            security_group_id=group.id,
            description="HTTPS from the VPC",
            cidr_ipv4=str(self._args.settings.vpc_cidr),
            ip_protocol="tcp",
            from_port=443,
            to_port=443,
            opts=self._child,
        )
        for service in INTERFACE_ENDPOINTS:
            aws.ec2.VpcEndpoint(
                f"{self._name}-{service.replace('.', '-')}",
                vpc_id=self._vpc.id,
                service_name=f"com.amazonaws.{self._args.account.region}.{service}",
                vpc_endpoint_type="Interface",
                private_dns_enabled=True,
                subnet_ids=[subnet.id for subnet in private],
                security_group_ids=[group.id],
                tags={"Name": f"{self._name}-{service}"},
                opts=self._child,
            )
