"""The cache: encryption, TLS, reach, and failover by the number of nodes."""

import pytest

from infra.aws.cache import parameter_family
from infra.aws.cache_users import ENGINE_ACCESS
from tests.infra.stacks import ENVIRONMENTS, Properties, deploy_stack, deployed

LONGEST_ID = 40
"""Of users and user groups (ElastiCache, CreateUser)."""


def cache(environment: str) -> Properties:
    return deployed(environment)[0].one("ReplicationGroup")


def test_encrypted_and_private() -> None:
    made = cache("production")
    assert made["atRestEncryptionEnabled"] is True
    assert made["transitEncryptionEnabled"] is True
    assert made["securityGroupIds"] == ["workflow-production-firewall-cache-id"]
    subnets = deployed("production")[0].one("SubnetGroup", "-cache")["subnetIds"]
    assert all("-data-" in subnet for subnet in subnets)


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_it_knows_the_engine_and_nobody_else(environment: str) -> None:
    account, name = deployed(environment)[0], f"workflow-{environment}-cache"
    made = cache(environment)
    assert made["userGroupIds"] == [f"{name}-users"]
    assert "authToken" not in made
    group = account.one("UserGroup")
    assert (group["userGroupId"], group["engine"]) == (f"{name}-users", "redis")
    assert group["userIds"] == [f"{name}-default", f"{name}-engine"]
    users = {made.inputs["userName"]: made.inputs for made in account.of("elasticache/user:User")}
    assert users["default"]["accessString"] == "off ~* -@all"
    assert users["default"]["noPasswordRequired"] is True
    assert users["workflow"]["accessString"] == ENGINE_ACCESS
    assert [len(password) for password in users["workflow"]["passwords"]] == [64]
    assert {user["userId"] for user in users.values()} == set(group["userIds"])
    assert all(len(identity) <= LONGEST_ID for identity in (*group["userIds"], group["userGroupId"]))


def test_an_auth_token_of_an_earlier_program_goes_with_the_update_that_brings_users() -> None:
    assert cache("production")["authTokenUpdateStrategy"] == "DELETE"


def test_local_has_no_tls() -> None:
    assert cache("local")["transitEncryptionEnabled"] is False


@pytest.mark.parametrize(
    ("environment", "nodes", "failover"), [("dev", 1, False), ("staging", 1, False), ("production", 2, True)]
)
def test_failover_follows_from_the_number_of_nodes(environment: str, nodes: int, failover: bool) -> None:
    made = cache(environment)
    assert made["numCacheClusters"] == nodes
    assert made["automaticFailoverEnabled"] is made["multiAzEnabled"] is failover


def test_a_snapshot_a_day_but_on_a_machine_of_ones_own() -> None:
    assert cache("dev")["snapshotRetentionLimit"] == 1
    assert "snapshotRetentionLimit" not in cache("local")


@pytest.mark.parametrize(("environment", "days"), [("staging", 30), ("production", 90)])
def test_its_logs_are_kept_as_long_as_the_others(environment: str, days: int) -> None:
    delivered = cache(environment)["logDeliveryConfigurations"]
    assert [(each["logType"], each["destinationType"], each["logFormat"]) for each in delivered] == [
        ("engine-log", "cloudwatch-logs", "json"),
        ("slow-log", "cloudwatch-logs", "json"),
    ]
    for each in delivered:
        group = deployed(environment)[0].one("LogGroup", f"-cache-{each['logType']}")
        assert each["destination"] == f"workflow-{environment}-cache-{each['logType']}"
        assert group["retentionInDays"] == days


def test_local_delivers_no_logs() -> None:
    assert "logDeliveryConfigurations" not in cache("local")


def test_version_and_eviction_policy() -> None:
    account, exports = deploy_stack("dev", cacheEvictionPolicy="allkeys-lfu", cacheVersion="6.2")
    group = account.one("ParameterGroup", "-cache")
    assert group["family"] == "redis6.x"
    assert group["parameters"] == [{"name": "maxmemory-policy", "value": "allkeys-lfu"}]
    assert exports["cacheEndpoint"] == "workflow-dev-cache.example.com:6379"


@pytest.mark.parametrize(
    ("version", "family"), [("6.x", "redis6.x"), ("6.2", "redis6.x"), ("7.0", "redis7"), ("7.1", "redis7")]
)
def test_parameter_family(version: str, family: str) -> None:
    assert parameter_family(version) == family
