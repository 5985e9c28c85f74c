"""The brokers of events: who reaches them and how, what they keep, how they grow, and when they are there."""

import json

import pytest

from engine.events.kafka.topics import published_topics, wanted_topics
from engine.settings import load_settings
from infra.aws.events import server_properties
from tests.infra.stacks import Account, Properties, deploy_stack, deployed

NAME = "workflow-staging-events"


@pytest.fixture(scope="module")
def made() -> tuple[Account, Properties]:
    return deploy_stack("staging", kafka=True, kafkaBrokersPerZone=2, encryptionKey="stack", availabilityZones=3)


@pytest.fixture(scope="module")
def publishing() -> Account:
    """A stack whose engine publishes to the brokers, some events to topics of their own."""
    names = {"KAFKA_WORKFLOW_TOPICS": "orders, returns"}
    return deploy_stack("staging", kafka=True, eventsPublisher="kafka", engineSettings=names)[0]


@pytest.fixture
def account(made: tuple[Account, Properties]) -> Account:
    return made[0]


def containers(account: Account) -> dict[str, Properties]:
    definitions = json.loads(account.one("TaskDefinition")["containerDefinitions"])
    return {definition["name"]: definition for definition in definitions}


def variables(container: Properties) -> dict[str, str]:
    return {
        entry["name"]: entry["value"]
        for entry in container["environment"]
        if entry["name"].startswith(("KAFKA", "EVENTS"))
    }


def rights(account: Account) -> dict[str, set[str]]:
    """What the task's role may do in Kafka: actions, each with what it may be done to, without the cluster's ARN."""
    allowed: dict[str, set[str]] = {}
    for statement in json.loads(account.one("RolePolicy", "-task")["policy"])["Statement"]:
        for action in statement["Action"]:
            if action.startswith("kafka-cluster:"):
                named = allowed.setdefault(action.removeprefix("kafka-cluster:"), set())
                assert not named & set(statement["Resource"])
                named.update(statement["Resource"])
    return allowed


def cluster(account: Account) -> Properties:
    return account.one("msk/cluster:Cluster")


def test_no_stack_has_any_unless_it_asks() -> None:
    account, exports = deployed("production")
    assert [item for item in account.resources if "msk/" in item.type or "events" in item.name] == []
    assert exports["kafkaBrokers"] == ""


def test_brokers_stand_in_each_data_subnet(account: Account, made: tuple[Account, Properties]) -> None:
    nodes = cluster(account)["brokerNodeGroupInfo"]
    assert cluster(account)["numberOfBrokerNodes"] == 6
    assert len(nodes["clientSubnets"]) == 3
    assert all("data" in subnet for subnet in nodes["clientSubnets"])
    assert made[1]["kafkaBrokers"] == f"b-1.{NAME}.example.com:9098"


def test_nobody_comes_in_without_tls_and_a_role(account: Account) -> None:
    found = cluster(account)
    assert found["encryptionInfo"]["encryptionInTransit"] == {"clientBroker": "TLS", "inCluster": True}
    assert found["clientAuthentication"] == {"sasl": {"iam": True}, "unauthenticated": False}
    assert found["brokerNodeGroupInfo"]["connectivityInfo"] == {"publicAccess": {"type": "DISABLED"}}


def test_tasks_alone_reach_them(account: Account) -> None:
    [group] = cluster(account)["brokerNodeGroupInfo"]["securityGroups"]
    [rule] = [item.inputs for item in account.of("SecurityGroupIngressRule") if item.inputs["securityGroupId"] == group]
    assert (rule["fromPort"], rule["toPort"]) == (9098, 9098)
    assert rule["referencedSecurityGroupId"] == "workflow-staging-firewall-tasks-id"


def test_the_stacks_key_encrypts_them_and_their_log(account: Account) -> None:
    key = account.arn("kms/key:Key", "workflow-staging-key")
    assert cluster(account)["encryptionInfo"]["encryptionAtRestKmsKeyArn"] == key
    group = account.one("LogGroup", "-events")
    assert (group["kmsKeyId"], group["retentionInDays"]) == (
        key,
        account.one("LogGroup", "-service")["retentionInDays"],
    )
    logs = cluster(account)["loggingInfo"]["brokerLogs"]["cloudwatchLogs"]
    assert (logs["enabled"], logs["logGroup"]) == (True, NAME)


def test_storage_grows_and_never_shrinks(account: Account) -> None:
    [target] = [
        item.inputs for item in account.of("appautoscaling/target:Target") if item.inputs["serviceNamespace"] == "kafka"
    ]
    assert (target["minCapacity"], target["maxCapacity"]) == (1, 500)
    tracking = account.one("appautoscaling/policy:Policy", "-events")["targetTrackingScalingPolicyConfiguration"]
    assert tracking["disableScaleIn"] is True
    assert tracking["targetValue"] < 85
    options = account.options[f"aws:msk/cluster:Cluster {NAME}"]
    assert options.ignore_changes == ["brokerNodeGroupInfo.storageInfo.ebsStorageInfo.volumeSize"]


def test_each_broker_has_its_alarms(account: Account) -> None:
    found = [item for item in account.of("MetricAlarm") if "-kafka-" in item.name]
    disks = [item.inputs["dimensions"] for item in found if "-kafka-disk-" in item.name]
    assert disks == [{"Cluster Name": NAME, "Broker ID": str(number)} for number in range(1, 7)]
    assert len(found) == 2 + 3 * 6


@pytest.mark.parametrize(("zones", "copies", "safe"), [(2, 2, 1), (3, 3, 2)])
def test_a_write_is_safe_in_all_zones_but_one(zones: int, copies: int, safe: int) -> None:
    lines = server_properties(zones).splitlines()
    assert f"default.replication.factor={copies}" in lines
    assert f"min.insync.replicas={safe}" in lines
    assert "auto.create.topics.enable=false" in lines
    assert "unclean.leader.election.enable=false" in lines


def test_topics_are_made_after_the_migrations_and_before_the_engine(publishing: Account) -> None:
    made = containers(publishing)
    assert list(made) == ["migrate", "topics", "engine"]
    topics = made["topics"]
    assert (topics["command"], topics["essential"], topics["startTimeout"]) == (["topics"], False, 120)
    assert topics["dependsOn"] == [{"condition": "SUCCESS", "containerName": "migrate"}]
    # It may fail: a cluster that is away is no reason not to start.
    assert made["engine"]["dependsOn"] == [
        {"condition": "SUCCESS", "containerName": "migrate"},
        {"condition": "COMPLETE", "containerName": "topics"},
    ]


def test_tasks_are_told_of_the_brokers_and_reach_them_by_iam(publishing: Account) -> None:
    made = containers(publishing)
    brokers = {
        "KAFKA_BOOTSTRAP_SERVERS": f"b-1.{NAME}.example.com:9098",
        "KAFKA_REPLICATION_FACTOR": "2",
        "KAFKA_SASL_MECHANISM": "aws_msk_iam",
        "KAFKA_SECURITY_PROTOCOL": "sasl_ssl",
        "KAFKA_WORKFLOW_TOPICS": "orders, returns",
    }
    assert variables(made["engine"]) == {**brokers, "EVENTS_PUBLISHER": "kafka"}
    assert variables(made["topics"]) == brokers
    assert variables(made["migrate"]) == {}


@pytest.mark.parametrize("name", ["topics", "engine"])
def test_the_engine_takes_what_it_is_told(name: str, publishing: Account) -> None:
    told = {entry["name"]: entry["value"] for entry in containers(publishing)[name]["environment"]}
    told.pop("API_ACCESS_KEYS", None)  # checked where it is made
    settings = load_settings(told, resolve=lambda _: "of-thirty-two-characters-or-more")
    assert settings.kafka_replication_factor == 2
    assert settings.kafka_sasl_mechanism == "aws_msk_iam"
    assert settings.kafka_workflow_topics == ("orders", "returns")


def test_the_task_may_do_what_the_engine_does_with_these_topics_and_no_more(publishing: Account) -> None:
    arn = publishing.arn("aws:msk/cluster:Cluster", NAME)
    topics = arn.replace(":cluster/", ":topic/")
    workflows = ["orders", "returns"]
    named = {f"{topics}/{topic.name}" for topic in wanted_topics(workflows)}
    assert rights(publishing) == {
        "AlterTopic": named,
        "Connect": {arn},
        "CreateTopic": named,
        "DescribeTopic": named,
        "DescribeTopicDynamicConfiguration": named,
        "WriteData": {f"{topics}/{name}" for name in published_topics(workflows)},
        "WriteDataIdempotently": {arn},
    }


def test_nobody_writes_who_publishes_elsewhere(account: Account) -> None:
    assert not {"WriteData", "WriteDataIdempotently"} & set(rights(account))
    assert "EVENTS_PUBLISHER" not in variables(containers(account)["engine"])
