"""The resource types of brokers and their configuration, and what moto's MSK got of AWS's."""

import pytest
from botocore.exceptions import ClientError

from sandbox.aws import Account
from sandbox.aws.errors import NotReadyError
from sandbox.aws.mapping import PropertyMap
from sandbox.aws.table import TYPES
from sandbox.aws.values import Properties
from tests.sandbox.aws.conftest import Manage

CLUSTER, CONFIGURATION = "aws:msk/cluster:Cluster", "aws:msk/configuration:Configuration"
ABSENT = "arn:aws:kafka:us-east-1:123456789012:{}/none/0-1"


def inputs(configuration: str) -> Properties:
    return {
        "brokerNodeGroupInfo": {
            "clientSubnets": ["subnet-1", "subnet-2"],
            "connectivityInfo": {"publicAccess": {"type": "DISABLED"}},
            "instanceType": "kafka.m7g.large",
            "securityGroups": ["sg-1"],
            "storageInfo": {"ebsStorageInfo": {"volumeSize": 100}},
        },
        "clientAuthentication": {"sasl": {"iam": True}, "unauthenticated": False},
        "clusterName": "app",
        "configurationInfo": {"arn": configuration, "revision": 1},
        "encryptionInfo": {"encryptionInTransit": {"clientBroker": "TLS", "inCluster": True}},
        "enhancedMonitoring": "PER_BROKER",
        "kafkaVersion": "3.8.x",
        "loggingInfo": {"brokerLogs": {"cloudwatchLogs": {"enabled": True, "logGroup": "app"}}},
        "numberOfBrokerNodes": 2,
        "tagsAll": {"stack": "dev"},
    }


def configuration(manage: Manage) -> tuple[str, Properties, Properties]:
    given: Properties = {"name": "app", "serverProperties": "auto.create.topics.enable=false\n"}
    identity, state = manage(CONFIGURATION).create(given)
    return identity, state, given


@pytest.mark.parametrize(
    ("token", "name", "updatable"),
    [
        (CLUSTER, "clusterName", False),
        (CLUSTER, "kafkaVersion", True),
        (CLUSTER, "numberOfBrokerNodes", True),
        (CONFIGURATION, "name", False),
        (CONFIGURATION, "serverProperties", True),
    ],
)
def test_what_needs_a_new_resource(token: str, name: str, updatable: bool) -> None:
    assert PropertyMap(TYPES[token]).updatable(name) is updatable


def test_configuration_is_made_revised_and_deleted(manage: Manage) -> None:
    life = manage(CONFIGURATION)
    identity, state, given = configuration(manage)
    assert (state["latestRevision"], state["serverProperties"]) == (1, given["serverProperties"])
    changed: Properties = {**given, "serverProperties": "num.partitions=3\n"}
    state = life.update(identity, state, given, changed)
    assert (state["latestRevision"], state["serverProperties"]) == (2, "num.partitions=3\n")
    life.delete(identity, state)
    assert life.read(identity, state, changed) is None


def test_a_name_of_a_configuration_is_taken_once(manage: Manage) -> None:
    configuration(manage)
    with pytest.raises(ClientError, match="ConflictException"):
        configuration(manage)


def test_cluster_is_made(manage: Manage) -> None:
    revision, _, _ = configuration(manage)
    given = inputs(revision)
    identity, state = manage(CLUSTER).create(given)
    assert identity.startswith("arn:aws:kafka:us-east-1:123456789012:cluster/app/")
    assert state["bootstrapBrokersSaslIam"] == (
        "b-1.app.kafka.us-east-1.amazonaws.com:9098,b-2.app.kafka.us-east-1.amazonaws.com:9098"
    )
    assert not state["bootstrapBrokersSaslScram"]
    assert manage(CLUSTER).read(identity, state, given) == (state, given)


def test_cluster_grows_is_configured_and_upgraded(account: Account, manage: Manage) -> None:
    revision, _, _ = configuration(manage)
    life, given = manage(CLUSTER), inputs(revision)
    identity, state = life.create(given)
    changed = {**given, "numberOfBrokerNodes": 4, "tagsAll": {"stack": "dev", "owner": "me"}}
    state = life.update(identity, state, given, changed)
    newer = {**changed, "kafkaVersion": "3.9.x", "enhancedMonitoring": "PER_TOPIC_PER_BROKER"}
    state = life.update(identity, state, changed, newer)
    newest = {**newer, "configurationInfo": {"arn": revision, "revision": 2}}
    state = life.update(identity, state, newer, newest)
    found = account.client("kafka").describe_cluster(ClusterArn=identity)["ClusterInfo"]
    software = found["CurrentBrokerSoftwareInfo"]
    assert (found["NumberOfBrokerNodes"], found["EnhancedMonitoring"]) == (4, "PER_TOPIC_PER_BROKER")
    assert (software["KafkaVersion"], software["ConfigurationRevision"]) == ("3.9.x", 2)
    assert state["tagsAll"] == {"stack": "dev", "owner": "me"}


def test_cluster_is_deleted_before_its_configuration(manage: Manage) -> None:
    revision, made, _ = configuration(manage)
    identity, state = manage(CLUSTER).create(inputs(revision))
    with pytest.raises(ClientError, match="BadRequestException"):
        manage(CONFIGURATION).delete(revision, made)
    manage(CLUSTER).delete(identity, state)
    manage(CLUSTER).delete(identity, state)  # one that is gone already is fine
    assert manage(CLUSTER).read(identity, state, {}) is None
    manage(CONFIGURATION).delete(revision, made)


def test_a_change_of_a_version_that_is_past_is_refused(account: Account, manage: Manage) -> None:
    revision, _, _ = configuration(manage)
    identity, _ = manage(CLUSTER).create(inputs(revision))
    with pytest.raises(ClientError, match="version changed"):
        account.client("kafka").update_broker_count(
            ClusterArn=identity, CurrentVersion="past", TargetNumberOfBrokerNodes=4
        )


def test_what_is_gone_is_not_found(account: Account) -> None:
    client = account.client("kafka")
    with pytest.raises(ClientError, match="NotFoundException"):
        client.describe_cluster(ClusterArn=ABSENT.format("cluster"))
    with pytest.raises(ClientError, match="NotFoundException"):
        client.describe_configuration(Arn=ABSENT.format("configuration"))


def test_a_cluster_that_stays_is_waited_for_no_longer_than_allowed(manage: Manage) -> None:
    revision, _, _ = configuration(manage)
    life = manage(CLUSTER)
    identity, state = life.create(inputs(revision))
    gone = TYPES[CLUSTER].gone
    assert gone is not None
    with pytest.raises(NotReadyError, match="is still there"):
        gone(life.api, identity, state, 0)
