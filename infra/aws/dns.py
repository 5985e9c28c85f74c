"""The stack's place in DNS: the hosted zone, its record, and the certificate that Route 53 proves the right to.

The zone is looked up before anything is created. A certificate costs nothing and AWS renews it as long as the record
that proved the right to it stays; a zone costs 0.50 USD a month, whoever made it.
"""

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws
from pulumi import ComponentResource, CustomTimeouts, Input, Output, ResourceOptions

from infra.rules.load_balancer import covers
from infra.settings import LoadBalancerSettings

NOT_FOUND = ("NoSuchHostedZone", "no matching", "couldn't find resource", "no results", "empty result")
"""What the provider's error says, by its version, when there is no such zone."""

VALIDATION_SECONDS = 300
"""Time to live of the record that a certificate is validated by; AWS looks at it again with each renewal."""


@dataclass(frozen=True)
class HostedZone:
    """A public zone of Route 53."""

    id: str
    name: str


def find_hosted_zone(settings: LoadBalancerSettings, provider: aws.Provider) -> HostedZone | None:
    """The stack's zone (None without one); raises `pulumi.RunError` when it isn't there or can't hold the name."""
    wanted = settings.hosted_zone
    if not wanted:
        return None
    by_name = "." in wanted
    try:
        found = aws.route53.get_zone(
            name=wanted if by_name else None,
            zone_id=None if by_name else wanted,
            private_zone=False if by_name else None,
            opts=pulumi.InvokeOptions(provider=provider),
        )
    except Exception as error:
        if any(words in str(error) for words in NOT_FOUND):
            raise pulumi.RunError(_problem(wanted, "this account has no such public zone")) from error
        raise
    zone = HostedZone(found.zone_id, found.name.rstrip("."))
    if found.private_zone:
        raise pulumi.RunError(_problem(wanted, "this zone is private, so that nobody could check a certificate"))
    if not covers(zone.name, settings.domain_name):
        raise pulumi.RunError(_problem(wanted, f"the zone {zone.name} can't hold domainName {settings.domain_name}"))
    return zone


def _problem(zone: str, why: str) -> str:
    return f"workflow:hostedZone is {zone}, but {why} (nothing was changed)"


@dataclass(frozen=True)
class CertificateArgs:
    """The name to certify, the zone that proves the right to it, and the minutes that this may take."""

    domain_name: str
    zone_id: str
    validation_minutes: int


class Certificate(ComponentResource):
    """A certificate of ACM; `arn` is known once it is issued."""

    arn: Output[str]

    def __init__(self, name: str, args: CertificateArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("workflow:aws:Certificate", name, None, opts)
        child = ResourceOptions(parent=self)
        certificate = aws.acm.Certificate(
            name, domain_name=args.domain_name, validation_method="DNS", tags={"Name": name}, opts=child
        )
        proof = certificate.domain_validation_options.apply(lambda options: options[0])
        record = aws.route53.Record(
            name,
            zone_id=args.zone_id,
            name=proof.resource_record_name.apply(lambda host: str(host).rstrip(".")),
            type=proof.resource_record_type.apply(str),
            records=[proof.resource_record_value.apply(str)],
            ttl=VALIDATION_SECONDS,
            # An account has one such record for a name, whichever certificate it was made for.
            allow_overwrite=True,
            opts=child,
        )
        issued = aws.acm.CertificateValidation(
            name,
            certificate_arn=certificate.arn,
            validation_record_fqdns=[record.fqdn],
            opts=ResourceOptions(parent=self, custom_timeouts=CustomTimeouts(create=f"{args.validation_minutes}m")),
        )
        self.arn = issued.certificate_arn
        self.register_outputs({"arn": self.arn})


def alias_record(
    name: str,
    domain_name: str,
    zone_id: str,
    target: tuple[Input[str], Input[str]],
    opts: ResourceOptions,
    *,
    handed_on: bool = False,
) -> None:
    """Let a name stand for a load balancer, whose DNS name and zone `target` gives.

    One that is `handed_on` is taken over from the stack that had it, which doesn't delete it when it lets go.
    """
    dns_name, target_zone = target
    aws.route53.Record(
        name,
        zone_id=zone_id,
        name=domain_name,
        type="A",
        aliases=[
            aws.route53.RecordAliasArgs(name=dns_name, zone_id=target_zone, evaluate_target_health=True),
        ],
        allow_overwrite=True if handed_on else None,
        opts=ResourceOptions.merge(opts, ResourceOptions(retain_on_delete=handed_on)),
    )
