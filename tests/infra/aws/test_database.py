"""The database: size, encryption, TLS, reach, and what is left when it goes."""

import subprocess

import pytest

from infra.aws.database import STATIC_PARAMETERS, parameter_list
from sandbox.data.binaries import postgres
from tests.infra.stacks import ENVIRONMENTS, Properties, deploy_stack, deployed, settings_of

NOT_OF_RDS = (
    "archive_mode", "bonjour", "cluster_name", "data_", "dynamic_shared_memory_type", "event_source",
    "external_pid_file", "hba_file", "hot_standby", "huge_page_size", "ident_file", "listen_addresses",
    "logging_collector", "port", "recovery_target", "shared_memory_type", "unix_socket_", "wal_level", "wal_log_hints",
)  # fmt: skip
"""What parameters start with that RDS lets nobody set."""


def instance(environment: str) -> Properties:
    return deployed(environment)[0].one("Instance")


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_encrypted_and_private(environment: str) -> None:
    made = instance(environment)
    assert made["engine"] == "postgres"
    assert made["storageEncrypted"] is True
    assert made["storageType"] == "gp3"
    assert made["publiclyAccessible"] is False
    assert made["vpcSecurityGroupIds"] == [f"workflow-{environment}-firewall-database-id"]
    subnets = deployed(environment)[0].one("SubnetGroup", "-database")["subnetIds"]
    assert all("-data-" in subnet for subnet in subnets)


@pytest.mark.parametrize(
    ("environment", "multi_az", "protected", "backup_days"),
    [("dev", False, False, 7), ("staging", True, True, 30), ("production", True, True, 30)],
)
def test_survival_by_environment(environment: str, multi_az: bool, protected: bool, backup_days: int) -> None:
    made = instance(environment)
    assert made["multiAz"] is multi_az
    assert made["deletionProtection"] is protected
    assert made["backupRetentionPeriod"] == backup_days
    assert made["skipFinalSnapshot"] is not protected
    assert ("finalSnapshotIdentifier" in made) is protected
    assert made["copyTagsToSnapshot"] is True


@pytest.mark.parametrize(("environment", "storage", "most"), [("dev", 20, 100), ("production", 100, 1000)])
def test_storage_grows_by_itself_to_a_limit(environment: str, storage: int, most: int) -> None:
    made = instance(environment)
    assert (made["allocatedStorage"], made["maxAllocatedStorage"]) == (storage, most)


def test_it_stands_in_the_data_subnets() -> None:
    group = deployed("production")[0].one("SubnetGroup", "-database")
    assert instance("production")["dbSubnetGroupName"] == "workflow-production-database"
    assert len(group["subnetIds"]) == 3


@pytest.mark.parametrize(("environment", "protected"), [("dev", False), ("staging", True), ("production", True)])
def test_pulumi_neither_deletes_nor_replaces_a_protected_database(environment: str, protected: bool) -> None:
    account, _ = deployed(environment)
    assert account.options[f"aws:rds/instance:Instance workflow-{environment}-database"].protect is protected


@pytest.mark.parametrize(("version", "follows"), [("17", True), ("17.6", False)])
def test_a_minor_version_stays_where_it_is_asked_for(version: str, follows: bool) -> None:
    account, _ = deploy_stack("dev", databaseVersion=version)
    made = account.one("Instance")
    assert (made["engineVersion"], made["autoMinorVersionUpgrade"]) == (version, follows)
    assert account.one("ParameterGroup", "-database")["family"] == "postgres17"


@pytest.mark.parametrize("immediately", [True, False])
def test_changes_are_made_when_the_stack_says(immediately: bool) -> None:
    account, _ = deploy_stack("dev", applyImmediately=immediately)
    assert account.one("Instance")["applyImmediately"] is immediately
    assert account.one("ReplicationGroup")["applyImmediately"] is immediately


@pytest.mark.parametrize(("environment", "days"), [("dev", 30), ("production", 90)])
def test_its_log_is_kept_as_long_as_the_others(environment: str, days: int) -> None:
    account, _ = deployed(environment)
    assert instance(environment)["enabledCloudwatchLogsExports"] == ["postgresql", "upgrade"]
    for log in ("postgresql", "upgrade"):
        group = account.one("LogGroup", f"-database-{log}")
        assert group["name"] == f"/aws/rds/instance/workflow-{environment}-database/{log}"
        assert group["retentionInDays"] == days


def test_the_log_of_local_stays_where_it_is() -> None:
    assert "enabledCloudwatchLogsExports" not in instance("local")
    assert not [made for made in deployed("local")[0].of("LogGroup") if "-database" in made.name]


def test_its_log_groups_are_there_before_it() -> None:
    account, _ = deployed("dev")
    waited = account.options["aws:rds/instance:Instance workflow-dev-database"].depends_on
    assert isinstance(waited, list)
    assert {group._name for group in waited} == {f"workflow-dev-database-{log}" for log in ("postgresql", "upgrade")}


@pytest.mark.parametrize(("mode", "days"), [("standard", 7), ("advanced", 465)])
def test_insights(mode: str, days: int) -> None:
    made = deploy_stack("dev", databaseInsights=mode, encryptionKey="stack")[0].one("Instance")
    assert (made["databaseInsightsMode"], made["performanceInsightsEnabled"]) == (mode, True)
    assert made["performanceInsightsRetentionPeriod"] == days
    assert made["performanceInsightsKmsKeyId"] == made["kmsKeyId"]


def test_no_insights() -> None:
    assert not [name for name in instance("local") if "nsights" in name]


def test_final_snapshots_of_two_lives_have_two_names() -> None:
    assert instance("production")["finalSnapshotIdentifier"] == "workflow-production-database-final"
    subnet_group = deployed("production")[0].one("SubnetGroup", "-database")
    assert "name" not in subnet_group, "the name must be generated, as the snapshot's follows from it"


@pytest.mark.parametrize(("environment", "forced"), [("local", "0"), ("dev", "1"), ("production", "1")])
def test_parameters(environment: str, forced: str) -> None:
    group = deployed(environment)[0].one("ParameterGroup", "-database")
    assert group["family"] == "postgres17"
    parameters = {parameter["name"]: parameter["value"] for parameter in group["parameters"]}
    assert parameters == {
        "checkpoint_completion_target": "0.9",
        "log_min_duration_statement": "1000",
        "log_statement": "ddl",
        "random_page_cost": "1.1",
        "rds.force_ssl": forced,
    }


def test_parameters_that_need_a_restart() -> None:
    settings = settings_of("dev", databaseParameters={"max_connections": "200", "work_mem": "8192"}).database
    methods = {str(parameter.name): parameter.apply_method for parameter in parameter_list(settings)}
    assert methods == {"max_connections": "pending-reboot", "rds.force_ssl": "immediate", "work_mem": "immediate"}


def test_every_parameter_that_postgresql_reads_at_its_start_alone_is_known() -> None:
    described = subprocess.run(
        [postgres().path, "--describe-config"], capture_output=True, text=True, check=True
    ).stdout
    columns = [line.split("\t") for line in described.splitlines()]
    at_start = {name for name, context, *_ in columns if context.lower() == "postmaster"}
    assert "max_connections" in at_start
    assert {name for name in at_start - STATIC_PARAMETERS if not name.startswith(NOT_OF_RDS)} == set()
