"""Every alarm goes off and recovers: its definition, read back from an account, over the figures of a bad hour."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
from pulumi import ResourceOptions

from infra.aws.alarms import backup_copy_alarms, broker_alarms, canary_alarms, kafka_alarms, replica_alarms
from infra.aws.metric_alarms import Raiser
from sandbox.aws import Account
from sandbox.aws.api import Api
from sandbox.aws.lifecycle import Lifecycle
from sandbox.aws.mapping import PropertyMap
from sandbox.aws.table import TYPES
from tests.infra.stacks import Resource, build, deployed, settings_of
from tests.support.alarm_states import MetricName, Metrics, State, composite, metric_name, state

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch.type_defs import MetricAlarmTypeDef

PREFIX = "workflow-production-"
NOW = 100 * 3600
MEBIBYTE = 1024**2

Figures = Mapping[str, tuple[float, ...]]
"""What is put to each metric in a minute, by its name."""


@dataclass(frozen=True)
class Case:
    """What one alarm is told in a good minute, and in a bad one."""

    good: Figures
    bad: Figures


def one(metric: str, good: float, bad: float) -> Case:
    return Case({metric: (good,)}, {metric: (bad,)})


FEW_SLOW = (0.2,) * 99 + (70.0,)
MORE_SLOW = (0.2,) * 98 + (70.0,) * 2
BURN = Case(
    {"RequestCount": (10_000,), "HTTPCode_Target_5XX_Count": (9,)},
    {"RequestCount": (10_000,), "HTTPCode_Target_5XX_Count": (100,), "HTTPCode_ELB_5XX_Count": (50,)},
)
RUNNING: Figures = {"CPUUtilization": (5.0,)}
CASES = {
    "monitoring-cpu": one("CPUUtilization", 80, 81),
    "monitoring-memory": one("MemoryUtilization", 85, 86),
    "monitoring-missing-tasks": Case(
        {"DesiredTaskCount": (3,), "RunningTaskCount": (4,)}, {"DesiredTaskCount": (3,), "RunningTaskCount": (2,)}
    ),
    "monitoring-error-lines": one("ErrorLines", 6, 7),
    "monitoring-outbox-lag": one("OutboxLag", 300, 301),
    "monitoring-queue-lag": one("QueueLag", 60, 61),
    "monitoring-backlog": one("Backlog", 1000, 1001),
    "requests-engine-5xx": one("HTTPCode_Target_5XX_Count", 10, 11),
    "requests-load-balancer-5xx": one("HTTPCode_ELB_5XX_Count", 10, 11),
    "requests-rejected-connections": one("RejectedConnectionCount", 0, 1),
    "requests-unhealthy-hosts": one("UnHealthyHostCount", 0, 1),
    "requests-no-healthy-hosts": one("HealthyHostCount", 1, 0),
    "requests-latency": Case({"TargetResponseTime": FEW_SLOW}, {"TargetResponseTime": MORE_SLOW}),
    "requests-burn-rate-hour": BURN,
    "requests-burn-rate-now": BURN,
    "monitoring-database-cpu": one("CPUUtilization", 80, 81),
    "monitoring-database-storage": one("FreeStorageSpace", 5 * 1024 * MEBIBYTE, 5 * 1024 * MEBIBYTE - 1),
    "monitoring-database-memory": one("FreeableMemory", 1024 * MEBIBYTE, 1023 * MEBIBYTE),
    "monitoring-database-connections": one("DatabaseConnections", 1300, 1301),
    "monitoring-replica-lag-1": one("ReplicaLag", 60, -1),
    "monitoring-backup-failed": one("NumberOfBackupJobsFailed", 0, 1),
    "monitoring-backup-expired": one("NumberOfBackupJobsExpired", 0, 1),
    "monitoring-backup-none": Case({**RUNNING, "NumberOfBackupJobsCompleted": (1,)}, RUNNING),
    "monitoring-backup-copy-failed-2": one("NumberOfCopyJobsFailed", 0, 1),
    "monitoring-kafka-controller": one("ActiveControllerCount", 1, 0),
    "monitoring-kafka-offline-partitions": one("OfflinePartitionsCount", 0, 1),
    "monitoring-kafka-under-replicated-1": one("UnderReplicatedPartitions", 0, 1),
    "monitoring-kafka-disk-1": one("KafkaDataLogsDiskUsed", 85, 86),
    "monitoring-kafka-cpu-1": Case({"CpuUser": (40,), "CpuSystem": (20,)}, {"CpuUser": (40,), "CpuSystem": (21,)}),
    "monitoring-canary": one("SuccessPercent", 100, 88),
    **{f"monitoring-cache-cpu-{node}": one("EngineCPUUtilization", 80, 81) for node in (1, 2)},
    **{f"monitoring-cache-memory-{node}": one("DatabaseMemoryUsagePercentage", 80, 81) for node in (1, 2)},
    **{f"monitoring-cache-evictions-{node}": one("Evictions", 100, 101) for node in (1, 2)},
    **{f"monitoring-cache-connections-{node}": one("CurrConnections", 1000, 1001) for node in (1, 2)},
    **{f"monitoring-nat-ports-{number}": one("ErrorPortAllocation", 0, 1) for number in (1, 2, 3)},
    **{f"monitoring-nat-drops-{number}": one("PacketsDropCount", 100, 101) for number in (1, 2, 3)},
}
AT_ONCE = ("burn", "backup-failed", "backup-expired", "backup-copy")
"""Alarms that a single moment raises, however long their period is."""

BACKUPS = "monitoring-backup-none"
"""Says nothing where there is no database either; the database's own alarms do."""

SILENT: Mapping[str, State] = {"breaching": "ALARM", "notBreaching": "OK", "missing": "INSUFFICIENT_DATA"}


def made() -> list[Resource]:
    """Every alarm of production, and those of what other stacks have."""
    raiser = Raiser(f"{PREFIX}monitoring", "arn:aws:sns:us-east-1:123456789012:alerts", ResourceOptions())
    at = settings_of("production").alarms
    replica = build(lambda: raiser.raise_on(replica_alarms(at), {"DBInstanceIdentifier": "replica"}, suffix="-1"))
    canary = build(lambda: raiser.raise_on(canary_alarms(at, 5), {"CanaryName": "canary"}))
    copy = build(lambda: raiser.raise_on(backup_copy_alarms(), {"BackupVaultName": "copy"}, suffix="-2"))
    kafka = build(lambda: raiser.raise_on(kafka_alarms(), {"Cluster Name": "events"}))
    of_broker = {"Cluster Name": "events", "Broker ID": "1"}
    broker = build(lambda: raiser.raise_on(broker_alarms(at), of_broker, suffix="-1"))
    accounts = (deployed("production")[0], replica, canary, copy, kafka, broker)
    return [made for account in accounts for made in account.of("MetricAlarm")]


@pytest.fixture(scope="module")
def alarms(running_account: Account) -> "dict[str, MetricAlarmTypeDef]":
    """The alarms as the account that they were made in describes them."""
    account = running_account
    mapped = PropertyMap(TYPES["aws:cloudwatch/metricAlarm:MetricAlarm"])
    life = Lifecycle(mapped, Api(account.client, "cloudwatch", account.region, account.account_id))
    for alarm in made():
        life.create({**alarm.inputs, "name": alarm.name.removeprefix(PREFIX)})
    described = account.client("cloudwatch").describe_alarms()["MetricAlarms"]
    return {alarm["AlarmName"]: alarm for alarm in described}


class Watch:
    """One alarm, and the moments that its metrics went through."""

    def __init__(self, alarm: "MetricAlarmTypeDef") -> None:
        self._alarm = alarm
        self._metrics = Metrics()
        self.now = NOW
        self.state: State = "OK"

    def moments(self, count: int, figures: Figures) -> State:
        """Let moments pass with the same figures in each; the state after them."""
        for _ in range(count):
            for name, values in figures.items():
                self._metrics.put(self._names[name], self.now, *values)
            self.now += step(self._alarm)
            self.state = state(self._alarm, self._metrics, self.now, self.state)
        return self.state

    @property
    def _names(self) -> dict[str, MetricName]:
        queries = [query["MetricStat"]["Metric"] for query in self._alarm.get("Metrics", []) if "MetricStat" in query]
        named = [metric_name(item["Namespace"], item["MetricName"], item.get("Dimensions", [])) for item in queries]
        if not queries:
            alarm = self._alarm
            named = [metric_name(alarm["Namespace"], alarm["MetricName"], alarm.get("Dimensions", []))]
        return {metric[1]: metric for metric in named}


def period(alarm: "MetricAlarmTypeDef") -> int:
    """Seconds that a data point is of."""
    periods = [query["MetricStat"]["Period"] for query in alarm.get("Metrics", []) if "MetricStat" in query]
    return periods[0] if periods else alarm["Period"]


def step(alarm: "MetricAlarmTypeDef") -> int:
    """Seconds from one moment to the next: a minute, or more where a data point is of a day."""
    return max(60, period(alarm) // 60)


def window(alarm: "MetricAlarmTypeDef") -> int:
    """Moments that an alarm looks back."""
    return period(alarm) * alarm["EvaluationPeriods"] // step(alarm)


def test_there_is_a_case_for_every_alarm(alarms: "dict[str, MetricAlarmTypeDef]") -> None:
    assert set(alarms) == set(CASES)


@pytest.mark.parametrize("name", CASES)
def test_alarm_goes_off_and_recovers(name: str, alarms: "dict[str, MetricAlarmTypeDef]") -> None:
    case, moments = CASES[name], window(alarms[name])
    watch = Watch(alarms[name])
    assert watch.moments(3 * moments, case.good) == "OK"
    assert watch.moments(moments, case.bad) == "ALARM"
    assert watch.moments(moments, case.good) == "OK"


@pytest.mark.parametrize("name", [name for name in CASES if not any(word in name for word in AT_ONCE)])
def test_alarm_waits_for_all_its_periods(name: str, alarms: "dict[str, MetricAlarmTypeDef]") -> None:
    case, moments = CASES[name], window(alarms[name])
    watch = Watch(alarms[name])
    watch.moments(3 * moments, case.good)
    assert watch.moments(moments - 1, case.bad) == "OK"


@pytest.mark.parametrize("name", CASES)
def test_alarm_on_silence(name: str, alarms: "dict[str, MetricAlarmTypeDef]") -> None:
    watch = Watch(alarms[name])
    watch.moments(3 * window(alarms[name]), CASES[name].good)
    expected = "OK" if name == BACKUPS else SILENT[alarms[name]["TreatMissingData"]]
    assert watch.moments(10 * window(alarms[name]), {}) == expected


@pytest.mark.parametrize(("figures", "after"), [(RUNNING, "ALARM"), (CASES[BACKUPS].good, "OK")])
def test_a_new_database_has_a_day_for_its_first_backup(
    figures: Figures, after: State, alarms: "dict[str, MetricAlarmTypeDef]"
) -> None:
    """Whatever becomes of the first night, the alarm is quiet until then; without a backup it goes off after it."""
    watch = Watch(alarms[BACKUPS])
    day = window(alarms[BACKUPS]) // 2
    assert {watch.moments(1, RUNNING) for _ in range(day)} == {"OK"}
    assert watch.moments(1, figures) == after


def test_a_few_failures_at_night_burn_nothing(alarms: "dict[str, MetricAlarmTypeDef]") -> None:
    night: Figures = {"RequestCount": (1,), "HTTPCode_Target_5XX_Count": (1,)}
    assert Watch(alarms["requests-burn-rate-hour"]).moments(60, night) == "OK"
    assert Watch(alarms["requests-burn-rate-now"]).moments(60, night) == "ALARM"


@pytest.mark.parametrize(
    ("down", "hour", "now", "expected"),
    [
        ("OK", "OK", "OK", False),
        ("ALARM", "OK", "OK", True),
        ("OK", "ALARM", "OK", False),
        ("OK", "OK", "ALARM", False),
        ("OK", "ALARM", "ALARM", True),
        ("INSUFFICIENT_DATA", "ALARM", "INSUFFICIENT_DATA", False),
    ],
)
def test_outage(down: State, hour: State, now: State, *, expected: bool) -> None:
    rule = deployed("production")[0].one("CompositeAlarm")["alarmRule"]
    requests = f"{PREFIX}requests"
    states = {
        f"{requests}-no-healthy-hosts": down,
        f"{requests}-burn-rate-hour": hour,
        f"{requests}-burn-rate-now": now,
    }
    assert composite(rule, states) is expected
