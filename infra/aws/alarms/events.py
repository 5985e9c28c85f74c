"""The alarms of the brokers ("Amazon MSK metrics for monitoring Standard brokers with CloudWatch")."""

from infra.alarm_settings import AlarmSettings
from infra.aws.alarms.alarm import Alarm, Metric

_NAMESPACE = "AWS/Kafka"
_CLUSTER = ("Cluster Name",)
_BROKER = ("Cluster Name", "Broker ID")


def kafka_alarms() -> list[Alarm]:
    """What the cluster as a whole says."""
    return [
        Alarm(
            name="kafka-controller",
            means="No broker is the controller, or nothing is heard of them",
            remedy="Without one no leader is chosen: look at the state of the cluster and the brokers' log.",
            setting="",
            threshold=1,
            metrics=(Metric(_NAMESPACE, "ActiveControllerCount", _CLUSTER, "Maximum"),),
            comparison="LessThanThreshold",
            periods=5,
            missing_data="breaching",
        ),
        Alarm(
            name="kafka-offline-partitions",
            means="Partitions have no leader: nobody writes to them or reads them",
            remedy="Look for brokers that are down and full disks; MSK replaces a broken broker by itself.",
            setting="",
            threshold=0,
            metrics=(Metric(_NAMESPACE, "OfflinePartitionsCount", _CLUSTER, "Maximum"),),
            periods=5,
            missing_data="notBreaching",
        ),
    ]


def broker_alarms(at: AlarmSettings) -> list[Alarm]:
    """What one broker says."""
    return [
        Alarm(
            name="kafka-under-replicated",
            means="Partitions of a broker have had too few copies for ten minutes",
            remedy="A broker is down or can't keep up: look at its CPU and disk, and whether MSK is patching it.",
            setting="",
            threshold=0,
            metrics=(Metric(_NAMESPACE, "UnderReplicatedPartitions", _BROKER, "Maximum"),),
            periods=10,
            missing_data="missing",
        ),
        Alarm(
            name="kafka-disk",
            means=f"More than {at.kafka_disk_percent} % of a broker's storage are used",
            remedy="Raise kafkaMaxStorage, or keep topics for a shorter time; a full broker stops.",
            setting="alarmKafkaDiskPercent",
            threshold=at.kafka_disk_percent,
            metrics=(Metric(_NAMESPACE, "KafkaDataLogsDiskUsed", _BROKER, "Maximum"),),
            periods=5,
            missing_data="missing",
        ),
        Alarm(
            name="kafka-cpu",
            means=f"CPU of a broker above {at.kafka_cpu_percent} %",
            remedy="A broker has to take over another's work: take a larger kafkaBrokerType, or more brokers.",
            setting="alarmKafkaCpuPercent",
            threshold=at.kafka_cpu_percent,
            metrics=(
                Metric(_NAMESPACE, "CpuUser", _BROKER, "Average", "user"),
                Metric(_NAMESPACE, "CpuSystem", _BROKER, "Average", "system"),
            ),
            expression="user + system",
            periods=5,
            missing_data="missing",
        ),
    ]
