"""The alarms as data: metric, statistic, period, threshold, and what missing data means.

Metrics are those of Amazon ECS, Application Load Balancers, Amazon RDS and ElastiCache, named as in each service's
CloudWatch reference. Periods are seconds.
"""

from dataclasses import dataclass
from typing import Literal

from infra.settings import MonitoringSettings

GIBIBYTE = 1024**3


@dataclass(frozen=True)
class Alarm:
    """One alarm: goes off when `periods` periods in a row break the threshold."""

    name: str
    description: str
    namespace: Literal["AWS/ECS", "AWS/ApplicationELB", "AWS/RDS", "AWS/ElastiCache"]
    metric: str
    dimensions: tuple[str, ...]
    statistic: Literal["Average", "Sum", "Maximum", "Minimum"]
    periods: int
    threshold: float
    missing_data: Literal["breaching", "notBreaching", "missing"]
    comparison: Literal["GreaterThanThreshold", "LessThanThreshold"] = "GreaterThanThreshold"
    period: int = 60


def service_alarms(settings: MonitoringSettings) -> list[Alarm]:
    """CPU and memory of the tasks. No tasks, no data: that shows as unhealthy deployments, not here."""
    service = ("ClusterName", "ServiceName")
    return [
        Alarm("cpu", f"CPU of the tasks above {settings.cpu_percent} %",
              "AWS/ECS", "CPUUtilization", service, "Average", 5, settings.cpu_percent, "missing"),
        Alarm("memory", f"Memory of the tasks above {settings.memory_percent} %",
              "AWS/ECS", "MemoryUtilization", service, "Average", 5, settings.memory_percent, "missing"),
    ]  # fmt: skip


def load_balancer_alarms(settings: MonitoringSettings) -> list[Alarm]:
    """Failed requests and unhealthy tasks; without requests or targets there is no data, and nothing wrong."""
    errors = settings.server_errors_per_minute
    targets = ("LoadBalancer", "TargetGroup")
    return [
        Alarm("engine-5xx", f"More than {errors} answers of the engine in a minute were 5xx",
              "AWS/ApplicationELB", "HTTPCode_Target_5XX_Count", targets, "Sum", 1, errors, "notBreaching"),
        Alarm("load-balancer-5xx", f"More than {errors} answers of the load balancer itself in a minute were 5xx",
              "AWS/ApplicationELB", "HTTPCode_ELB_5XX_Count", ("LoadBalancer",), "Sum", 1, errors, "notBreaching"),
        Alarm("unhealthy-hosts", f"More than {settings.unhealthy_hosts} tasks are unhealthy",
              "AWS/ApplicationELB", "UnHealthyHostCount", targets, "Maximum", 3, settings.unhealthy_hosts,
              "notBreaching"),
    ]  # fmt: skip


def database_alarms(settings: MonitoringSettings) -> list[Alarm]:
    """CPU, storage and connections. A database that reports no CPU use is down."""
    instance = ("DBInstanceIdentifier",)
    return [
        Alarm("database-cpu", f"CPU of the database above {settings.database_cpu_percent} %, or nothing heard of it",
              "AWS/RDS", "CPUUtilization", instance, "Average", 5, settings.database_cpu_percent, "breaching"),
        Alarm("database-storage", f"Less than {settings.database_free_storage} GiB of the database's storage are free",
              "AWS/RDS", "FreeStorageSpace", instance, "Minimum", 5, settings.database_free_storage * GIBIBYTE,
              "missing", "LessThanThreshold"),
        Alarm("database-connections", f"More than {settings.database_connections} connections to the database",
              "AWS/RDS", "DatabaseConnections", instance, "Maximum", 5, settings.database_connections, "missing"),
    ]  # fmt: skip


def cache_alarms(settings: MonitoringSettings) -> list[Alarm]:
    """CPU, memory and evictions of a node. The engine works without the cache, so missing data is no alarm."""
    node = ("CacheClusterId",)
    return [
        Alarm("cache-cpu", f"CPU of Redis above {settings.cache_cpu_percent} %",
              "AWS/ElastiCache", "EngineCPUUtilization", node, "Average", 5, settings.cache_cpu_percent, "missing"),
        Alarm("cache-memory", f"Memory of the cache above {settings.cache_memory_percent} %",
              "AWS/ElastiCache", "DatabaseMemoryUsagePercentage", node, "Average", 5, settings.cache_memory_percent,
              "missing"),
        Alarm("cache-evictions", f"More than {settings.cache_evictions} keys evicted in a minute",
              "AWS/ElastiCache", "Evictions", node, "Sum", 5, settings.cache_evictions, "notBreaching"),
    ]  # fmt: skip
