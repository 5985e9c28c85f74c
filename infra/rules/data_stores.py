"""The database and the cache."""

import math
import re
from collections.abc import Iterator, Mapping

from infra.contract import Contract, EngineValue
from infra.problems import Problem
from infra.processes import processes
from infra.rules.rule import Rule, problem

_RESERVED_USERS = frozenset({"admin", "none", "postgres", "public", "rdsadmin", "user"})
_RESERVED_DATABASES = frozenset({"postgres", "rdsadmin", "template0", "template1"})


def _connections(
    alarm: int,
    autoscaled: bool,  # noqa: FBT001 the value of a key
    desired: int,
    maximum: int,
    most: int,
    cpu: int,
    overrides: Mapping[str, EngineValue],
    contract: Contract,
) -> Iterator[Problem]:
    tasks = (maximum if autoscaled else desired) * most // 100
    each = processes(cpu, overrides)
    connections = tasks * each * int(contract.effective("DATABASE_POOL_SIZE", overrides))
    if alarm < connections:
        pools = f"{tasks} tasks" if each == 1 else f"the {each} processes of each of {tasks} tasks"
        wanted = f"must be at least {connections}, the DATABASE_POOL_SIZE of {pools} in a deployment"
        yield problem("alarmDatabaseConnections", alarm, wanted)


def _storage(storage: int, most: int, alarm: int) -> Iterator[Problem]:
    # "Managing capacity automatically with Amazon RDS storage autoscaling" in the Amazon RDS User Guide.
    least = storage + math.ceil(storage / 10)
    if most < least:
        wanted = f"must be at least {least}, a tenth above databaseStorage {storage}"
        yield problem("databaseMaxStorage", most, wanted)
    if alarm >= storage:
        yield problem("alarmDatabaseFreeStorage", alarm, f"must be below databaseStorage {storage}")


def _database_names(database: str, user: str, admin: str) -> Iterator[Problem]:
    if user == admin:
        yield problem("databaseUser", user, "must differ from databaseAdminUser, which may do more")
    for key, name in (("databaseUser", user), ("databaseAdminUser", admin)):
        if name in _RESERVED_USERS or name.startswith(("pg_", "rds_")):
            yield problem(key, name, "must not be a name that PostgreSQL or RDS keeps for itself")
    if database in _RESERVED_DATABASES:
        yield problem("databaseName", database, "must not be a name that PostgreSQL or RDS keeps for itself")


def _parameters(parameters: Mapping[str, str]) -> Iterator[Problem]:
    for name, value in parameters.items():
        key = f"databaseParameters.{name}"
        if name == "rds.force_ssl":
            yield Problem(f"workflow:{key}", "may not be set here", "databaseTls says whether TLS is forced")
        elif not re.fullmatch(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)?", name):
            yield Problem(f"workflow:{key}", "is unknown", "must be the name of a PostgreSQL parameter")
        elif re.fullmatch(r"-?[0-9.]+ *[A-Za-z]+", value):
            yield problem(key, value, "must be a number in the parameter's own unit, as RDS takes no other")


def _tls(environment: str, database: bool, cache: bool) -> Iterator[Problem]:  # noqa: FBT001 the values of keys
    for key, tls in (("databaseTls", database), ("cacheTls", cache)):
        if not tls and environment != "local":
            yield problem(key, tls, "must be true; only local may go without TLS")


RULES = (
    Rule(
        (
            "alarmDatabaseConnections",
            "autoscaling",
            "desiredCount",
            "autoscalingMaximum",
            "deploymentMaximumPercent",
            "taskCpu",
            "engineSettings",
            "contract",
        ),
        _connections,
    ),
    Rule(("databaseStorage", "databaseMaxStorage", "alarmDatabaseFreeStorage"), _storage),
    Rule(("databaseName", "databaseUser", "databaseAdminUser"), _database_names),
    Rule(("databaseParameters",), _parameters),
    Rule(("environment", "databaseTls", "cacheTls"), _tls),
)
