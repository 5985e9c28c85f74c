"""What has to hold between the keys of a stack; a key on its own is checked by its type.

A rule names the keys that it needs and runs when all of them could be read, so that one wrong key hides no other
problem.
"""

import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from ipaddress import IPv4Network
from itertools import combinations
from typing import NamedTuple

from infra.contract import Contract, EngineValue
from infra.ports import HTTPS_PORT
from infra.problems import Problem

LONG_POLL_SECONDS = 60
"""How long the API holds a request that waits for the end of an execution (`?wait=` of REST v1)."""

_FARGATE_MEMORY: Mapping[int, Sequence[int]] = {
    256: (512, 1024, 2048),
    512: range(1024, 4097, 1024),
    1024: range(2048, 8193, 1024),
    2048: range(4096, 16385, 1024),
    4096: range(8192, 30721, 1024),
    8192: range(16384, 61441, 4096),
    16384: range(32768, 122881, 8192),
}
"""Memory in MiB that Fargate offers by CPU units ("Task size" in the Amazon ECS Developer Guide)."""


_PREFIX_LENGTHS = (16, 27)
"""The widest range of a VPC, and the narrowest that a load balancer takes ("Application Load Balancers": subnets)."""

_RESERVED_USERS = frozenset({"admin", "none", "postgres", "public", "rdsadmin", "user"})
_RESERVED_DATABASES = frozenset({"postgres", "rdsadmin", "template0", "template1"})

_LONGEST_STACK_NAME = 12
"""What the 32 characters of a load balancer's name leave, after `workflow-`, `-ui` and 8 that Pulumi adds."""

_SHORTEST_RECOVERY_DAYS = 7
"""RecoveryWindowInDays of DeleteSecret, which else deletes at once."""


class Rule(NamedTuple):
    """A check over the values of some keys, given in this order."""

    keys: tuple[str, ...]
    check: Callable[..., Iterator[Problem]]


def check(values: Mapping[str, object], stack: str, contract: Contract) -> Iterator[Problem]:
    """Every rule that the values break."""
    known = {**values, "stack": stack, "contract": contract}
    for rule in RULES:
        keys = [key if key in ("stack", "contract") or ":" in key else f"workflow:{key}" for key in rule.keys]
        if all(key in known for key in keys):
            yield from rule.check(*(known[key] for key in keys))


def _problem(key: str, value: object, wanted: str) -> Problem:
    return Problem(f"workflow:{key}", f"is {str(value).lower() if isinstance(value, bool) else value}", wanted)


def _stack_name(stack: str, environment: str) -> Iterator[Problem]:
    if stack != environment and not stack.startswith(f"{environment}-"):
        wanted = f"the stack {stack} must be named {environment}, or {environment}- and a suffix"
        yield _problem("environment", environment, wanted)
    if len(stack) > _LONGEST_STACK_NAME or not re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", stack):
        allowed = f"at most {_LONGEST_STACK_NAME} lower-case letters, digits and single - between them"
        wanted = f"the stack {stack} must be named in {allowed}, as its name is part of those of load balancers"
        yield _problem("environment", environment, wanted)


def _fargate_pair(cpu: int, memory: int) -> Iterator[Problem]:
    sizes = _FARGATE_MEMORY[cpu]
    if memory not in sizes:
        several = f"{sizes[0]} to {sizes[-1]} in steps of {sizes[1] - sizes[0]}"
        wanted = several if isinstance(sizes, range) else "one of " + ", ".join(map(str, sizes))
        yield _problem("taskMemory", memory, f"must be {wanted} for a taskCpu of {cpu}")


def _subnets(
    vpc: IPv4Network,
    zones: int,
    public: Sequence[IPv4Network],
    private: Sequence[IPv4Network],
    data: Sequence[IPv4Network],
) -> Iterator[Problem]:
    tiers = {"publicSubnetCidrs": public, "privateSubnetCidrs": private, "dataSubnetCidrs": data}
    for key, cidrs in tiers.items():
        if len(cidrs) < zones:
            wanted = f"must have a range for each of the {zones} availabilityZones"
            yield _problem(key, f"a list of {len(cidrs)}", wanted)
    placed = [(key, cidr) for key, cidrs in tiers.items() for cidr in cidrs]
    yield from _block_sizes([("vpcCidr", vpc), *placed])
    for key, cidr in placed:
        if not cidr.subnet_of(vpc):
            yield _problem(key, cidr, f"must lie inside vpcCidr {vpc}")
    for (key, cidr), (other_key, other) in combinations(placed, 2):
        if cidr.overlaps(other):
            yield _problem(other_key, other, f"must not overlap {cidr} of {key}")


def _block_sizes(cidrs: Sequence[tuple[str, IPv4Network]]) -> Iterator[Problem]:
    widest, narrowest = _PREFIX_LENGTHS
    for key, cidr in cidrs:
        if not widest <= cidr.prefixlen <= narrowest:
            yield _problem(key, cidr, f"must be a range between /{widest} and /{narrowest}")


def _certificate(environment: str, arn: str, domain_name: str, region: str, http_port: int) -> Iterator[Problem]:
    if not arn:
        if environment != "local":
            wanted = f"the stack {environment} serves HTTPS only and needs the ARN of an ACM certificate in {region}"
            yield Problem("workflow:certificateArn", "is not set", wanted)
    elif arn.split(":")[3] != region:
        yield _problem("certificateArn", arn, f"must be in aws:region {region}")
    if not domain_name and (arn or environment != "local"):
        wanted = "must be a host name that the certificate covers, as clients check it"
        yield Problem("workflow:domainName", "is not set", wanted)
    if arn and http_port == HTTPS_PORT:
        yield _problem("httpPort", http_port, "must differ from 443, which is the port of HTTPS")


def _ports(api: int, management: int) -> Iterator[Problem]:
    if api == management:
        yield _problem("managementPort", management, "must differ from apiPort, as the API is public and it is not")


def _egress(ports: Sequence[int]) -> Iterator[Problem]:
    if HTTPS_PORT not in ports:
        yield _problem("taskEgressPorts", list(ports), "must contain 443, the port of the AWS APIs")
    if len(set(ports)) < len(ports):
        yield _problem("taskEgressPorts", list(ports), "must name each port once")


def _clients(cidrs: Sequence[IPv4Network]) -> Iterator[Problem]:
    if len(set(cidrs)) < len(cidrs):
        yield _problem("allowedCidrs", ", ".join(map(str, cidrs)), "must name each range once")


def _health_check(interval: int, timeout: int) -> Iterator[Problem]:
    if timeout >= interval:
        yield _problem("healthCheckTimeout", timeout, f"must be below healthCheckInterval {interval}")


def _keep_alive(idle: int, overrides: Mapping[str, EngineValue], contract: Contract) -> Iterator[Problem]:
    keep_alive = contract.effective("KEEP_ALIVE_SECONDS", overrides)
    if not LONG_POLL_SECONDS < idle < keep_alive:
        between = f"the long poll's {LONG_POLL_SECONDS} s and below the engine's KEEP_ALIVE_SECONDS {keep_alive:g}"
        wanted = f"must be above {between}"
        yield _problem("loadBalancerIdleTimeout", idle, wanted)


def _deregistration(delay: int) -> Iterator[Problem]:
    if delay < LONG_POLL_SECONDS:
        wanted = f"must be at least the long poll's {LONG_POLL_SECONDS} s, or a deployment cuts requests that wait"
        yield _problem("deregistrationDelay", delay, wanted)


def _drain(stop: int, overrides: Mapping[str, EngineValue], contract: Contract) -> Iterator[Problem]:
    drain = contract.effective("SHUTDOWN_DRAIN_SECONDS", overrides)
    if not drain < stop:
        yield _problem("stopTimeout", stop, f"must be above the engine's SHUTDOWN_DRAIN_SECONDS {drain:g}")


def _engine_settings(overrides: Mapping[str, EngineValue], contract: Contract) -> Iterator[Problem]:
    for name, value in overrides.items():
        wrong = contract.check(name, value)
        if wrong:
            found, _, wanted = wrong.partition(": ")
            yield Problem(f"workflow:engineSettings.{name}", found, wanted)


def _autoscaling(enabled: bool, minimum: int, desired: int, maximum: int) -> Iterator[Problem]:  # noqa: FBT001 the value of a key
    if enabled and not minimum <= desired <= maximum:
        wanted = f"must be between autoscalingMinimum {minimum} and autoscalingMaximum {maximum}"
        yield _problem("desiredCount", desired, wanted)


def _replacement(least: int, most: int, autoscaled: bool, desired: int, minimum: int) -> Iterator[Problem]:  # noqa: FBT001 the value of a key
    tasks = minimum if autoscaled else desired
    kept = math.ceil(tasks * least / 100)
    if tasks and tasks * most // 100 <= kept:
        needed = math.ceil((kept + 1) / tasks * 100)
        wanted = f"must be at least {needed}, as deploymentMinimumHealthyPercent {least} keeps {kept} of {tasks} tasks"
        yield _problem("deploymentMaximumPercent", most, wanted)


def _connections(
    alarm: int,
    autoscaled: bool,  # noqa: FBT001 the value of a key
    desired: int,
    maximum: int,
    most: int,
    overrides: Mapping[str, EngineValue],
    contract: Contract,
) -> Iterator[Problem]:
    tasks = (maximum if autoscaled else desired) * most // 100
    connections = tasks * int(contract.effective("DATABASE_POOL_SIZE", overrides))
    if alarm < connections:
        wanted = f"must be at least {connections}, the DATABASE_POOL_SIZE of {tasks} tasks in a deployment"
        yield _problem("alarmDatabaseConnections", alarm, wanted)


def _secret_recovery(days: int) -> Iterator[Problem]:
    if 0 < days < _SHORTEST_RECOVERY_DAYS:
        yield _problem("secretRecoveryDays", days, "must be 0, or 7 to 30 days")


def _storage(storage: int, most: int, alarm: int) -> Iterator[Problem]:
    # "Managing capacity automatically with Amazon RDS storage autoscaling" in the Amazon RDS User Guide.
    least = storage + math.ceil(storage / 10)
    if most < least:
        wanted = f"must be at least {least}, a tenth above databaseStorage {storage}"
        yield _problem("databaseMaxStorage", most, wanted)
    if alarm >= storage:
        yield _problem("alarmDatabaseFreeStorage", alarm, f"must be below databaseStorage {storage}")


def _database_names(database: str, user: str, admin: str) -> Iterator[Problem]:
    if user == admin:
        yield _problem("databaseUser", user, "must differ from databaseAdminUser, which may do more")
    for key, name in (("databaseUser", user), ("databaseAdminUser", admin)):
        if name in _RESERVED_USERS or name.startswith(("pg_", "rds_")):
            yield _problem(key, name, "must not be a name that PostgreSQL or RDS keeps for itself")
    if database in _RESERVED_DATABASES:
        yield _problem("databaseName", database, "must not be a name that PostgreSQL or RDS keeps for itself")


def _parameters(parameters: Mapping[str, str]) -> Iterator[Problem]:
    for name, value in parameters.items():
        key = f"databaseParameters.{name}"
        if name == "rds.force_ssl":
            yield Problem(f"workflow:{key}", "may not be set here", "databaseTls says whether TLS is forced")
        elif not re.fullmatch(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)?", name):
            yield Problem(f"workflow:{key}", "is unknown", "must be the name of a PostgreSQL parameter")
        elif re.fullmatch(r"-?[0-9.]+ *[A-Za-z]+", value):
            yield _problem(key, value, "must be a number in the parameter's own unit, as RDS takes no other")


def _tls(environment: str, database: bool, cache: bool) -> Iterator[Problem]:  # noqa: FBT001 the values of keys
    for key, tls in (("databaseTls", database), ("cacheTls", cache)):
        if not tls and environment != "local":
            yield _problem(key, tls, "must be true; only local may go without TLS")


RULES = (
    Rule(("stack", "environment"), _stack_name),
    Rule(("taskCpu", "taskMemory"), _fargate_pair),
    Rule(("vpcCidr", "availabilityZones", "publicSubnetCidrs", "privateSubnetCidrs", "dataSubnetCidrs"), _subnets),
    Rule(("environment", "certificateArn", "domainName", "aws:region", "httpPort"), _certificate),
    Rule(("allowedCidrs",), _clients),
    Rule(("apiPort", "managementPort"), _ports),
    Rule(("taskEgressPorts",), _egress),
    Rule(("healthCheckInterval", "healthCheckTimeout"), _health_check),
    Rule(("loadBalancerIdleTimeout", "engineSettings", "contract"), _keep_alive),
    Rule(("deregistrationDelay",), _deregistration),
    Rule(("stopTimeout", "engineSettings", "contract"), _drain),
    Rule(("engineSettings", "contract"), _engine_settings),
    Rule(("autoscaling", "autoscalingMinimum", "desiredCount", "autoscalingMaximum"), _autoscaling),
    Rule(
        (
            "deploymentMinimumHealthyPercent",
            "deploymentMaximumPercent",
            "autoscaling",
            "desiredCount",
            "autoscalingMinimum",
        ),
        _replacement,
    ),
    Rule(
        (
            "alarmDatabaseConnections",
            "autoscaling",
            "desiredCount",
            "autoscalingMaximum",
            "deploymentMaximumPercent",
            "engineSettings",
            "contract",
        ),
        _connections,
    ),
    Rule(("secretRecoveryDays",), _secret_recovery),
    Rule(("databaseStorage", "databaseMaxStorage", "alarmDatabaseFreeStorage"), _storage),
    Rule(("databaseName", "databaseUser", "databaseAdminUser"), _database_names),
    Rule(("databaseParameters",), _parameters),
    Rule(("environment", "databaseTls", "cacheTls"), _tls),
)
