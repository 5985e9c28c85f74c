"""The CloudWatch dashboard as code: what the alarms watch, on one page. Pure: names in, canonical JSON out."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

WIDTH, HEIGHT, COLUMNS = 8, 6, 3

Metric = list[str | dict[str, str]]
Statistic = Literal["Average", "Sum", "Maximum", "Minimum", "p99"]


@dataclass(frozen=True)
class Dimensions:
    """What is shown, by the names that its metrics have; there is no service before there is an image."""

    cluster: str
    service: str | None
    load_balancer: str
    target_group: str
    database: str
    cache_nodes: Sequence[str]


@dataclass(frozen=True)
class Graph:
    """One graph of a dashboard."""

    title: str
    metrics: list[Metric]
    statistic: Statistic


def dashboard_body(region: str, names: Dimensions) -> str:
    """The dashboard's body ("Dashboard body structure and syntax" of CloudWatch)."""
    graphs = [*_service(names), *_requests(names), *_database(names), *_cache(names)]
    widgets = [_widget(number, graph, region) for number, graph in enumerate(graphs)]
    return json.dumps({"widgets": widgets}, sort_keys=True, separators=(",", ":"))


def _service(names: Dimensions) -> list[Graph]:
    if names.service is None:
        return []
    service = ["ClusterName", names.cluster, "ServiceName", names.service]
    usage: list[Metric] = [["AWS/ECS", metric, *service] for metric in ("CPUUtilization", "MemoryUtilization")]
    tasks: list[Metric] = [
        ["ECS/ContainerInsights", metric, *service] for metric in ("RunningTaskCount", "DesiredTaskCount")
    ]
    return [Graph("CPU and memory of the tasks (%)", usage, "Average"), Graph("Tasks", tasks, "Average")]


def _requests(names: Dimensions) -> list[Graph]:
    namespace, balancer = "AWS/ApplicationELB", ["LoadBalancer", names.load_balancer]
    targets = ["TargetGroup", names.target_group, *balancer]
    counts: list[Metric] = [
        [namespace, "RequestCount", *balancer],
        [namespace, "HTTPCode_Target_4XX_Count", *targets],
        [namespace, "HTTPCode_Target_5XX_Count", *targets],
        [namespace, "HTTPCode_ELB_5XX_Count", *balancer],
    ]
    hosts: list[Metric] = [[namespace, metric, *targets] for metric in ("HealthyHostCount", "UnHealthyHostCount")]
    return [
        Graph("Requests and errors", counts, "Sum"),
        Graph("Latency, 99th percentile (s)", [[namespace, "TargetResponseTime", *targets]], "p99"),
        Graph("Healthy and unhealthy tasks", hosts, "Maximum"),
    ]


def _database(names: Dimensions) -> list[Graph]:
    instance = ["DBInstanceIdentifier", names.database]
    return [
        Graph("CPU of the database (%)", [["AWS/RDS", "CPUUtilization", *instance]], "Average"),
        Graph("Connections to the database", [["AWS/RDS", "DatabaseConnections", *instance]], "Maximum"),
        Graph("Free storage of the database (bytes)", [["AWS/RDS", "FreeStorageSpace", *instance]], "Minimum"),
    ]


def _cache(names: Dimensions) -> list[Graph]:
    def of_nodes(metric: str) -> list[Metric]:
        return [["AWS/ElastiCache", metric, "CacheClusterId", node] for node in names.cache_nodes]

    usage = [*of_nodes("EngineCPUUtilization"), *of_nodes("DatabaseMemoryUsagePercentage")]
    return [Graph("CPU and memory of Redis (%)", usage, "Average"), Graph("Evicted keys", of_nodes("Evictions"), "Sum")]


def _widget(number: int, graph: Graph, region: str) -> dict[str, object]:
    return {
        "type": "metric",
        "x": number % COLUMNS * WIDTH,
        "y": number // COLUMNS * HEIGHT,
        "width": WIDTH,
        "height": HEIGHT,
        "properties": {
            "title": graph.title,
            "metrics": graph.metrics,
            "period": 60,
            "region": region,
            "stat": graph.statistic,
            "view": "timeSeries",
        },
    }
