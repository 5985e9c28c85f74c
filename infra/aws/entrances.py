"""The ways in: the public load balancer of the API with all that belongs to it, and the internal management one.

The public one gets the certificate that the stack names or has issued, a record in the hosted zone, a bucket for its
access logs, and AWS WAF: each where the stack asks for it.
"""

from dataclasses import dataclass

from pulumi import Input, ResourceOptions

from infra.aws.bucket import LockedBucket, LockedBucketArgs, Writer
from infra.aws.dns import Certificate, CertificateArgs, HostedZone, alias_record
from infra.aws.firewall import Firewall
from infra.aws.load_balancer import LoadBalancer, LoadBalancerArgs
from infra.aws.network import Network
from infra.aws.provider import Account
from infra.aws.waf import Waf, WafArgs
from infra.settings import Settings

LOG_DELIVERY = "logdelivery.elasticloadbalancing.amazonaws.com"
"""Who writes access logs ("Access logs for your Application Load Balancer")."""


@dataclass(frozen=True)
class EntranceArgs:
    """Where load balancers stand; without a zone the stack has no place in DNS, without a bucket they log nothing."""

    network: Network
    firewall: Firewall
    zone: HostedZone | None
    access_logs_bucket: Input[str] | None
    settings: Settings


def access_logs_bucket(name: str, account: Account, settings: Settings, opts: ResourceOptions) -> Input[str] | None:
    """The bucket that both log their requests to; None where nothing is logged."""
    if not settings.load_balancer.access_logs:
        return None
    bucket = LockedBucketArgs(
        writers=[Writer(LOG_DELIVERY, f"AWSLogs/{account.id}/")],
        retention_days=settings.load_balancer.access_log_retention_days,
        force_destroy=not settings.stack.deletion_protection,
        partition=account.partition,
    )
    return LockedBucket(name, bucket, opts).name


def public_entrance(name: str, args: EntranceArgs, opts: ResourceOptions) -> LoadBalancer:
    """The load balancer of the API, in the public subnets."""
    settings = args.settings.load_balancer
    balancer = LoadBalancer(
        name,
        LoadBalancerArgs(
            vpc_id=args.network.vpc_id,
            subnet_ids=args.network.public_subnet_ids,
            security_group_id=args.firewall.load_balancer_id,
            internal=False,
            listener_port=settings.http_port,
            target_port=args.settings.service.api_port,
            settings=args.settings,
            certificate_arn=_certificate_arn(name, args, opts),
            access_logs_bucket=args.access_logs_bucket,
        ),
        opts,
    )
    if args.zone is not None and not args.settings.standby.standby:
        target, paired = (balancer.dns_name, balancer.zone_id), args.settings.standby.paired
        below = ResourceOptions(parent=balancer)
        alias_record(f"{name}-domain", settings.domain_name, args.zone.id, target, below, handed_on=paired)
    if args.settings.waf.enabled:
        Waf(f"{name}-waf", WafArgs(balancer.arn, args.settings.waf), opts)
    return balancer


def management_entrance(name: str, args: EntranceArgs, opts: ResourceOptions) -> LoadBalancer | None:
    """The load balancer of the management port, in the private subnets; None where nobody is to reach it."""
    if args.firewall.management_id is None:
        return None
    port = args.settings.service.management_port
    balancer = LoadBalancerArgs(
        vpc_id=args.network.vpc_id,
        subnet_ids=args.network.private_subnet_ids,
        security_group_id=args.firewall.management_id,
        internal=True,
        listener_port=port,
        target_port=port,
        settings=args.settings,
        access_logs_bucket=args.access_logs_bucket,
    )
    return LoadBalancer(name, balancer, opts)


def _certificate_arn(name: str, args: EntranceArgs, opts: ResourceOptions) -> Input[str] | None:
    settings = args.settings.load_balancer
    if settings.certificate_arn or args.zone is None:
        return settings.certificate_arn or None
    wanted = CertificateArgs(settings.domain_name, args.zone.id, settings.certificate_validation_minutes)
    return Certificate(f"{name}-certificate", wanted, opts).arn
