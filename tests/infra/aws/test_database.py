"""The database: size, encryption, TLS, reach, and what is left when it goes."""

import pytest

from infra.aws.database import parameter_list
from tests.infra.stacks import ENVIRONMENTS, Properties, deployed, settings_of


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
