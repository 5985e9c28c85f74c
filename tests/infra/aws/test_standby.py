"""The second region: what stands by there, what it shares with the first, what a failover changes in the program."""

import json

import pytest

from infra.policy.statements import statements
from infra.problems import ConfigurationError
from infra.settings import load
from tests.infra.stacks import CONTRACT, ZONE, Account, Properties, configuration, deploy, deploy_stack, program

DATABASE, RECORD = "aws:rds/instance:Instance", "aws:route53/record:Record"
NAMES = ("accessKeys", "databaseAdmin", "databaseUser", "tokenKey")
SECRETS = {name: f"arn:aws:secretsmanager:us-west-2:123456789012:secret:{name}-AbCdEf" for name in NAMES}
ARCHIVE = {
    "replicatedArchive": "workflow-production-archive-copy-1a2b3c4",
    "replicatedArchiveKey": "arn:aws:kms:us-west-2:123456789012:key/0f0e0d0c-0b0a-4908-8706-050403020100",
}
SOURCE = "arn:aws:rds:us-east-1:123456789012:db:workflow-production-database"
DNS: dict[str, object] = {"certificateArn": "", "hostedZone": ZONE, "encryptionKey": "stack"}
SECOND: dict[str, object] = {
    **DNS,
    "standby": True,
    "primaryStack": "production",
    "replicatedSecrets": SECRETS,
    **ARCHIVE,
    "databaseReplicaOf": SOURCE,
    "imageTag": "v1",
}


def config(**overrides: object) -> dict[str, str]:
    return {**configuration("production", **{**SECOND, **overrides}), "aws:region": "us-west-2"}


def second(**overrides: object) -> tuple[Account, Properties]:
    """The stack of the second region."""
    account = Account(region="us-west-2")
    return account, deploy(account, program, "production-2", config(**overrides))


@pytest.fixture(scope="module")
def standby() -> tuple[Account, Properties]:
    return second()


@pytest.fixture(scope="module")
def promoted() -> tuple[Account, Properties]:
    return second(standby=False)


@pytest.fixture(scope="module")
def first() -> Account:
    return deploy_stack("production", standbyRegion="us-west-2", **DNS)[0]


def database(account: Account) -> Properties:
    return account.one("rds/instance:Instance")


def engine_variables(account: Account) -> dict[str, str]:
    definitions = json.loads(account.one("TaskDefinition")["containerDefinitions"])
    [engine] = [each for each in definitions if each["name"] == "engine"]
    plain = {entry["name"]: entry["value"] for entry in engine["environment"]}
    return plain | {entry["name"]: entry["valueFrom"] for entry in engine["secrets"]}


def aliases(account: Account) -> list[str]:
    return [made.name for made in account.of("Record") if "aliases" in made.inputs]


def test_a_standby_has_everything_but_tasks(standby: tuple[Account, Properties]) -> None:
    account, exports = standby
    for kind in ("ecs/service:Service", "TaskDefinition", "appautoscaling/target:Target"):
        assert account.of(kind) == []
    for kind in ("Cluster", "ReplicationGroup", "ecr/repository:Repository"):
        assert len(account.of(kind)) == 1
    assert len(account.of("LoadBalancer")) > 0
    assert exports["serviceName"] == ""
    assert exports["desiredCount"] == 0
    assert exports["imageTag"] == "v1"


def test_its_database_follows_the_first_regions_under_its_own_key(standby: tuple[Account, Properties]) -> None:
    made = database(standby[0])
    key = standby[0].arn("aws:kms/key:Key", "workflow-production-2-key")
    assert made["replicateSourceDb"] == SOURCE
    assert made["kmsKeyId"] == key
    assert made["multiAz"] is True
    of_primaries_alone = {"allocatedStorage", "backupRetentionPeriod", "dbName", "engine", "password", "username"}
    assert of_primaries_alone & made.keys() == set()


def test_it_has_the_first_stacks_secrets_and_images(promoted: tuple[Account, Properties]) -> None:
    account, exports = promoted
    found = engine_variables(account)
    assert found["JWT_SECRET"] == f"secretsmanager:{SECRETS['tokenKey']}#jwtSecret"
    assert found["API_ACCESS_KEYS"] == f"secretsmanager:{SECRETS['accessKeys']}"
    assert found["WORKFLOW_DB_PASSWORD"] == f"secretsmanager:{SECRETS['databaseUser']}#password"
    assert exports["databaseAdminSecretArn"] == SECRETS["databaseAdmin"]
    assert [made.name for made in account.of("secretsmanager/secret:Secret")] == ["workflow-production-2-secrets-cache"]
    assert account.one("ecr/repository:Repository")["name"] == "workflow-production"


def test_its_roles_read_the_copies(promoted: tuple[Account, Properties]) -> None:
    policies = json.dumps([made.inputs for made in promoted[0].of("RolePolicy")])
    assert all(arn in policies for arn in SECRETS.values())


def test_it_reads_and_writes_the_copy_of_the_first_stacks_archive(promoted: tuple[Account, Properties]) -> None:
    account, exports = promoted
    bucket, key = ARCHIVE["replicatedArchive"], ARCHIVE["replicatedArchiveKey"]
    assert account.of("BucketObjectLockConfiguration") == account.of("BucketReplicationConfig") == []
    assert engine_variables(account)["HISTORY_ARCHIVE"] == exports["archive"] == f"s3://{bucket}/executions"
    task = list(statements(json.loads(account.one("RolePolicy", "-task")["policy"])))
    objects = [found for found in task if "s3:GetObject" in found.actions]
    assert [found.resources for found in objects] == [(f"arn:aws:s3:::{bucket}/executions/*",)]
    through = {"StringEquals": {"kms:ViaService": "s3.us-west-2.amazonaws.com"}}
    assert [found.resources for found in task if found.conditions == through] == [(key,)]


def test_a_failover_starts_tasks_and_backups_and_takes_the_name(
    standby: tuple[Account, Properties], promoted: tuple[Account, Properties]
) -> None:
    before, after = standby[0], promoted[0]
    assert len(after.of("ecs/service:Service")) == 1
    changed = {"backupRetentionPeriod": 30, "tags": {**database(before)["tags"], "backup": "workflow-production-2"}}
    assert database(after) == {**database(before), **changed}
    assert aliases(before) == []
    assert aliases(after) == ["workflow-production-2-domain"]


def test_the_name_is_taken_over_and_not_deleted_by_who_had_it(first: Account) -> None:
    assert first.one("Record", "-domain")["allowOverwrite"] is True
    assert first.options[f"{RECORD} workflow-production-domain"].retain_on_delete is True


def test_a_stack_without_a_second_region_has_its_name_to_itself() -> None:
    account, _ = deploy_stack("production", **DNS)
    assert "allowOverwrite" not in account.one("Record", "-domain")
    assert not account.options[f"{RECORD} workflow-production-domain"].retain_on_delete
    assert not account.options[f"{DATABASE} workflow-production-database"].retain_on_delete
    assert all("replicas" not in made.inputs for made in account.of("secretsmanager/secret:Secret"))


def test_the_first_stack_copies_what_belongs_to_the_data(first: Account) -> None:
    copied = {made.name: made.inputs.get("replicas") for made in first.of("secretsmanager/secret:Secret")}
    there = [{"region": "us-west-2"}]
    prefix = "workflow-production-secrets"
    of_the_data = {
        f"{prefix}-{label}": there for label in ("access-keys", "database-admin", "database-user", "token-key")
    }
    assert copied == {**of_the_data, f"{prefix}-cache": None}


def test_a_database_that_has_served_is_kept_beside_the_replica_after_it() -> None:
    source = "arn:aws:rds:us-west-2:123456789012:db:workflow-production-2-database"
    account, _ = deploy_stack(
        "production",
        standbyRegion="us-west-2",
        standby=True,
        databaseReplicaOf=source,
        databaseGeneration=2,
        encryptionKey="stack",
    )
    assert account.one("rds/instance:Instance", "-database-2")["identifier"] == "workflow-production-database-2"
    options = account.options[f"{DATABASE} workflow-production-database-2"]
    assert options.retain_on_delete is True
    assert "replicateSourceDb" in (options.ignore_changes or [])
    assert options.protect is True


@pytest.mark.parametrize(
    ("overrides", "said"),
    [
        ({"databaseReplicaOf": ""}, 'databaseReplicaOf is "": must be set in a standby'),
        (
            {"databaseReplicaOf": SOURCE.replace("east-1", "west-2")},
            "must be in another region than aws:region us-west-2",
        ),
        ({"encryptionKey": "aws"}, "encryptionKey is aws: must be stack"),
        (
            {"replicatedSecrets": {}},
            "tokenKey where primaryStack is 'production': the command standby --of production writes them",
        ),
        ({"primaryStack": ""}, "must hold nothing where primaryStack is ''"),
        (
            {"replicatedSecrets": {**SECRETS, "tokenKey": SECRETS["tokenKey"].replace("west-2", "east-1")}},
            "replicatedSecrets.tokenKey is",
        ),
        ({"standbyRegion": "us-west-2"}, "standbyRegion is us-west-2: must differ from aws:region us-west-2"),
        ({"standbyRegion": "us-east-1"}, "must be empty where primaryStack is production"),
        ({"databaseReplicaOf": "workflow-production-database"}, "the ARN of a database"),
        ({"replicatedArchive": ""}, 'replicatedArchive is "": must be production\'s output archiveCopyBucket'),
        ({"replicatedArchive": ""}, "and replicatedArchiveKey its archiveCopyKeyArn, or archive false"),
        ({"primaryStack": "", "replicatedSecrets": {}}, 'must be empty where primaryStack is ""'),
        ({"replicatedArchive": "No_Bucket"}, "the name of a bucket"),
        ({"replicatedArchiveKey": "alias/archive"}, "the ARN of a key"),
        ({"replicatedSecrets": {"tokenKey": "secret"}}, "a map of accessKeys, databaseAdmin, databaseUser, tokenKey"),
    ],
)
def test_what_can_not_stand_by(overrides: dict[str, object], said: str) -> None:
    with pytest.raises(ConfigurationError) as raised:
        load(config(**overrides), stack="production-2", contract=CONTRACT)
    assert said in str(raised.value)
