"""Alarms with everything that decides when they go off, the composite alarm, and the dashboard."""

import json
from typing import Any

import pytest

from infra.aws.alarms import (
    Alarm,
    backup_alarms,
    backup_copy_alarms,
    broker_alarms,
    cache_alarms,
    canary_alarms,
    database_alarms,
    engine_alarms,
    kafka_alarms,
    nat_alarms,
    replica_alarms,
    request_alarms,
    task_alarms,
)
from infra.aws.dashboard import Dimensions, dashboard_body
from infra.aws.monitoring import outage_rule
from tests.infra.stacks import Account, Properties, deploy_stack, deployed, project_file, settings_of

GIBIBYTE, MEBIBYTE = 1024**3, 1024**2
LONGEST_DESCRIPTION = 1024


def alarms(environment: str) -> dict[str, Properties]:
    return alarms_of(deployed(environment)[0], environment)


def alarms_of(account: Account, environment: str) -> dict[str, Properties]:
    """Alarms by what is left of their names without stack and component."""
    prefix = f"workflow-{environment}-"
    return {alarm.name.removeprefix(prefix).partition("-")[2]: alarm.inputs for alarm in account.of("MetricAlarm")}


def table(environment: str, /, **overrides: object) -> list[Alarm]:
    at = settings_of(environment, **overrides).alarms
    tasks = [*task_alarms(at), *engine_alarms(at, "logs"), *request_alarms(at)]
    return [
        *tasks,
        *database_alarms(at),
        *replica_alarms(at),
        *cache_alarms(at),
        *nat_alarms(at),
        *canary_alarms(at, 5),
        *broker_alarms(at),
        *backup_alarms(),
        *backup_copy_alarms(),
    ]


def watched(alarm: Properties) -> tuple[str, str, int]:
    """What an alarm watches (its metric, or its expression), how, and over how many seconds."""
    queries: list[dict[str, Any]] = alarm.get("metricQueries", [])
    if not queries:
        statistic = alarm.get("statistic") or alarm["extendedStatistic"]
        return f"{alarm['namespace']}/{alarm['metricName']}", statistic, alarm["period"]
    result, *sources = queries
    metrics = ", ".join(f"{item['id']} {item['metric']['metricName']}" for item in sources)
    [(statistic, period)] = {(item["metric"]["stat"], item["metric"]["period"]) for item in sources}
    return f"{result['expression']}: {metrics}", statistic, period


def test_every_alarm_by_metric_statistic_period_and_missing_data() -> None:
    rules = {
        name: (
            *watched(alarm),
            alarm["evaluationPeriods"],
            alarm["comparisonOperator"],
            alarm["threshold"],
            alarm["treatMissingData"],
        )
        for name, alarm in alarms("dev").items()
    }
    above, below = "GreaterThanThreshold", "LessThanThreshold"
    elb, rds, redis, nat, logs = "AWS/ApplicationELB", "AWS/RDS", "AWS/ElastiCache", "AWS/NATGateway", "workflow-dev"
    vault = "AWS/Backup"
    counts = "requests RequestCount, engine HTTPCode_Target_5XX_Count, balancer HTTPCode_ELB_5XX_Count"
    burn = "IF(requests > {}, (FILL(engine, 0) + FILL(balancer, 0)) / requests * 10000 / 10, 0): " + counts
    tasks = "desired - running: desired DesiredTaskCount, running RunningTaskCount"
    backups = (
        "IF(FILL(alive, 0) > 0, FILL(completed, 0), 1): alive CPUUtilization, completed NumberOfBackupJobsCompleted"
    )
    assert rules == {
        "cpu": ("AWS/ECS/CPUUtilization", "Average", 60, 5, above, 80, "missing"),
        "memory": ("AWS/ECS/MemoryUtilization", "Average", 60, 5, above, 85, "missing"),
        "missing-tasks": (tasks, "Average", 60, 10, above, 0, "missing"),
        "error-lines": (f"{logs}/ErrorLines", "Sum", 60, 5, above, 6, "notBreaching"),
        "outbox-lag": (f"{logs}/OutboxLag", "Maximum", 60, 5, above, 300, "notBreaching"),
        "queue-lag": (f"{logs}/QueueLag", "Maximum", 60, 3, above, 60, "missing"),
        "backlog": (f"{logs}/Backlog", "Maximum", 60, 5, above, 1000, "missing"),
        "engine-5xx": (f"{elb}/HTTPCode_Target_5XX_Count", "Sum", 60, 1, above, 10, "notBreaching"),
        "load-balancer-5xx": (f"{elb}/HTTPCode_ELB_5XX_Count", "Sum", 60, 1, above, 10, "notBreaching"),
        "rejected-connections": (f"{elb}/RejectedConnectionCount", "Sum", 60, 1, above, 0, "notBreaching"),
        "unhealthy-hosts": (f"{elb}/UnHealthyHostCount", "Maximum", 60, 3, above, 0, "notBreaching"),
        "no-healthy-hosts": (f"{elb}/HealthyHostCount", "Maximum", 60, 2, below, 1, "breaching"),
        "latency": (f"{elb}/TargetResponseTime", "p99", 60, 5, above, 5, "notBreaching"),
        "burn-rate-hour": (burn.format(100), "Sum", 3600, 1, above, 14, "notBreaching"),
        "burn-rate-now": (burn.format(0), "Sum", 300, 1, above, 14, "notBreaching"),
        "database-cpu": (f"{rds}/CPUUtilization", "Average", 60, 5, above, 80, "breaching"),
        "database-storage": (f"{rds}/FreeStorageSpace", "Minimum", 60, 5, below, 5 * GIBIBYTE, "missing"),
        "database-memory": (f"{rds}/FreeableMemory", "Minimum", 60, 5, below, 64 * MEBIBYTE, "missing"),
        "database-connections": (f"{rds}/DatabaseConnections", "Maximum", 60, 5, above, 60, "missing"),
        "backup-failed": (f"{vault}/NumberOfBackupJobsFailed", "Sum", 3600, 1, above, 0, "notBreaching"),
        "backup-expired": (f"{vault}/NumberOfBackupJobsExpired", "Sum", 3600, 1, above, 0, "notBreaching"),
        "backup-none": (backups, "Sum", 86400, 2, below, 1, "breaching"),
        "cache-cpu-1": (f"{redis}/EngineCPUUtilization", "Average", 60, 5, above, 80, "missing"),
        "cache-memory-1": (f"{redis}/DatabaseMemoryUsagePercentage", "Average", 60, 5, above, 80, "missing"),
        "cache-evictions-1": (f"{redis}/Evictions", "Sum", 60, 5, above, 100, "notBreaching"),
        "cache-connections-1": (f"{redis}/CurrConnections", "Maximum", 60, 5, above, 1000, "missing"),
        "nat-ports-1": (f"{nat}/ErrorPortAllocation", "Sum", 60, 1, above, 0, "notBreaching"),
        "nat-drops-1": (f"{nat}/PacketsDropCount", "Sum", 60, 5, above, 100, "notBreaching"),
    }


def test_alarms_name_what_they_watch() -> None:
    made = alarms("production")
    service = {"ClusterName": "workflow-production-service", "ServiceName": "workflow-production-service"}
    balancer = {"LoadBalancer": "app/workflow-production/1"}
    targets = {**balancer, "TargetGroup": "app/workflow-production/1"}
    assert made["cpu"]["dimensions"] == made["memory"]["dimensions"] == service
    assert made["load-balancer-5xx"]["dimensions"] == balancer
    assert made["engine-5xx"]["dimensions"] == targets
    assert [query["metric"]["dimensions"] for query in made["burn-rate-now"]["metricQueries"][1:]] == [
        balancer,
        targets,
        balancer,
    ]
    assert made["database-cpu"]["dimensions"] == {"DBInstanceIdentifier": "workflow-production-database"}
    assert made["cache-cpu-2"]["dimensions"] == {"CacheClusterId": "workflow-production-cache-id-002"}
    assert made["nat-ports-3"]["dimensions"] == {"NatGatewayId": "workflow-production-network-nat-2-id"}


def test_each_cache_node_and_nat_gateway_has_its_alarms() -> None:
    made = alarms("production")
    assert {name for name in made if name.startswith("cache-")} == {
        f"cache-{metric}-{node}" for metric in ("cpu", "memory", "evictions", "connections") for node in (1, 2)
    }
    assert {name for name in made if name.startswith("nat-")} == {
        f"nat-{metric}-{number}" for metric in ("ports", "drops") for number in (1, 2, 3)
    }
    without, _ = deploy_stack("dev", natGateways="none")
    assert not [name for name in alarms_of(without, "dev") if name.startswith("nat-")]


def test_copies_of_backups_are_watched_by_both_vaults_and_a_standby_has_no_backups() -> None:
    copied = alarms_of(deploy_stack("staging", backupCopyRegion="us-west-2")[0], "staging")
    vaults = {name: copied[name]["dimensions"]["BackupVaultName"] for name in copied if name.startswith("backup-copy")}
    assert vaults == {
        "backup-copy-failed-1": "workflow-staging-backup",
        "backup-copy-failed-2": "workflow-staging-backup-copy",
    }
    source = "arn:aws:rds:us-west-2:123456789012:db:workflow-staging-2-database"
    standby, _ = deploy_stack("staging", standby=True, databaseReplicaOf=source, encryptionKey="stack")
    assert [name for name in alarms_of(standby, "staging") if name.startswith("backup-")] == []


def test_alarms_tell_the_topic_of_both_ends_but_parts_leave_that_to_the_composite_one() -> None:
    account, exports = deployed("dev")
    parts = {"no-healthy-hosts", "burn-rate-hour", "burn-rate-now"}
    for name, alarm in alarms("dev").items():
        assert alarm["alarmActions"] == alarm["okActions"] == ([] if name in parts else [exports["alertsTopicArn"]])
        assert len(alarm["alarmDescription"]) <= LONGEST_DESCRIPTION
    composite = account.one("CompositeAlarm")
    requests = "workflow-dev-requests"
    assert composite["alarmActions"] == composite["okActions"] == [exports["alertsTopicArn"]]
    assert composite["alarmRule"] == outage_rule(
        down=f"{requests}-no-healthy-hosts", hour=f"{requests}-burn-rate-hour", now=f"{requests}-burn-rate-now"
    )


@pytest.mark.parametrize("alarm", table("dev"), ids=lambda alarm: alarm.name)
def test_threshold_comes_from_its_key(alarm: Alarm) -> None:
    if not alarm.setting:
        assert alarm.name.startswith(("no-healthy-hosts", "kafka-under-replicated", "backup-"))
        return
    default = project_file()[alarm.setting]["default"]
    assert isinstance(default, int)
    [changed] = [other for other in table("dev", **{alarm.setting: default + 1}) if other.name == alarm.name]
    assert changed.threshold != alarm.threshold


def test_every_threshold_is_held_against_something() -> None:
    keys = {key for key in project_file() if key.startswith("alarm") and key != "alarms"}
    assert keys - {alarm.setting for alarm in table("dev")} == {"alarmErrorBudget", "alarmBurnRequests"}


def test_service_is_watched_once_there_is_one() -> None:
    account, _ = deploy_stack("dev", imageTag="")
    names = set(alarms_of(account, "dev"))
    of_tasks = {"cpu", "memory", "missing-tasks", "error-lines", "outbox-lag", "queue-lag", "backlog"}
    assert not (of_tasks | {"no-healthy-hosts"}) & names
    assert {"database-cpu", "engine-5xx"} <= names
    assert account.of("CompositeAlarm") == []


def test_a_stack_that_wants_no_tasks_misses_none() -> None:
    account, _ = deploy_stack("dev", desiredCount=0)
    assert "no-healthy-hosts" not in alarms_of(account, "dev")
    assert account.of("CompositeAlarm") == []


def test_without_alarms_there_are_a_topic_and_a_dashboard() -> None:
    account, exports = deployed("local")
    kinds = ("MetricAlarm", "CompositeAlarm", "LogMetricFilter", "Key", "Budget")
    assert {kind: account.of(kind) for kind in kinds} == {kind: [] for kind in kinds}
    assert account.of("Dashboard")
    assert exports["alertsTopicArn"]


def test_dashboard() -> None:
    account, _ = deployed("production")
    first, *widgets = json.loads(account.one("Dashboard")["dashboardBody"])["widgets"]
    assert len(first["properties"]["alarms"]) == len(account.of("MetricAlarm")) + 1
    assert first["properties"]["alarms"][0].endswith("/workflow-production-monitoring-outage")
    metrics = {metric[1] for widget in widgets for metric in widget["properties"]["metrics"]}
    by_option = ("replica-", "canary", "kafka-", "backup-copy")
    watching = {
        metric.name for alarm in table("production") for metric in alarm.metrics if not alarm.name.startswith(by_option)
    }
    assert metrics >= watching
    corners = {(widget["x"], widget["y"]) for widget in (first, *widgets)}
    assert len(corners) == len(widgets) + 1
    assert min(widget["y"] for widget in widgets) == first["height"]
    assert all(widget["x"] + widget["width"] <= 24 for widget in (first, *widgets))
    assert {widget["properties"]["region"] for widget in widgets} == {"us-east-1"}


def test_dashboard_shows_what_options_add() -> None:
    account, _ = deploy_stack("staging", backupCopyRegion="us-west-2", canary=True, databaseReplicas=1, kafka=True)
    _, *widgets = json.loads(account.one("Dashboard")["dashboardBody"])["widgets"]
    shown = {tuple(metric[:2]) for widget in widgets for metric in widget["properties"]["metrics"]}
    watched = {
        (metric.namespace, metric.name) for alarm in kafka_alarms() + table("staging") for metric in alarm.metrics
    }
    of_options = ("AWS/Backup", "AWS/Kafka", "CloudWatchSynthetics")
    assert {metric for metric in watched if metric[0] in of_options} <= shown
    brokers = [metric[5] for widget in widgets for metric in widget["properties"]["metrics"] if metric[1] == "CpuUser"]
    assert brokers == ["1", "2"]
    vaults = {metric[3] for widget in widgets for metric in widget["properties"]["metrics"] if "CopyJobs" in metric[1]}
    assert vaults == {"workflow-staging-backup", "workflow-staging-backup-copy"}


def test_dashboard_without_a_service_and_with_a_replica() -> None:
    names = Dimensions("c", None, "logs", "lb", "tg", "db", ["db-1"], ["n1", "n2"], [], [])
    body = dashboard_body("us-east-1", names)
    assert "AWS/ECS" not in body
    assert "AWS/NATGateway" not in body
    assert body.count('"n2"') == 4
    assert '"ReplicaLag","DBInstanceIdentifier","db-1"' in body
    assert '"alarm"' not in body
