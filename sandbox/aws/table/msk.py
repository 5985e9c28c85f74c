"""Clusters of brokers and their configurations (Amazon MSK API Reference)."""

from __future__ import annotations

import time
from collections.abc import Mapping

from botocore.exceptions import ClientError

from sandbox.aws.api import Api, is_not_found
from sandbox.aws.definition import Autoname, ResourceType, Update
from sandbox.aws.errors import NotReadyError
from sandbox.aws.values import Properties
from sandbox.aws.waiting import POLL_SECONDS

_BOOTSTRAP = {
    "bootstrapBrokers": "BootstrapBrokerString",
    "bootstrapBrokersSaslIam": "BootstrapBrokerStringSaslIam",
    "bootstrapBrokersSaslScram": "BootstrapBrokerStringSaslScram",
    "bootstrapBrokersTls": "BootstrapBrokerStringTls",
}


def _cluster_details(api: Api, found: Mapping[str, object], _: Properties) -> Properties:
    """Return the addresses by which clients begin, one list for each way to say who they are."""
    answer = api.call("GetBootstrapBrokers", {"ClusterArn": found["ClusterArn"]})
    return {
        "clusterUuid": str(found["ClusterArn"]).rsplit("/", 1)[-1],
        **{name: str(answer.get(member) or "") for name, member in _BOOTSTRAP.items()},
    }


def _ready(api: Api, identity: str, _: Properties, seconds: float) -> None:
    end = time.monotonic() + seconds
    while (state := _state(api, identity)) != "ACTIVE":
        if state == "FAILED" or time.monotonic() > end:
            raise NotReadyError(f"{identity} did not become ready: it is {state}")
        time.sleep(POLL_SECONDS)


def _gone(api: Api, identity: str, _: Properties, seconds: float) -> None:
    end = time.monotonic() + seconds
    while _state(api, identity):
        if time.monotonic() > end:
            raise NotReadyError(f"{identity} is still there")
        time.sleep(POLL_SECONDS)


def _state(api: Api, identity: str) -> str:
    """The state of a cluster; nothing where there is none."""
    try:
        found = api.call("DescribeCluster", {"ClusterArn": identity})["ClusterInfo"]
    except ClientError as error:
        if not is_not_found(error):
            raise
        return ""
    return str(found["State"]) if isinstance(found, Mapping) else ""


def _properties(inputs: Properties) -> Properties:
    return {"ServerProperties": str(inputs["serverProperties"]).encode()}


def _revise(api: Api, identity: str, old: Properties, new: Properties) -> None:
    """Add a revision with the new properties."""
    if old:
        api.call("UpdateConfiguration", {"Arn": identity, **_properties(new)})


def _revision(api: Api, found: Mapping[str, object], _: Properties) -> Properties:
    """Return the properties of the latest revision, which only another operation tells."""
    latest = found["LatestRevision"]
    number = latest["Revision"] if isinstance(latest, Mapping) else 0
    answer = api.call("DescribeConfigurationRevision", {"Arn": found["Arn"], "Revision": number})
    content = answer["ServerProperties"]
    return {"serverProperties": content.decode() if isinstance(content, bytes) else ""}


TYPES = (
    ResourceType(
        type="aws:msk/configuration:Configuration",
        service="kafka",
        create="CreateConfiguration",
        id="Arn",
        read="DescribeConfiguration",
        found="@",
        delete="DeleteConfiguration",
        key={"Arn": "{id}"},
        receive={"latestRevision": "LatestRevision.Revision"},
        handled=frozenset({"serverProperties"}),
        build=_properties,
        change=_revise,
        reader=_revision,
        autoname=Autoname("name", 64),
        replaces=frozenset({"description", "kafkaVersions", "name"}),
    ),
    ResourceType(
        type="aws:msk/cluster:Cluster",
        service="kafka",
        create="CreateCluster",
        id="ClusterArn",
        read="DescribeCluster",
        found="ClusterInfo",
        delete="DeleteCluster",
        updates=[
            Update("UpdateBrokerCount"),
            Update("UpdateClusterConfiguration"),
            Update("UpdateClusterKafkaVersion"),
            Update("UpdateMonitoring"),
        ],
        key={"ClusterArn": "{id}", "CurrentVersion": "{currentVersion}"},
        send={
            "kafkaVersion": "KafkaVersion|TargetKafkaVersion",
            "numberOfBrokerNodes": "NumberOfBrokerNodes|TargetNumberOfBrokerNodes",
        },
        receive={
            "configurationInfo.arn": "CurrentBrokerSoftwareInfo.ConfigurationArn",
            "configurationInfo.revision": "CurrentBrokerSoftwareInfo.ConfigurationRevision",
            "kafkaVersion": "CurrentBrokerSoftwareInfo.KafkaVersion",
        },
        names={
            "clientAuthentication.sasl.iam": "Iam.Enabled",
            "clientAuthentication.sasl.scram": "Scram.Enabled",
            "clientAuthentication.unauthenticated": "Unauthenticated.Enabled",
            "encryptionInfo.encryptionAtRestKmsKeyArn": "EncryptionAtRest.DataVolumeKMSKeyId",
        },
        reader=_cluster_details,
        autoname=Autoname("clusterName", 64),
        ready=_ready,
        gone=_gone,
        # The provider changes brokers' type and storage in place as well; the sandbox makes new ones.
        replaces=frozenset({"brokerNodeGroupInfo", "clientAuthentication", "clusterName", "encryptionInfo"}),
        empty=frozenset({"bootstrapBrokers*", "customerActionStatus", "rebalancing", "zookeeperConnectString*"}),
    ),
)
