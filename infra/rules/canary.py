"""What the canary needs to reach the API from AWS's addresses, which are nobody's in particular."""

from collections.abc import Iterator, Sequence
from ipaddress import IPv4Network

from infra.problems import Problem
from infra.rules.rule import Rule, problem

_ANYBODY = IPv4Network("0.0.0.0/0")


def _reachable(
    canary: bool,  # noqa: FBT001 the value of a key
    environment: str,
    cidrs: Sequence[IPv4Network],
    domain: str,
) -> Iterator[Problem]:
    if not canary:
        return
    if environment == "local":
        yield problem("canary", canary, "must be false in local, which AWS doesn't reach")
        return
    if _ANYBODY not in cidrs:
        shown = f"[{', '.join(map(str, cidrs))}]"
        yield problem("allowedCidrs", shown, "must contain 0.0.0.0/0 with canary, whose addresses AWS chooses")
    if not domain:
        yield problem("domainName", '""', "must be set with canary, which checks the certificate's name")


RULES = (Rule(("canary", "environment", "allowedCidrs", "domainName"), _reachable),)
