"""Whole stacks: what they export, how their resources are named, and that they are the same each time."""

import msgspec
import pulumi
import pytest

from infra.problems import ConfigurationError
from operations.outputs import Outputs
from tests.infra.stacks import ENVIRONMENTS, Account, Properties, deploy_stack, deployed

EXPORTS = {
    "accessKeysSecretArn",
    "alertsTopicArn",
    "apiUrl",
    "archive",
    "archiveCopyBucket",
    "archiveCopyKeyArn",
    "backupVaultName",
    "cacheEndpoint",
    "cacheSecretArn",
    "cacheUserId",
    "clusterName",
    "dashboardName",
    "databaseAdminSecretArn",
    "databaseArn",
    "databaseEndpoint",
    "databaseReplicaOf",
    "databaseUserSecretArn",
    "desiredCount",
    "environment",
    "imageDigest",
    "imageTag",
    "kafkaBrokers",
    "loadBalancerDnsName",
    "logGroupName",
    "managementUrl",
    "region",
    "registryUrl",
    "serviceName",
    "taskArchitecture",
    "taskDefinitionArn",
    "tokenKeySecretArn",
    "vpcId",
    "webhookSecretArn",
}
LONGEST_LOAD_BALANCER_NAME = 32
GENERATED_SUFFIX = 8
WITH_GENERATED_VALUES = {
    "aws:elasticache/user:User",
    "aws:rds/instance:Instance",
    "aws:secretsmanager/secretVersion:SecretVersion",
}


def inputs(account: Account) -> dict[tuple[str, str], Properties]:
    """What was asked for, by type and name, without what is generated anew in each account."""
    return {(item.type, item.name): item.inputs for item in account.resources if item.type not in WITH_GENERATED_VALUES}


def waits_for(account: Account, resource: str) -> set[str]:
    """The names of the components that a component's options make it wait for."""
    dependencies = account.options[resource].depends_on
    assert isinstance(dependencies, list)
    return {dependency._name for dependency in dependencies if isinstance(dependency, pulumi.Resource)}


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_exports(environment: str) -> None:
    _, exports = deployed(environment)
    assert exports.keys() == EXPORTS
    assert None not in exports.values()


def test_the_operations_read_nothing_else() -> None:
    assert {field.encode_name for field in msgspec.structs.fields(Outputs)} <= EXPORTS


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_names_start_with_project_and_stack_and_are_unique_by_type(environment: str) -> None:
    account, _ = deployed(environment)
    assert all(resource.name.startswith(f"workflow-{environment}") for resource in account.resources)
    identities = [(resource.type, resource.name) for resource in account.resources]
    assert len(set(identities)) == len(identities)


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_names_of_load_balancers_fit(environment: str) -> None:
    for kind in ("LoadBalancer", "TargetGroup"):
        for resource in deployed(environment)[0].of(kind):
            assert len(resource.name) + GENERATED_SUFFIX <= LONGEST_LOAD_BALANCER_NAME


def test_same_configuration_makes_the_same_resources() -> None:
    again, _ = deploy_stack("staging")
    assert inputs(again) == inputs(deployed("staging")[0])


def test_new_tag_changes_the_task_definition_alone() -> None:
    digest = "sha256:" + "cd" * 32
    after, _ = deploy_stack("staging", Account(images={"v2": digest}), imageTag="v2")
    before = inputs(deployed("staging")[0])
    assert before.keys() == inputs(after).keys()
    changed = {key[0] for key, value in inputs(after).items() if before[key] != value}
    assert changed == {"aws:ecs/taskDefinition:TaskDefinition"}


def test_load_balancers_wait_for_the_internet_gateway_and_the_service_for_their_listeners() -> None:
    account, _ = deployed("local")
    for name in ("workflow-local", "workflow-local-ui"):
        assert waits_for(account, f"workflow:aws:LoadBalancer {name}") == {"workflow-local-network"}
    assert waits_for(account, "workflow:aws:Service workflow-local-service") >= {"workflow-local", "workflow-local-ui"}


def test_a_broken_configuration_makes_nothing() -> None:
    account = Account()
    with pytest.raises(ConfigurationError, match=r"Pulumi.dev.yaml has 2 problems"):
        deploy_stack("dev", account, taskCpu=1, taskMemory="much")
    assert account.resources == []
