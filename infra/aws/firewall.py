"""Who may talk to whom: every security group of the stack and every rule between them, in one place.

The world reaches the public load balancer, the load balancers reach the tasks, the tasks reach the database, the cache
and the configured ports outside; nothing else is open. Security groups cost nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi_aws as aws
from pulumi import ComponentResource, Input, Output, ResourceOptions

from infra.ports import HTTPS_PORT, KAFKA_IAM_PORT, POSTGRESQL_PORT, REDIS_PORT
from infra.settings import Settings


@dataclass(frozen=True)
class FirewallArgs:
    """What the rules follow from."""

    vpc_id: Input[str]
    settings: Settings


class Firewall(ComponentResource):
    """The security groups' IDs; the management load balancer's and the brokers' exist where the stack has them."""

    load_balancer_id: Output[str]
    management_id: Output[str] | None
    tasks_id: Output[str]
    database_id: Output[str]
    cache_id: Output[str]
    events_id: Output[str] | None

    def __init__(self, name: str, args: FirewallArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("workflow:aws:Firewall", name, None, opts)
        self._name, self._vpc_id, self._child = name, args.vpc_id, ResourceOptions(parent=self)
        self.tasks_id = self._group("tasks", "Tasks of the engine")
        self.load_balancer_id = self._group("load-balancer", "Public load balancer")
        self.database_id = self._group("database", "PostgreSQL")
        self.cache_id = self._group("cache", "Redis")
        self.events_id = self._group("events", "Brokers of events") if args.settings.events.enabled else None
        internal = args.settings.load_balancer.management_access == "internal"
        self.management_id = self._group("management", "Internal load balancer") if internal else None

        self._public_rules(args.settings)
        self._management_rules(args.settings)
        self._connect("database", self.tasks_id, self.database_id, POSTGRESQL_PORT)
        self._connect("cache", self.tasks_id, self.cache_id, REDIS_PORT)
        if self.events_id is not None:
            self._connect("events", self.tasks_id, self.events_id, KAFKA_IAM_PORT)
        for port in args.settings.network.task_egress_ports:
            self._egress(f"tasks-outside-{port}", self.tasks_id, "0.0.0.0/0", port)
        self.register_outputs(
            {
                "loadBalancerId": self.load_balancer_id,
                "managementId": self.management_id,
                "tasksId": self.tasks_id,
                "databaseId": self.database_id,
                "cacheId": self.cache_id,
            }
        )

    def _public_rules(self, settings: Settings) -> None:
        load_balancer, service = settings.load_balancer, settings.service
        ports = {load_balancer.http_port, *([HTTPS_PORT] if load_balancer.serves_https else [])}
        for port in sorted(ports):
            cidrs = [str(cidr) for cidr in load_balancer.allowed_cidrs]
            self._ingress(f"clients-{port}", self.load_balancer_id, cidrs, port)
        self._connect("api", self.load_balancer_id, self.tasks_id, service.api_port)
        self._connect("health", self.load_balancer_id, self.tasks_id, service.management_port)

    def _management_rules(self, settings: Settings) -> None:
        if self.management_id is not None:
            port = settings.service.management_port
            self._ingress("management", self.management_id, [str(settings.network.vpc_cidr)], port)
            self._connect("management", self.management_id, self.tasks_id, port)

    def _group(self, label: str, description: str) -> Output[str]:
        name = f"{self._name}-{label}"
        return aws.ec2.SecurityGroup(
            name, vpc_id=self._vpc_id, description=description, tags={"Name": name}, opts=self._child
        ).id

    def _ingress(self, label: str, group: Input[str], cidrs: Sequence[str], port: int) -> None:
        for cidr in cidrs:
            # Named by the range: if a number named it, leaving out the first range would turn each rule into the next,
            # which AWS refuses while the next is still there.
            aws.vpc.SecurityGroupIngressRule(
                f"{self._name}-{label}-from-{cidr.replace('/', '-')}",
                security_group_id=group,
                description=f"Port {port} from {cidr}",
                cidr_ipv4=cidr,
                ip_protocol="tcp",
                from_port=port,
                to_port=port,
                opts=self._child,
            )

    def _egress(self, label: str, group: Input[str], cidr: str, port: int) -> None:
        aws.vpc.SecurityGroupEgressRule(
            f"{self._name}-{label}",
            security_group_id=group,
            description=f"Port {port} of {cidr}",
            cidr_ipv4=cidr,
            ip_protocol="tcp",
            from_port=port,
            to_port=port,
            opts=self._child,
        )

    def _connect(self, label: str, source: Input[str], target: Input[str], port: int) -> None:
        aws.vpc.SecurityGroupEgressRule(
            f"{self._name}-{label}-out",
            security_group_id=source,
            description=f"To {label} on port {port}",
            referenced_security_group_id=target,
            ip_protocol="tcp",
            from_port=port,
            to_port=port,
            opts=self._child,
        )
        aws.vpc.SecurityGroupIngressRule(
            f"{self._name}-{label}-in",
            security_group_id=target,
            description=f"To {label} on port {port}",
            referenced_security_group_id=source,
            ip_protocol="tcp",
            from_port=port,
            to_port=port,
            opts=self._child,
        )
