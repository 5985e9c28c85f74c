"""Where a rule does not hold, and why: the sandbox can't, or the requirements say otherwise.

Local is a stack on one machine, without an account, certificates or anything worth protecting. A test fails for an
exemption that no stack needs.
"""

from __future__ import annotations

from dataclasses import dataclass

LOCAL = ("local",)
SMALL = ("local", "dev")
ACCOUNTS = ("dev", "staging", "production")
EVERYWHERE = ("local", "dev", "staging", "production")


@dataclass(frozen=True)
class Exemption:
    """A rule that need not hold in some environments."""

    control: str
    environments: tuple[str, ...]
    reason: str


_BY_NAT = "where there is a NAT gateway, endpoints beside it (8 USD a month and zone each) are an option"
_TLS_ENDS = "TLS ends at the load balancer; the tasks' security group takes connections from nobody else"

EXEMPTIONS = (
    Exemption("EC2.6", LOCAL, "no packet flows through the sandbox's network"),
    Exemption("EC2.18", LOCAL, "the API is at port 8080, as a process needs rights to listen below 1024"),
    Exemption("EC2.55", EVERYWHERE, _BY_NAT),
    Exemption("EC2.56", EVERYWHERE, _BY_NAT),
    Exemption("ELB.1", LOCAL, "there is no authority that would issue a certificate for a loopback address"),
    Exemption("ELB.5", LOCAL, "the sandbox's load balancer writes no access logs"),
    Exemption("ELB.6", SMALL, "the sizing table has no deletion protection here"),
    Exemption("ELB.18", EVERYWHERE, "port 80 is there to send clients to HTTPS (ELB.1 holds it to that)"),
    Exemption("ELB.21", EVERYWHERE, _TLS_ENDS),
    Exemption("ELB.22", EVERYWHERE, _TLS_ENDS),
    Exemption("ElastiCache.1", LOCAL, "the cache only speeds things: all that is in it is in the database as well"),
    Exemption("ElastiCache.3", ("local", "dev", "staging"), "the sizing table has one node here"),
    Exemption("ElastiCache.5", LOCAL, "the sandbox's Redis has no certificate"),
    Exemption("RDS.5", SMALL, "the sizing table has one zone here"),
    Exemption(
        "RDS.6",
        EVERYWHERE,
        "alarms and Database Insights measure it; figures of processes would go to a log group of the whole account",
    ),
    Exemption("RDS.8", SMALL, "the sizing table has no deletion protection here"),
    Exemption(
        "RDS.10",
        EVERYWHERE,
        "tasks log in as a user of their own, by a secret that is read for each connection and that `rotate` changes",
    ),
    Exemption("RDS.23", EVERYWHERE, "requirement R1 names the port 5432, which the tasks alone reach"),
    Exemption("RDS.26", LOCAL, "the sandbox's database lives in a folder of this machine"),
    Exemption("RDS.36", LOCAL, "the sandbox's PostgreSQL writes its log to a file of this machine"),
    Exemption("RDS.38", LOCAL, "the sandbox's PostgreSQL has no certificate"),
    Exemption(
        "S3.9",
        ACCOUNTS,
        "what tasks read and write is in the engine's log, and a bucket of logs that logs itself never ends",
    ),
    Exemption(
        "SecretsManager.1",
        EVERYWHERE,
        "the command `rotate` does it by the stack's tasks: a function of AWS's would need the admin's password",
    ),
    Exemption("SNS.1", LOCAL, "nothing is sent from the sandbox, and nothing kept"),
    Exemption("Workflow.3", SMALL, "the data is not kept when the stack goes"),
    Exemption("Workflow.7", SMALL, "the sizing table has no deletion protection here"),
)


def exemption(control: str, environment: str) -> Exemption | None:
    """Why a rule need not hold in an environment; None where it has to."""
    for entry in EXEMPTIONS:
        if entry.control == control and environment in entry.environments:
            return entry
    return None
