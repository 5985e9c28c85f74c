"""What AWS would measure when something is wrong, for each alarm: by the names that AWS publishes its metrics under.

A scenario holds for one period; `calm` is just not enough for the alarm, by the thresholds that Pulumi.yaml has.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

from tests.infra.deployed.evaluation import State

GIBIBYTE, MEBIBYTE = 1024**3, 1024**2


@dataclass(frozen=True)
class Published:
    """A metric by namespace, name and the names of its dimensions."""

    namespace: str
    name: str
    dimensions: tuple[str, ...]


Samples = Mapping[Published, tuple[float, ...]]


@dataclass(frozen=True)
class Scenario:
    """Samples of one period that raise an alarm, those that just don't, and the state when nothing is measured."""

    bad: Samples
    calm: Samples
    silence: State


_tasks = partial(Published, "AWS/ECS", dimensions=("ClusterName", "ServiceName"))
_counts = partial(Published, "ECS/ContainerInsights", dimensions=("ClusterName", "ServiceName"))
_log = partial(Published, "LOG", dimensions=())
_balancer = partial(Published, "AWS/ApplicationELB", dimensions=("LoadBalancer",))
_targets = partial(Published, "AWS/ApplicationELB", dimensions=("LoadBalancer", "TargetGroup"))
_database = partial(Published, "AWS/RDS", dimensions=("DBInstanceIdentifier",))
_replica = partial(Published, "AWS/RDS", dimensions=("Replica",))
_node = partial(Published, "AWS/ElastiCache", dimensions=("CacheClusterId",))
_gateway = partial(Published, "AWS/NATGateway", dimensions=("NatGatewayId",))
_cluster = partial(Published, "AWS/Kafka", dimensions=("Cluster Name",))
_broker = partial(Published, "AWS/Kafka", dimensions=("Cluster Name", "Broker ID"))
_canary = partial(Published, "CloudWatchSynthetics", dimensions=("CanaryName",))
_vault = partial(Published, "AWS/Backup", dimensions=("BackupVaultName",))

UNHEARD: State = "INSUFFICIENT_DATA"


def _of(metric: Published, bad: tuple[float, ...], calm: tuple[float, ...], silence: State) -> Scenario:
    return Scenario({metric: bad}, {metric: calm}, silence)


def _burn(requests: float, failed: float) -> Samples:
    return {
        _balancer("RequestCount"): (requests,),
        _targets("HTTPCode_Target_5XX_Count"): (failed / 2,),
        _balancer("HTTPCode_ELB_5XX_Count"): (failed / 2,),
    }


SCENARIOS: Mapping[str, Scenario] = {
    "cpu": _of(_tasks("CPUUtilization"), (70, 92), (60, 100), UNHEARD),
    "memory": _of(_tasks("MemoryUtilization"), (80, 91), (80, 90), UNHEARD),
    "missing-tasks": Scenario(
        {_counts("DesiredTaskCount"): (2,), _counts("RunningTaskCount"): (1,)},
        {_counts("DesiredTaskCount"): (2,), _counts("RunningTaskCount"): (2,)},
        UNHEARD,
    ),
    "error-lines": _of(_log("ErrorLines"), (1,) * 7, (1,) * 6, "OK"),
    "queue-lag": _of(_log("QueueLag"), (0, 60.5), (0, 60), UNHEARD),
    "outbox-lag": _of(_log("OutboxLag"), (2, 301), (2, 300), "OK"),
    "backlog": _of(_log("Backlog"), (0, 1001), (900, 1000), UNHEARD),
    "engine-5xx": _of(_targets("HTTPCode_Target_5XX_Count"), (5, 6), (5, 5), "OK"),
    "load-balancer-5xx": _of(_balancer("HTTPCode_ELB_5XX_Count"), (5, 6), (5, 5), "OK"),
    "rejected-connections": _of(_balancer("RejectedConnectionCount"), (1,), (0,), "OK"),
    "unhealthy-hosts": _of(_targets("UnHealthyHostCount"), (0, 1), (0, 0), "OK"),
    "no-healthy-hosts": _of(_targets("HealthyHostCount"), (0, 0), (0, 1), "ALARM"),
    "latency": _of(_targets("TargetResponseTime"), (*(0.1,) * 98, 6, 6), (*(0.1,) * 99, 60), "OK"),
    "burn-rate-hour": Scenario(_burn(1000, 15), _burn(1000, 14), "OK"),
    "burn-rate-now": Scenario(_burn(1000, 15), _burn(1000, 14), "OK"),
    "database-cpu": _of(_database("CPUUtilization"), (70, 92), (60, 100), "ALARM"),
    "database-storage": _of(_database("FreeStorageSpace"), (5 * GIBIBYTE - 1,), (5 * GIBIBYTE,), UNHEARD),
    "database-memory": _of(_database("FreeableMemory"), (64 * MEBIBYTE - 1,), (64 * MEBIBYTE,), UNHEARD),
    "database-connections": _of(_database("DatabaseConnections"), (20, 141), (20, 140), UNHEARD),
    "replica-lag": _of(_replica("ReplicaLag"), (0, 61), (0, 60), "ALARM"),
    "cache-cpu": _of(_node("EngineCPUUtilization"), (70, 92), (60, 100), UNHEARD),
    "cache-memory": _of(_node("DatabaseMemoryUsagePercentage"), (81,), (80,), UNHEARD),
    "cache-evictions": _of(_node("Evictions"), (50, 51), (50, 50), "OK"),
    "cache-connections": _of(_node("CurrConnections"), (10, 1001), (10, 1000), UNHEARD),
    "nat-ports": _of(_gateway("ErrorPortAllocation"), (1,), (0,), "OK"),
    "nat-drops": _of(_gateway("PacketsDropCount"), (50, 51), (50, 50), "OK"),
    "kafka-controller": _of(_cluster("ActiveControllerCount"), (0, 0), (0, 1), "ALARM"),
    "kafka-offline-partitions": _of(_cluster("OfflinePartitionsCount"), (0, 1), (0, 0), "OK"),
    "kafka-under-replicated": _of(_broker("UnderReplicatedPartitions"), (0, 1), (0, 0), UNHEARD),
    "kafka-disk": _of(_broker("KafkaDataLogsDiskUsed"), (71, 86), (70, 71), UNHEARD),
    "kafka-cpu": Scenario(
        {_broker("CpuUser"): (61,), _broker("CpuSystem"): (10,)},
        {_broker("CpuUser"): (50,), _broker("CpuSystem"): (10,)},
        UNHEARD,
    ),
    "backup-failed": _of(_vault("NumberOfBackupJobsFailed"), (0, 1), (0, 0), "OK"),
    "backup-expired": _of(_vault("NumberOfBackupJobsExpired"), (1,), (0,), "OK"),
    "backup-none": Scenario(
        {_database("CPUUtilization"): (50,), _vault("NumberOfBackupJobsCompleted"): (0,)},
        {_database("CPUUtilization"): (50,), _vault("NumberOfBackupJobsCompleted"): (1,)},
        "OK",
    ),
    "backup-copy-failed": _of(_vault("NumberOfCopyJobsFailed"), (1,), (0,), "OK"),
    "canary": _of(_canary("SuccessPercent"), (0, 0), (100, 100), "ALARM"),
}
