"""Rules of the database, its backups."""

from collections.abc import Iterator, Mapping, Sequence

from infra.policy.resources import UNKNOWN, Resource, mappings
from infra.policy.rule import (
    Check,
    Rule,
    StackRule,
    must_be_at_least,
    must_be_true,
    must_not_be,
    must_not_be_false,
    must_not_be_true,
)
from infra.ports import POSTGRESQL_PORT

_DATABASE = ("aws:rds/instance:Instance",)
_SELECTION = "aws:backup/selection:Selection"
_LOG_EXPORTS = "enabledCloudwatchLogsExports"

BACKUP_DAYS = 7
"""The least that RDS.11 asks for."""


def plain_connections(resource: Resource) -> Iterator[str]:
    """A parameter group of PostgreSQL that doesn't force TLS."""
    if not str(resource.get("family")).startswith("postgres") or resource.get("parameters") is UNKNOWN:
        return
    values = {entry.get("name"): entry.get("value") for entry in mappings(resource.items("parameters"))}
    if values.get("rds.force_ssl") != "1":
        yield "rds.force_ssl is not 1"


def of_primaries(check: Check) -> Check:
    """A check of instances that aren't read replicas, which hold nothing that their primary doesn't."""

    def check_primary(resource: Resource) -> Iterator[str]:
        if not resource.get("replicateSourceDb"):
            yield from check(resource)

    return check_primary


def keeps_logs_to_itself(resource: Resource) -> Iterator[str]:
    """A PostgreSQL instance whose log stays on the instance."""
    known = resource.get(_LOG_EXPORTS) is not UNKNOWN
    if known and resource.get("engine") == "postgres" and "postgresql" not in resource.items(_LOG_EXPORTS):
        yield f"{_LOG_EXPORTS} has no postgresql"


def leaves_recovery_points_untagged(resource: Resource) -> Iterator[str]:
    """A plan with a rule whose recovery points get no tags."""
    for rule in mappings(resource.items("rules")):
        if not rule.get("recoveryPointTags"):
            yield f"the rule {rule.get('ruleName')} gives no tags"


def is_in_no_plan(resource: Resource, stack: Sequence[Resource]) -> Iterator[str]:
    """An instance whose tags no backup plan of the stack selects; what is a copy of another one needs none."""
    tags = resource.get("tags")
    selections = [other for other in stack if other.type == _SELECTION]
    unknown = tags is UNKNOWN or any(selection.get("selectionTags") is UNKNOWN for selection in selections)
    if unknown or resource.get("replicateSourceDb"):
        return
    held = tags if isinstance(tags, Mapping) else {}
    selected = [tag for selection in selections for tag in mappings(selection.items("selectionTags"))]
    if not any(tag.get("key") in held and held[tag.get("key")] == tag.get("value") for tag in selected):
        yield "no backup plan selects any of its tags"


RULES: tuple[Rule | StackRule, ...] = (
    Rule(
        "Backup.2",
        "Recovery points are tagged.",
        "Set recoveryPointTags in each rule of the plan.",
        ("aws:backup/plan:Plan",),
        leaves_recovery_points_untagged,
    ),
    Rule(
        "RDS.2",
        "The database has no public address.",
        "Set publiclyAccessible to false.",
        _DATABASE,
        must_not_be_true("publiclyAccessible"),
    ),
    Rule(
        "RDS.3",
        "The database is encrypted at rest.",
        "Set storageEncrypted to true.",
        _DATABASE,
        must_be_true("storageEncrypted"),
    ),
    Rule(
        "RDS.5",
        "A second instance in another zone takes over when the database fails.",
        "Set multiAz to true.",
        _DATABASE,
        of_primaries(must_be_true("multiAz")),
    ),
    Rule(
        "RDS.6",
        "The database's host is measured (enhanced monitoring).",
        "Set monitoringInterval to 60 and name a role as monitoringRoleArn.",
        _DATABASE,
        must_be_at_least("monitoringInterval", 1),
    ),
    Rule(
        "RDS.8",
        "The database is protected from deletion; a read replica, which holds nothing of its own, needn't be.",
        "Set deletionProtection to true.",
        _DATABASE,
        of_primaries(must_be_true("deletionProtection")),
    ),
    Rule(
        "RDS.10",
        "The database lets users of IAM in.",
        "Set iamDatabaseAuthenticationEnabled to true.",
        _DATABASE,
        must_be_true("iamDatabaseAuthenticationEnabled"),
    ),
    Rule(
        "RDS.11",
        f"The database is backed up every day, and backups are kept for {BACKUP_DAYS} days or more.",
        f"Set backupRetentionPeriod to {BACKUP_DAYS} or more.",
        _DATABASE,
        of_primaries(must_be_at_least("backupRetentionPeriod", BACKUP_DAYS)),
    ),
    Rule(
        "RDS.13",
        "The database takes minor versions by itself.",
        "Set autoMinorVersionUpgrade to true.",
        _DATABASE,
        must_not_be_false("autoMinorVersionUpgrade"),
    ),
    Rule(
        "RDS.17",
        "Snapshots get the tags of their database.",
        "Set copyTagsToSnapshot to true.",
        _DATABASE,
        must_be_true("copyTagsToSnapshot"),
    ),
    Rule(
        "RDS.23",
        "The database listens at another port than its engine's usual one.",
        f"Set port to another one than {POSTGRESQL_PORT}.",
        _DATABASE,
        of_primaries(must_not_be("port", None, POSTGRESQL_PORT)),
    ),
    Rule(
        "RDS.25",
        "The database's admin user has a name of its own.",
        "Set username to another name than postgres or admin.",
        _DATABASE,
        must_not_be("username", "postgres", "admin"),
    ),
    StackRule(
        "RDS.26",
        "AWS Backup keeps recovery points of the database.",
        "Give it a tag that an aws.backup.Selection of the stack has among its selectionTags.",
        _DATABASE,
        is_in_no_plan,
    ),
    Rule(
        "RDS.36",
        "The log of PostgreSQL goes to CloudWatch Logs.",
        "Add postgresql to enabledCloudwatchLogsExports.",
        _DATABASE,
        keeps_logs_to_itself,
    ),
    Rule(
        "RDS.38",
        "PostgreSQL takes TLS connections alone.",
        "Set the parameter rds.force_ssl to 1.",
        ("aws:rds/parameterGroup:ParameterGroup",),
        plain_connections,
    ),
    Rule(
        "Workflow.3",
        "A database that is destroyed leaves a snapshot.",
        "Set skipFinalSnapshot to false.",
        _DATABASE,
        of_primaries(must_not_be_true("skipFinalSnapshot")),
    ),
)
