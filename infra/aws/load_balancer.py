"""A load balancer in front of the tasks: the public one of the API, and an internal one of the management port.

The public one serves HTTPS with the stack's certificate and sends plain HTTP there; only `local` has no certificate
and serves HTTP. Tasks are checked on the management port, where health is served. One costs about 17 USD a month.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi_aws as aws
from pulumi import ComponentResource, Input, Output, ResourceOptions

from infra.aws.firewall import Firewall
from infra.aws.network import Network
from infra.ports import HTTP_PORT, HTTPS_PORT
from infra.settings import Settings


@dataclass(frozen=True)
class LoadBalancerArgs:
    """What a load balancer needs to know.

    `listener_port` is the port without TLS, `target_port` the port of the tasks.
    """

    vpc_id: Input[str]
    subnet_ids: Sequence[Input[str]]
    security_group_id: Input[str]
    internal: bool
    listener_port: int
    target_port: int
    settings: Settings

    @property
    def certificate_arn(self) -> str:
        """The certificate to serve HTTPS with, empty for plain HTTP."""
        return "" if self.internal else self.settings.load_balancer.certificate_arn


class LoadBalancer(ComponentResource):
    """An application load balancer, its target group and listeners; the ARN suffixes are what metrics are named by."""

    target_port: int
    dns_name: Output[str]
    url: Output[str]
    target_group_arn: Output[str]
    arn_suffix: Output[str]
    target_group_arn_suffix: Output[str]

    def __init__(self, name: str, args: LoadBalancerArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("workflow:aws:LoadBalancer", name, None, opts)
        self._name, self._args, self._child = name, args, ResourceOptions(parent=self)
        balancer = self._balancer()
        target_group = self._target_group()
        if args.certificate_arn:
            self._https_listener(balancer, target_group)
            self._redirect_listener(balancer)
        else:
            self._http_listener(balancer, target_group)

        self.target_port = args.target_port
        self.dns_name = balancer.dns_name
        self.url = balancer.dns_name.apply(self._url)
        self.target_group_arn = target_group.arn
        self.arn_suffix = balancer.arn_suffix
        self.target_group_arn_suffix = target_group.arn_suffix
        self.register_outputs({"url": self.url, "targetGroupArn": self.target_group_arn})

    def _url(self, dns_name: str) -> str:
        if self._args.certificate_arn:
            return f"https://{self._args.settings.load_balancer.domain_name or dns_name}"
        port = self._args.listener_port
        return f"http://{dns_name}" if port == HTTP_PORT else f"http://{dns_name}:{port}"

    def _balancer(self) -> aws.lb.LoadBalancer:
        return aws.lb.LoadBalancer(
            self._name,
            load_balancer_type="application",
            internal=self._args.internal,
            subnets=list(self._args.subnet_ids),
            security_groups=[self._args.security_group_id],
            idle_timeout=self._args.settings.load_balancer.idle_timeout,
            drop_invalid_header_fields=True,
            desync_mitigation_mode="defensive",
            enable_deletion_protection=self._args.settings.stack.deletion_protection,
            tags={"Name": self._name},
            opts=self._child,
        )

    def _target_group(self) -> aws.lb.TargetGroup:
        check = self._args.settings.health_check
        return aws.lb.TargetGroup(
            self._name,
            vpc_id=self._args.vpc_id,
            target_type="ip",
            protocol="HTTP",
            port=self._args.target_port,
            deregistration_delay=self._args.settings.load_balancer.deregistration_delay,
            health_check=aws.lb.TargetGroupHealthCheckArgs(
                enabled=True,
                protocol="HTTP",
                port=str(self._args.settings.service.management_port),
                path=check.path,
                matcher="200",
                interval=check.interval,
                timeout=check.timeout,
                healthy_threshold=check.healthy_threshold,
                unhealthy_threshold=check.unhealthy_threshold,
            ),
            tags={"Name": self._name},
            opts=self._child,
        )

    def _https_listener(self, balancer: aws.lb.LoadBalancer, target_group: aws.lb.TargetGroup) -> None:
        aws.lb.Listener(
            f"{self._name}-https",
            load_balancer_arn=balancer.arn,
            port=HTTPS_PORT,
            protocol="HTTPS",
            ssl_policy=self._args.settings.load_balancer.tls_policy,
            certificate_arn=self._args.certificate_arn,
            default_actions=[
                aws.lb.ListenerDefaultActionArgs(type="forward", target_group_arn=target_group.arn),
            ],
            opts=self._child,
        )

    def _redirect_listener(self, balancer: aws.lb.LoadBalancer) -> None:
        to_https = aws.lb.ListenerDefaultActionRedirectArgs(
            protocol="HTTPS", port=str(HTTPS_PORT), status_code="HTTP_301"
        )
        aws.lb.Listener(
            f"{self._name}-http",
            load_balancer_arn=balancer.arn,
            port=self._args.listener_port,
            protocol="HTTP",
            default_actions=[aws.lb.ListenerDefaultActionArgs(type="redirect", redirect=to_https)],
            opts=self._child,
        )

    def _http_listener(self, balancer: aws.lb.LoadBalancer, target_group: aws.lb.TargetGroup) -> None:
        aws.lb.Listener(
            f"{self._name}-http",
            load_balancer_arn=balancer.arn,
            port=self._args.listener_port,
            protocol="HTTP",
            default_actions=[
                aws.lb.ListenerDefaultActionArgs(type="forward", target_group_arn=target_group.arn),
            ],
            opts=self._child,
        )


def public_load_balancer(
    name: str, network: Network, firewall: Firewall, settings: Settings, opts: ResourceOptions
) -> LoadBalancer:
    """The load balancer of the API, in the public subnets."""
    args = LoadBalancerArgs(
        vpc_id=network.vpc_id,
        subnet_ids=network.public_subnet_ids,
        security_group_id=firewall.load_balancer_id,
        internal=False,
        listener_port=settings.load_balancer.http_port,
        target_port=settings.service.api_port,
        settings=settings,
    )
    return LoadBalancer(name, args, opts)


def management_load_balancer(
    name: str, network: Network, firewall: Firewall, settings: Settings, opts: ResourceOptions
) -> LoadBalancer | None:
    """The load balancer of the management port, in the private subnets; None where nobody is to reach it."""
    if firewall.management_id is None:
        return None
    args = LoadBalancerArgs(
        vpc_id=network.vpc_id,
        subnet_ids=network.private_subnet_ids,
        security_group_id=firewall.management_id,
        internal=True,
        listener_port=settings.service.management_port,
        target_port=settings.service.management_port,
        settings=settings,
    )
    return LoadBalancer(name, args, opts)
