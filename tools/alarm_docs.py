"""docs/alarms.md, made from `infra/aws/alarms` and Pulumi.yaml: `python -m tools.alarm_docs` writes it."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import msgspec
import yaml

from infra.alarm_settings import AlarmSettings
from infra.aws import alarms
from infra.aws.alarms import Alarm
from infra.values import parse
from tools.configuration_docs import table

ROOT = Path(__file__).resolve().parent.parent
TARGET = ROOT / "docs" / "alarms.md"
HEAD = """# Alarms

<!-- Made by `python -m tools.alarm_docs` from infra/aws/alarms and Pulumi.yaml; a test keeps it in step. -->

Every alarm of a stack, with the thresholds that Pulumi.yaml declares; the key beside each changes it. An alarm goes off
when so many periods in a row break its threshold, is over when one of them doesn't, and says both to the topic
`alertsTopicArn`, whose messages go to `alertEmail`. Where data are missing it goes off (*breaching*), is over
(*notBreaching*), or says that it doesn't know (*missing*).

One more, **outage**, is what to wake somebody for: the service is down (no-healthy-hosts), or burns its error budget
(burn-rate-hour and burn-rate-now at once). These parts tell nobody by themselves. Alarms marked ↩ take a deployment
back when they go off while it runs.

`alarms: false` leaves all of them out, as the local stack does. What they read of the engine itself is its log: a line
a minute with `lagSeconds` and `backlog`, and the lines with level error.

"""
UNITS = {1024**3: "GiB", 1024**2: "MiB"}


def render(project: Mapping[str, Mapping[str, Mapping[str, object]]]) -> str:
    """The page's text from the parsed Pulumi.yaml."""
    at = defaults(project)
    subjects = {
        "Tasks": alarms.task_alarms(at),
        "The engine": alarms.engine_alarms(at, "the log"),
        "Requests": alarms.request_alarms(at),
        "Database": alarms.database_alarms(at),
        "Read replicas, each": alarms.replica_alarms(at),
        "Cache nodes, each": alarms.cache_alarms(at),
        "NAT gateways, each": alarms.nat_alarms(at),
        "Backups": alarms.backup_alarms(),
        "Backups, of the vault and of its copy": alarms.backup_copy_alarms(),
        "The brokers of events": alarms.kafka_alarms(),
        "Brokers of events, each": alarms.broker_alarms(at),
        "The canary, every 5 minutes": alarms.canary_alarms(at, 5),
    }
    return HEAD + "\n".join("".join(_subject(title, rows)) for title, rows in subjects.items())


def defaults(project: Mapping[str, Mapping[str, Mapping[str, object]]]) -> AlarmSettings:
    """The thresholds that Pulumi.yaml declares."""
    fields = msgspec.structs.fields(AlarmSettings)
    declared = {field.name: project["config"][field.encode_name]["default"] for field in fields}
    return AlarmSettings(**{field.name: parse(str(declared[field.name]), field.type) for field in fields})  # type: ignore[arg-type]


def _subject(title: str, rows: Sequence[Alarm]) -> Iterator[str]:
    yield f"## {title}\n\n"
    yield table(
        ("Alarm", "Goes off when", "Metric", "Statistic", "Periods", "Threshold", "Missing data", "Key", "What to do"),
        [_row(alarm) for alarm in rows],
    )


def _row(alarm: Alarm) -> tuple[str, ...]:
    metrics = ", ".join(f"`{metric.namespace} {metric.name}`" for metric in alarm.metrics)
    return (
        alarm.name + (" ↩" if alarm.role == "rollback" else ""),
        alarm.means,
        f"`{alarm.expression}` of {metrics}" if alarm.expression else metrics,
        alarm.metrics[0].statistic,
        f"{alarm.periods} of {alarm.period} s",
        ("above " if alarm.comparison == "GreaterThanThreshold" else "below ") + _amount(alarm.threshold),
        alarm.missing_data,
        f"`{alarm.setting}`" if alarm.setting else "",
        alarm.remedy,
    )


def _amount(threshold: float) -> str:
    for size, unit in UNITS.items():
        if threshold >= size:
            return f"{threshold / size:g} {unit}"
    return f"{threshold:g}"


def main() -> int:
    """Write the page."""
    TARGET.write_text(render(yaml.safe_load((ROOT / "Pulumi.yaml").read_text(encoding="utf-8"))), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
