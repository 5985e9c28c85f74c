"""The alarms of the tasks and of what the engine says of itself ("Container Insights").

The engine's own figures come from its log; `logs` is the namespace that the log's metric filters write to.
"""

from infra.alarm_settings import AlarmSettings
from infra.aws.alarms.alarm import Alarm, Metric

_SERVICE = ("ClusterName", "ServiceName")


def task_alarms(at: AlarmSettings) -> list[Alarm]:
    """CPU and memory of the tasks, and their number. No tasks, no data: that is for the alarm on healthy tasks."""
    return [
        Alarm(
            name="cpu",
            means=f"CPU of the tasks above {at.cpu_percent} %",
            remedy="Look for a state machine that runs more often than before; raise desiredCount or taskCpu.",
            setting="alarmCpuPercent",
            threshold=at.cpu_percent,
            metrics=(Metric("AWS/ECS", "CPUUtilization", _SERVICE, "Average"),),
            periods=5,
            missing_data="missing",
        ),
        Alarm(
            name="memory",
            means=f"Memory of the tasks above {at.memory_percent} %",
            remedy="Raise taskMemory; lower MAX_CONCURRENT_EXECUTIONS where handlers keep much in memory.",
            setting="alarmMemoryPercent",
            threshold=at.memory_percent,
            metrics=(Metric("AWS/ECS", "MemoryUtilization", _SERVICE, "Average"),),
            periods=5,
            missing_data="missing",
        ),
        Alarm(
            name="missing-tasks",
            means=f"More than {at.missing_tasks} of the wanted tasks have not been running for ten minutes",
            remedy="Read the service's events and why tasks stopped: image, secrets, subnets or capacity.",
            setting="alarmMissingTasks",
            threshold=at.missing_tasks,
            metrics=(
                Metric("ECS/ContainerInsights", "DesiredTaskCount", _SERVICE, "Average", "desired"),
                Metric("ECS/ContainerInsights", "RunningTaskCount", _SERVICE, "Average", "running"),
            ),
            expression="desired - running",
            periods=10,
            missing_data="missing",
        ),
    ]


def engine_alarms(at: AlarmSettings, logs: str) -> list[Alarm]:
    """What the log says. A silent engine is for the alarm on healthy tasks."""
    return [
        Alarm(
            name="error-lines",
            means=f"More than {at.error_lines_per_minute} lines of the log in each of five minutes were errors",
            remedy="Filter the log by level error: the message and executionId say what failed.",
            setting="alarmErrorLinesPerMinute",
            threshold=at.error_lines_per_minute,
            metrics=(Metric(logs, "ErrorLines", (), "Sum"),),
            periods=5,
            missing_data="notBreaching",
        ),
        Alarm(
            name="queue-lag",
            means=f"Tasks have waited more than {at.queue_lag} s for a free place in the engine",
            remedy="Find the slow task resource; raise MAX_CONCURRENT_EXECUTIONS or the number of tasks.",
            setting="alarmQueueLagSeconds",
            threshold=at.queue_lag,
            metrics=(Metric(logs, "QueueLag", (), "Maximum"),),
            periods=3,
            missing_data="missing",
        ),
        Alarm(
            name="outbox-lag",
            means=f"The oldest event that nobody has taken is more than {at.outbox_lag} s old",
            remedy="See components.outbox of /health/detailed: the event bus or the webhook refuses, or is away.",
            setting="alarmOutboxLagSeconds",
            threshold=at.outbox_lag,
            metrics=(Metric(logs, "OutboxLag", (), "Maximum"),),
            periods=5,
            missing_data="notBreaching",  # an engine that publishes nothing says nothing
        ),
        Alarm(
            name="backlog",
            means=f"More than {at.backlog} tasks and commits wait in one engine",
            remedy="Starts outrun the engine: add tasks (autoscalingMaximum), or start executions more slowly.",
            setting="alarmBacklog",
            threshold=at.backlog,
            metrics=(Metric(logs, "Backlog", (), "Maximum"),),
            periods=5,
            missing_data="missing",
        ),
    ]
