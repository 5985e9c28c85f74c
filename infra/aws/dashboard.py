"""The CloudWatch dashboard as code: what the alarms watch, on one page. Pure: names in, canonical JSON out."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

WIDTH, HEIGHT, COLUMNS = 8, 6, 3

Metric = list[str | dict[str, str]]
Statistic = Literal["Average", "Sum", "Maximum", "Minimum", "p99"]
Widget = dict[str, object]


@dataclass(frozen=True)
class Dimensions:
    """What is shown, by the names that its metrics have; there is no service before there is an image."""

    cluster: str
    service: str | None
    log_metrics: str
    load_balancer: str
    target_group: str
    database: str
    replicas: Sequence[str]
    cache_nodes: Sequence[str]
    nat_gateways: Sequence[str]
    alarm_arns: Sequence[str]
    vaults: Sequence[str] = ()
    kafka: str | None = None
    kafka_brokers: int = 0
    canary: str | None = None


@dataclass(frozen=True)
class Graph:
    """One graph of a dashboard; its period is seconds."""

    title: str
    metrics: list[Metric]
    statistic: Statistic
    period: int = 60


def dashboard_body(region: str, names: Dimensions) -> str:
    """The dashboard's body ("Dashboard body structure and syntax" of CloudWatch)."""
    always = [*_service(names), *_requests(names), *_database(names), *_cache(names)]
    graphs = [*always, *_network(names), *_kafka(names), *_canary(names), *_backups(names)]
    top = [_alarms(names.alarm_arns)] if names.alarm_arns else []
    widgets = [*top, *(_graph(number, graph, region, HEIGHT * len(top)) for number, graph in enumerate(graphs))]
    return json.dumps({"widgets": widgets}, sort_keys=True, separators=(",", ":"))


def _service(names: Dimensions) -> list[Graph]:
    if names.service is None:
        return []
    service = ["ClusterName", names.cluster, "ServiceName", names.service]
    usage: list[Metric] = [["AWS/ECS", metric, *service] for metric in ("CPUUtilization", "MemoryUtilization")]
    tasks: list[Metric] = [
        ["ECS/ContainerInsights", metric, *service] for metric in ("RunningTaskCount", "DesiredTaskCount")
    ]
    return [
        Graph("CPU and memory of the tasks (%)", usage, "Average"),
        Graph("Tasks", tasks, "Average"),
        Graph("Error lines of the log", [[names.log_metrics, "ErrorLines"]], "Sum"),
        Graph("Lag of the queue (s)", [[names.log_metrics, "QueueLag"]], "Maximum"),
        Graph("Lag of the outbox (s)", [[names.log_metrics, "OutboxLag"]], "Maximum"),
        Graph("Backlog of an engine", [[names.log_metrics, "Backlog"]], "Maximum"),
    ]


def _requests(names: Dimensions) -> list[Graph]:
    namespace, balancer = "AWS/ApplicationELB", ["LoadBalancer", names.load_balancer]
    targets = ["TargetGroup", names.target_group, *balancer]
    counts: list[Metric] = [
        [namespace, "RequestCount", *balancer],
        [namespace, "HTTPCode_Target_4XX_Count", *targets],
        [namespace, "HTTPCode_Target_5XX_Count", *targets],
        [namespace, "HTTPCode_ELB_5XX_Count", *balancer],
        [namespace, "RejectedConnectionCount", *balancer],
    ]
    hosts: list[Metric] = [[namespace, metric, *targets] for metric in ("HealthyHostCount", "UnHealthyHostCount")]
    return [
        Graph("Requests and errors", counts, "Sum"),
        Graph("Latency, 99th percentile (s)", [[namespace, "TargetResponseTime", *targets]], "p99"),
        Graph("Healthy and unhealthy tasks", hosts, "Maximum"),
    ]


def _database(names: Dimensions) -> list[Graph]:
    instance = ["DBInstanceIdentifier", names.database]
    lag: list[Metric] = [["AWS/RDS", "ReplicaLag", "DBInstanceIdentifier", replica] for replica in names.replicas]
    replicas = [Graph("Lag of the read replicas (s)", lag, "Maximum")] if lag else []
    return [
        Graph("CPU of the database (%)", [["AWS/RDS", "CPUUtilization", *instance]], "Average"),
        Graph("Connections to the database", [["AWS/RDS", "DatabaseConnections", *instance]], "Maximum"),
        Graph("Free storage of the database (bytes)", [["AWS/RDS", "FreeStorageSpace", *instance]], "Minimum"),
        Graph("Free memory of the database (bytes)", [["AWS/RDS", "FreeableMemory", *instance]], "Minimum"),
        *replicas,
    ]


def _cache(names: Dimensions) -> list[Graph]:
    def of_nodes(metric: str) -> list[Metric]:
        return [["AWS/ElastiCache", metric, "CacheClusterId", node] for node in names.cache_nodes]

    usage = [*of_nodes("EngineCPUUtilization"), *of_nodes("DatabaseMemoryUsagePercentage")]
    return [
        Graph("CPU and memory of Redis (%)", usage, "Average"),
        Graph("Evicted keys", of_nodes("Evictions"), "Sum"),
        Graph("Connections to Redis", of_nodes("CurrConnections"), "Maximum"),
    ]


def _network(names: Dimensions) -> list[Graph]:
    errors: list[Metric] = [
        ["AWS/NATGateway", metric, "NatGatewayId", gateway]
        for metric in ("ErrorPortAllocation", "PacketsDropCount")
        for gateway in names.nat_gateways
    ]
    return [Graph("Errors of the NAT gateways", errors, "Sum")] if errors else []


def _kafka(names: Dimensions) -> list[Graph]:
    if names.kafka is None:
        return []
    cluster, brokers = ["Cluster Name", names.kafka], [str(number + 1) for number in range(names.kafka_brokers)]

    def of_brokers(*metrics: str) -> list[Metric]:
        return [["AWS/Kafka", metric, *cluster, "Broker ID", broker] for metric in metrics for broker in brokers]

    cpu, disk = of_brokers("CpuUser", "CpuSystem"), of_brokers("KafkaDataLogsDiskUsed")
    offline: Metric = ["AWS/Kafka", "OfflinePartitionsCount", *cluster]
    controllers: Metric = ["AWS/Kafka", "ActiveControllerCount", *cluster]
    partitions = [offline, controllers, *of_brokers("UnderReplicatedPartitions")]
    return [
        Graph("CPU and storage of the brokers (%)", [*cpu, *disk], "Average"),
        Graph("Partitions without leader or copies, controllers", partitions, "Maximum"),
        Graph(
            "What the brokers take in and give out (bytes/s)", of_brokers("BytesInPerSec", "BytesOutPerSec"), "Average"
        ),
    ]


def _canary(names: Dimensions) -> list[Graph]:
    if names.canary is None:
        return []
    canary = ["CanaryName", names.canary]
    return [
        Graph(
            "Successful runs of the canary (%)", [["CloudWatchSynthetics", "SuccessPercent", *canary]], "Average", 300
        ),
        Graph("Duration of the canary's runs (ms)", [["CloudWatchSynthetics", "Duration", *canary]], "Maximum", 300),
    ]


def _backups(names: Dimensions) -> list[Graph]:
    jobs: list[Metric] = [
        ["AWS/Backup", f"NumberOfBackupJobs{state}", "BackupVaultName", vault]
        for state in ("Completed", "Failed", "Expired")
        for vault in names.vaults[:1]
    ]
    copies: list[Metric] = [
        ["AWS/Backup", f"NumberOfCopyJobs{state}", "BackupVaultName", vault]
        for state in ("Completed", "Failed")
        for vault in names.vaults
        if len(names.vaults) > 1
    ]
    return [Graph("Backups a day, and copies", [*jobs, *copies], "Sum", 86400)] if jobs else []


def _alarms(arns: Sequence[str]) -> Widget:
    """The state of every alarm, over the whole width."""
    return {
        "type": "alarm",
        "x": 0,
        "y": 0,
        "width": WIDTH * COLUMNS,
        "height": HEIGHT,
        "properties": {"title": "Alarms", "alarms": list(arns)},
    }


def _graph(number: int, graph: Graph, region: str, top: int) -> Widget:
    return {
        "type": "metric",
        "x": number % COLUMNS * WIDTH,
        "y": top + number // COLUMNS * HEIGHT,
        "width": WIDTH,
        "height": HEIGHT,
        "properties": {
            "title": graph.title,
            "metrics": graph.metrics,
            "period": graph.period,
            "region": region,
            "stat": graph.statistic,
            "view": "timeSeries",
        },
    }
