"""Alarms with everything that decides when they go off, the alerts' way to people, and the dashboard."""

import json

from infra.aws.dashboard import Dimensions, dashboard_body
from tests.infra.stacks import Properties, deploy_stack, deployed

GIBIBYTE = 1024**3


def alarms(environment: str) -> dict[str, Properties]:
    account, _ = deployed(environment)
    prefix = f"workflow-{environment}-monitoring-"
    return {alarm.name.removeprefix(prefix): alarm.inputs for alarm in account.of("MetricAlarm")}


def test_every_alarm_by_metric_statistic_period_and_missing_data() -> None:
    rules = {
        name: (
            f"{alarm['namespace']}/{alarm['metricName']}",
            alarm["statistic"],
            alarm["period"],
            alarm["evaluationPeriods"],
            alarm["comparisonOperator"],
            alarm["threshold"],
            alarm["treatMissingData"],
        )
        for name, alarm in alarms("dev").items()
    }
    above, below = "GreaterThanThreshold", "LessThanThreshold"
    elb, rds, redis = "AWS/ApplicationELB", "AWS/RDS", "AWS/ElastiCache"
    assert rules == {
        "cpu": ("AWS/ECS/CPUUtilization", "Average", 60, 5, above, 80, "missing"),
        "memory": ("AWS/ECS/MemoryUtilization", "Average", 60, 5, above, 85, "missing"),
        "engine-5xx": (f"{elb}/HTTPCode_Target_5XX_Count", "Sum", 60, 1, above, 10, "notBreaching"),
        "load-balancer-5xx": (f"{elb}/HTTPCode_ELB_5XX_Count", "Sum", 60, 1, above, 10, "notBreaching"),
        "unhealthy-hosts": (f"{elb}/UnHealthyHostCount", "Maximum", 60, 3, above, 0, "notBreaching"),
        "database-cpu": (f"{rds}/CPUUtilization", "Average", 60, 5, above, 80, "breaching"),
        "database-storage": (f"{rds}/FreeStorageSpace", "Minimum", 60, 5, below, 5 * GIBIBYTE, "missing"),
        "database-connections": (f"{rds}/DatabaseConnections", "Maximum", 60, 5, above, 60, "missing"),
        "cache-cpu-1": (f"{redis}/EngineCPUUtilization", "Average", 60, 5, above, 80, "missing"),
        "cache-memory-1": (f"{redis}/DatabaseMemoryUsagePercentage", "Average", 60, 5, above, 80, "missing"),
        "cache-evictions-1": (f"{redis}/Evictions", "Sum", 60, 5, above, 100, "notBreaching"),
    }


def test_alarms_name_what_they_watch() -> None:
    made = alarms("production")
    service = {"ClusterName": "workflow-production-service", "ServiceName": "workflow-production-service"}
    balancer = {"LoadBalancer": "app/workflow-production/1"}
    assert made["cpu"]["dimensions"] == made["memory"]["dimensions"] == service
    assert made["load-balancer-5xx"]["dimensions"] == balancer
    assert made["engine-5xx"]["dimensions"] == {**balancer, "TargetGroup": "app/workflow-production/1"}
    assert made["database-cpu"]["dimensions"] == {"DBInstanceIdentifier": "workflow-production-database"}
    assert made["cache-cpu-2"]["dimensions"] == {"CacheClusterId": "workflow-production-cache-id-002"}


def test_each_cache_node_has_its_alarms() -> None:
    assert {name for name in alarms("production") if name.startswith("cache-")} == {
        f"cache-{metric}-{node}" for metric in ("cpu", "memory", "evictions") for node in (1, 2)
    }


def test_alarms_tell_the_topic_of_both_ends() -> None:
    account, exports = deployed("dev")
    assert account.one("Topic")["displayName"] == "workflow-dev-monitoring alerts"
    for alarm in alarms("dev").values():
        assert alarm["alarmActions"] == alarm["okActions"] == [exports["alertsTopicArn"]]
        assert alarm["alarmDescription"]


def test_thresholds_come_from_the_configuration() -> None:
    thresholds: dict[str, object] = {
        "alarmCpuPercent": 61,
        "alarmMemoryPercent": 62,
        "alarmServerErrorsPerMinute": 63,
        "alarmUnhealthyHosts": 1,
        "alarmDatabaseCpuPercent": 64,
        "alarmDatabaseFreeStorage": 7,
        "alarmDatabaseConnections": 65,
        "alarmCacheCpuPercent": 66,
        "alarmCacheMemoryPercent": 67,
        "alarmCacheEvictions": 68,
    }
    account, _ = deploy_stack("dev", **thresholds)
    made = sorted(int(alarm.inputs["threshold"]) for alarm in account.of("MetricAlarm"))
    assert made == [1, 61, 62, 63, 63, 64, 65, 66, 67, 68, 7 * GIBIBYTE]


def test_email_subscribes_when_it_is_set() -> None:
    assert deployed("dev")[0].of("TopicSubscription") == []
    account, _ = deploy_stack("dev", alertEmail="ops@example.com")
    subscription = account.one("TopicSubscription")
    assert (subscription["protocol"], subscription["endpoint"]) == ("email", "ops@example.com")


def test_service_is_watched_once_there_is_one() -> None:
    account, _ = deploy_stack("dev", imageTag="")
    names = {alarm.name.removeprefix("workflow-dev-monitoring-") for alarm in account.of("MetricAlarm")}
    assert not {"cpu", "memory"} & names
    assert "database-cpu" in names


def test_dashboard() -> None:
    account, _ = deployed("production")
    widgets = json.loads(account.one("Dashboard")["dashboardBody"])["widgets"]
    metrics = {metric[1] for widget in widgets for metric in widget["properties"]["metrics"]}
    assert metrics >= {alarm["metricName"] for alarm in alarms("production").values()}
    corners = {(widget["x"], widget["y"]) for widget in widgets}
    assert len(corners) == len(widgets)
    assert all(widget["x"] + widget["width"] <= 24 for widget in widgets)
    assert {widget["properties"]["region"] for widget in widgets} == {"us-east-1"}


def test_dashboard_without_a_service() -> None:
    names = Dimensions("c", None, "lb", "tg", "db", ["n1", "n2"])
    assert "AWS/ECS" not in dashboard_body("us-east-1", names)
    assert dashboard_body("us-east-1", names).count('"n2"') == 3
