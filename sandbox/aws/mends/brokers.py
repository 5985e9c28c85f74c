"""Amazon MSK in moto 5.2.5: no configurations, no addresses of brokers, clusters that never get ready or change."""

from __future__ import annotations

import base64
import json
import re
import uuid
from functools import wraps
from typing import Any
from urllib.parse import unquote

from moto.core.exceptions import JsonRESTError
from moto.core.utils import iso_8601_datetime_with_milliseconds, utcnow
from moto.kafka import urls
from moto.kafka.models import FakeKafkaCluster, KafkaBackend
from moto.kafka.responses import KafkaResponse

_PORTS = {"iam": ("bootstrapBrokerStringSaslIam", 9098), "scram": ("bootstrapBrokerStringSaslScram", 9096)}
"""Member and port by the way in which clients say who they are ("Port information")."""

_describe = KafkaBackend.describe_cluster
_delete = KafkaBackend.delete_cluster
_arn = FakeKafkaCluster._generate_arn  # noqa: SLF001


def apply() -> None:
    """Add the operations and their paths."""
    patterns = ("configurations$", "configurations/.+$")
    urls.url_paths.update({"{0}/v1/" + pattern: KafkaResponse.dispatch for pattern in patterns})
    configurations = (create_configuration, update_configuration, describe_configuration, delete_configuration)
    changes = (update_broker_count, update_cluster_configuration, update_cluster_kafka_version, update_monitoring)
    for operation in (*configurations, describe_configuration_revision, *changes, get_bootstrap_brokers):
        setattr(KafkaResponse, operation.__name__, operation)
    setattr(KafkaBackend, "describe_cluster", described)  # noqa: B010
    setattr(KafkaBackend, "delete_cluster", deleted)  # noqa: B010
    setattr(FakeKafkaCluster, "_generate_arn", named_arn)  # noqa: B010


@wraps(_describe)
def described(self: KafkaBackend, cluster_arn: str) -> dict[str, Any]:
    """DescribeCluster: a cluster is ready at once, and one that isn't there isn't found."""
    if cluster_arn not in self.clusters:
        raise _not_found(cluster_arn)
    cluster = self.clusters[cluster_arn]
    cluster.state, cluster.storage_mode = "ACTIVE", cluster.storage_mode or "LOCAL"
    return _describe(self, cluster_arn)


@wraps(_delete)
def deleted(self: KafkaBackend, cluster_arn: str, current_version: str) -> tuple[str, str]:
    """DeleteCluster: a cluster that isn't there isn't found."""
    if cluster_arn not in self.clusters:
        raise _not_found(cluster_arn)
    answer: tuple[str, str] = _delete(self, cluster_arn, current_version)
    return answer


@wraps(_arn)
def named_arn(self: FakeKafkaCluster) -> str:
    """The name of a cluster is part of its ARN."""
    before, _, last = _arn(self).rpartition("/")
    return f"{before}/{self.cluster_name}/{last}"


def get_bootstrap_brokers(self: KafkaResponse) -> str:
    """GetBootstrapBrokers: up to three brokers, by each way that the cluster lets clients in."""
    cluster = _cluster(self)
    sasl = (cluster.client_authentication or {}).get("sasl", {})
    hosts = [
        f"b-{number}.{cluster.cluster_name}" for number in range(1, min(cluster.number_of_broker_nodes or 1, 3) + 1)
    ]
    domain = f"kafka.{self.region}.amazonaws.com"
    found = {
        member: ",".join(f"{host}.{domain}:{port}" for host in hosts)
        for kind, (member, port) in _PORTS.items()
        if sasl.get(kind, {}).get("enabled")
    }
    return json.dumps(found)


def update_broker_count(self: KafkaResponse) -> str:
    """UpdateBrokerCount."""
    return _changed(self, number_of_broker_nodes=_body(self)["targetNumberOfBrokerNodes"])


def update_cluster_configuration(self: KafkaResponse) -> str:
    """UpdateClusterConfiguration."""
    return _changed(self, configuration_info=_body(self)["configurationInfo"])


def update_cluster_kafka_version(self: KafkaResponse) -> str:
    """UpdateClusterKafkaVersion."""
    return _changed(self, kafka_version=_body(self)["targetKafkaVersion"])


def update_monitoring(self: KafkaResponse) -> str:
    """UpdateMonitoring: what isn't given stays."""
    names = {"enhancedMonitoring": "enhanced_monitoring", "loggingInfo": "logging_info"}
    wanted = _body(self)
    return _changed(self, **{ours: wanted[theirs] for theirs, ours in names.items() if theirs in wanted})


def create_configuration(self: KafkaResponse) -> str:
    """CreateConfiguration: a name is taken once."""
    wanted = _body(self)
    if any(kept["name"] == wanted["name"] for kept in _configurations(self).values()):
        raise _refused(409, "ConflictException", f"A configuration named {wanted['name']} exists")
    arn = f"arn:aws:kafka:{self.region}:{self.current_account}:configuration/{wanted['name']}/{uuid.uuid4()}-1"
    kept = {"arn": arn, "creationTime": _now(), "kafkaVersions": wanted.get("kafkaVersions", []), "state": "ACTIVE"}
    kept |= {"name": wanted["name"], "description": wanted.get("description", ""), "revisions": []}
    _configurations(self)[arn] = kept
    return _revised(kept, wanted)


def update_configuration(self: KafkaResponse) -> str:
    """UpdateConfiguration: adds a revision."""
    return _revised(_configuration(self), _body(self))


def describe_configuration(self: KafkaResponse) -> str:
    """DescribeConfiguration."""
    kept = _configuration(self)
    return json.dumps({key: value for key, value in kept.items() if key != "revisions"})


def describe_configuration_revision(self: KafkaResponse) -> str:
    """DescribeConfigurationRevision."""
    kept, number = _configuration(self), int(self.path.rsplit("/", 1)[-1])
    return json.dumps({"arn": kept["arn"], "revision": number, "serverProperties": kept["revisions"][number - 1]})


def delete_configuration(self: KafkaResponse) -> str:
    """DeleteConfiguration: one that a cluster has stays."""
    arn = str(_configuration(self)["arn"])
    clusters = self.kafka_backend.clusters.values()
    if any((cluster.configuration_info or {}).get("arn") == arn for cluster in clusters):
        raise _refused(400, "BadRequestException", f"The configuration {arn} is used by a cluster")
    del _configurations(self)[arn]
    return json.dumps({"arn": arn, "state": "DELETING"})


def _revised(kept: dict[str, Any], wanted: dict[str, Any]) -> str:
    base64.b64decode(wanted["serverProperties"], validate=True)
    kept["revisions"].append(wanted["serverProperties"])
    kept["latestRevision"] = {"revision": len(kept["revisions"]), "creationTime": _now()}
    shown = ("arn", "creationTime", "latestRevision", "name", "state")
    return json.dumps({key: kept[key] for key in shown})


def _changed(self: KafkaResponse, **changes: object) -> str:
    """Change a cluster that is at the version the caller saw; it keeps that, so that several changes can follow."""
    cluster = _cluster(self)
    if _body(self)["currentVersion"] != cluster.current_version:
        raise _refused(400, "BadRequestException", "This operation cannot be performed: the cluster's version changed")
    for name, value in changes.items():
        setattr(cluster, name, value)
    return json.dumps({"clusterArn": cluster.arn})


def _cluster(self: KafkaResponse) -> FakeKafkaCluster:
    arn = _named(self, "clusters")
    if arn not in self.kafka_backend.clusters:
        raise _not_found(arn)
    return self.kafka_backend.clusters[arn]


def _configuration(self: KafkaResponse) -> dict[str, Any]:
    arn = _named(self, "configurations")
    if arn not in _configurations(self):
        raise _not_found(arn)
    return _configurations(self)[arn]


def _configurations(self: KafkaResponse) -> dict[str, dict[str, Any]]:
    kept: dict[str, dict[str, Any]] = self.kafka_backend.__dict__.setdefault("configurations", {})
    return kept


def _named(self: KafkaResponse, kind: str) -> str:
    """The ARN in the path, which ends with its identifier whatever comes behind."""
    found = re.search(rf"/{kind}/(arn:[^/]+/[^/]+/[^/]+)", unquote(self.path))
    return found[1] if found else ""


def _body(self: KafkaResponse) -> dict[str, Any]:
    wanted: dict[str, Any] = json.loads(self.body)
    return wanted


def _now() -> str:
    return iso_8601_datetime_with_milliseconds(utcnow())


def _not_found(arn: str) -> JsonRESTError:
    return _refused(404, "NotFoundException", f"{arn} not found")


def _refused(status: int, code: str, message: str) -> JsonRESTError:
    error = JsonRESTError(code, message)
    error.code = status
    return error
