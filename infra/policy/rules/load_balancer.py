"""Rules of load balancers, their certificates, and the firewall in front of them."""

import re
from collections.abc import Iterator, Mapping

from infra.policy.resources import UNKNOWN, Resource
from infra.policy.rule import Rule, must_be, must_be_set, must_be_true, must_not_be, shown

_BALANCER = ("aws:lb/loadBalancer:LoadBalancer",)
_LISTENER = ("aws:lb/listener:Listener",)
_TARGETS = ("aws:lb/targetGroup:TargetGroup",)
_WEB_ACL = ("aws:wafv2/webAcl:WebAcl",)
_MODERN = re.compile(r"^ELBSecurityPolicy-TLS13-1-[23]-")


def plain_text(resource: Resource) -> Iterator[str]:
    """A listener without TLS that does anything but redirect to HTTPS."""
    action = (resource.get("defaultActions.0.type"), resource.get("defaultActions.0.redirect.protocol"))
    if resource.get("protocol") == "HTTP" and UNKNOWN not in action and action != ("redirect", "HTTPS"):
        yield f"port {resource.get('port')} serves HTTP"


def old_tls(resource: Resource) -> Iterator[str]:
    """A listener that takes TLS older than 1.2."""
    policy = resource.get("sslPolicy")
    if policy is UNKNOWN:
        return
    if resource.get("protocol") in ("HTTPS", "TLS") and not (isinstance(policy, str) and _MODERN.match(policy)):
        yield f"sslPolicy is {shown(policy)}"


def one_zone(resource: Resource) -> Iterator[str]:
    """A load balancer in one subnet, and so in one zone."""
    for key in ("subnets", "subnetMappings"):
        if len(resource.items(key)) == 1:
            yield f"{key} is one subnet"


def silent_rules(resource: Resource) -> Iterator[str]:
    """A firewall, or a rule of it, without metrics."""
    visible = "visibilityConfig.cloudwatchMetricsEnabled"
    if resource.get(visible) is False:
        yield f"{visible} is false"
    for number, rule in enumerate(resource.items("rules")):
        if isinstance(rule, Mapping) and resource.get(f"rules.{number}.{visible}") is False:
            yield f"{visible} of its rule {rule.get('name')} is false"


RULES = (
    Rule(
        "ACM.2",
        "Certificates have RSA keys of 2048 bits or more.",
        "Leave keyAlgorithm out.",
        ("aws:acm/certificate:Certificate",),
        must_not_be("keyAlgorithm", "RSA_1024"),
    ),
    Rule(
        "ELB.1",
        "An application load balancer answers plain HTTP with a redirect to HTTPS.",
        "Give the listener a default action that redirects to the protocol HTTPS.",
        _LISTENER,
        plain_text,
    ),
    Rule(
        "ELB.4",
        "An application load balancer drops invalid headers.",
        "Set dropInvalidHeaderFields to true.",
        _BALANCER,
        must_be_true("dropInvalidHeaderFields"),
    ),
    Rule(
        "ELB.5",
        "A load balancer logs its requests.",
        "Set accessLogs.enabled to true and name a bucket.",
        _BALANCER,
        must_be_true("accessLogs.enabled"),
    ),
    Rule(
        "ELB.6",
        "A load balancer is protected from deletion.",
        "Set enableDeletionProtection to true.",
        _BALANCER,
        must_be_true("enableDeletionProtection"),
    ),
    Rule(
        "ELB.12",
        "An application load balancer refuses ambiguous requests (desync mitigation).",
        "Set desyncMitigationMode to defensive or strictest.",
        _BALANCER,
        must_be("desyncMitigationMode", None, "defensive", "strictest"),
    ),
    Rule(
        "ELB.13",
        "A load balancer stands in two zones or more.",
        "Give it subnets in two zones.",
        _BALANCER,
        one_zone,
    ),
    Rule(
        "ELB.17",
        "A listener takes no TLS older than 1.2.",
        "Set sslPolicy to one of ELBSecurityPolicy-TLS13-1-2-… or ELBSecurityPolicy-TLS13-1-3-….",
        _LISTENER,
        old_tls,
    ),
    Rule(
        "ELB.18",
        "Listeners take TLS connections alone.",
        "Set protocol to HTTPS or TLS.",
        _LISTENER,
        must_be("protocol", "HTTPS", "TLS"),
    ),
    Rule(
        "ELB.21",
        "Load balancers ask targets for their health over TLS.",
        "Set healthCheck.protocol to HTTPS.",
        _TARGETS,
        must_be("healthCheck.protocol", "HTTPS", "TLS"),
    ),
    Rule(
        "ELB.22",
        "Load balancers talk TLS to their targets.",
        "Set protocol to HTTPS or TLS.",
        _TARGETS,
        must_be("protocol", "HTTPS", "TLS"),
    ),
    Rule(
        "WAF.10",
        "A web ACL has a rule at least.",
        "Give it rules.",
        _WEB_ACL,
        must_be_set("rules"),
    ),
    Rule(
        "WAF.12",
        "What each rule of a web ACL finds is counted.",
        "Set visibilityConfig.cloudwatchMetricsEnabled to true.",
        _WEB_ACL,
        silent_rules,
    ),
)
