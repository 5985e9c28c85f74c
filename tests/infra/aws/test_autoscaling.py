"""When tasks are added and removed: by targets, by schedules, and where at all."""

from tests.infra.stacks import Account, Properties, deploy_stack, deployed

DAY = {"name": "day", "schedule": "cron(0 7 ? * MON-FRI *)", "timezone": "Europe/Berlin", "minimum": 4, "maximum": 9}


def tracked(account: Account) -> dict[str, Properties]:
    """What each policy follows, by the end of its name."""
    return {
        policy.name.rpartition("-")[2]: policy.inputs["targetTrackingScalingPolicyConfiguration"]
        for policy in account.of("Policy")
        if policy.type.startswith("aws:appautoscaling")
    }


def target(account: Account) -> list[Properties]:
    return [item.inputs for item in account.resources if item.type == "aws:appautoscaling/target:Target"]


def test_production_alone_scales() -> None:
    account, _ = deployed("production")
    [made] = target(account)
    assert (made["minCapacity"], made["maxCapacity"]) == (3, 10)
    assert made["resourceId"] == "service/workflow-production-service/workflow-production-service"
    assert target(deployed("staging")[0]) == []


def test_targets() -> None:
    policies = tracked(deployed("production")[0])
    assert {name: policy["targetValue"] for name, policy in policies.items()} == {
        "cpu": 70,
        "memory": 80,
        "requests": 3000,
        "backlog": 100,
    }
    assert {(policy["scaleInCooldown"], policy["scaleOutCooldown"]) for policy in policies.values()} == {(300, 60)}
    predefined = {name: policy.get("predefinedMetricSpecification") for name, policy in policies.items()}
    label = "app/workflow-production/1/app/workflow-production/1"
    assert predefined == {
        "cpu": {"predefinedMetricType": "ECSServiceAverageCPUUtilization"},
        "memory": {"predefinedMetricType": "ECSServiceAverageMemoryUtilization"},
        "requests": {"predefinedMetricType": "ALBRequestCountPerTarget", "resourceLabel": label},
        "backlog": None,
    }
    assert policies["backlog"]["customizedMetricSpecification"] == {
        "namespace": "workflow-production",
        "metricName": "Backlog",
        "statistic": "Average",
    }


def test_a_target_of_zero_is_none() -> None:
    account, _ = deploy_stack("production", autoscalingRequestsTarget=0, autoscalingBacklogTarget=0)
    assert tracked(account).keys() == {"cpu", "memory"}


def test_the_backlog_is_read_from_the_log_without_alarms_as_well() -> None:
    account, _ = deploy_stack("production", alarms=False)
    assert account.of("MetricAlarm") == []
    assert "Backlog" in {item.inputs["metricTransformation"]["name"] for item in account.of("LogMetricFilter")}


def test_schedules_move_the_bounds_which_updates_then_leave_alone() -> None:
    account, _ = deploy_stack("production", autoscalingSchedules=[DAY])
    made = account.one("ScheduledAction")
    assert (made["schedule"], made["timezone"]) == (DAY["schedule"], DAY["timezone"])
    assert made["scalableTargetAction"] == {"minCapacity": 4, "maxCapacity": 9}
    name = "aws:appautoscaling/target:Target workflow-production-service-autoscaling"
    assert account.options[name].ignore_changes == ["minCapacity", "maxCapacity"]
    assert deployed("production")[0].options[name].ignore_changes == []


def test_the_number_of_tasks_is_the_autoscalings_where_there_is_one() -> None:
    service = "aws:ecs/service:Service workflow-{}-service"
    assert deployed("production")[0].options[service.format("production")].ignore_changes == ["desiredCount"]
    assert deployed("staging")[0].options[service.format("staging")].ignore_changes == []
