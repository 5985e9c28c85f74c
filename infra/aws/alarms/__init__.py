"""Every alarm as data, by what it watches: metric, statistic, period, threshold, and what missing data means.

Periods are seconds, thresholds those of the stack's settings. `docs/alarms.md` is made from these tables.
"""

from infra.aws.alarms.alarm import Alarm, Metric
from infra.aws.alarms.backup import backup_alarms, backup_copy_alarms
from infra.aws.alarms.canary import canary_alarms
from infra.aws.alarms.data_stores import cache_alarms, database_alarms, replica_alarms
from infra.aws.alarms.events import broker_alarms, kafka_alarms
from infra.aws.alarms.network import nat_alarms
from infra.aws.alarms.requests import BURN_LONG, BURN_SHORT, NO_HEALTHY_HOSTS, request_alarms
from infra.aws.alarms.tasks import engine_alarms, task_alarms

__all__ = [
    "BURN_LONG",
    "BURN_SHORT",
    "NO_HEALTHY_HOSTS",
    "Alarm",
    "Metric",
    "backup_alarms",
    "backup_copy_alarms",
    "broker_alarms",
    "cache_alarms",
    "canary_alarms",
    "database_alarms",
    "engine_alarms",
    "kafka_alarms",
    "nat_alarms",
    "replica_alarms",
    "request_alarms",
    "task_alarms",
]
