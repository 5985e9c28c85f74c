"""What tasks wrote to their stack's log group (CloudWatch Logs), for `logs` and for deployments that fail."""

from __future__ import annotations

import datetime
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from mypy_boto3_logs.client import CloudWatchLogsClient
    from mypy_boto3_logs.type_defs import FilteredLogEventTypeDef

STREAM_PREFIX = "task"
"""``awslogs-stream-prefix`` of the task definition: streams are PREFIX/CONTAINER/TASK."""

ROUTED = "-firelens-"
"""What stands between container and task in the tag that FireLens gives a record.

Where a log router takes the lines, streams are PREFIX/CONTAINER/TAG ("Send Amazon ECS logs to an AWS service").
"""

FOLLOW_SECONDS = 2.0


@dataclass(frozen=True)
class LogOptions:
    """Which lines, and how they are printed.

    Attributes:
        minutes: how far back they begin.
        container: whose lines.
        task: the ID of a task, or how it begins; None for all tasks.
        follow: whether those to come are printed too, until Ctrl-C.
        json: whether each is a JSON object of timestamp (milliseconds since 1970), task, container and message.
    """

    minutes: float
    container: str
    task: str | None
    follow: bool
    json: bool = False

    def line(self, event: FilteredLogEventTypeDef) -> str:
        """An event as it is printed."""
        task, message = task_of(event["logStreamName"]), event["message"].rstrip()
        if not self.json:
            return f"{task[:8]}  {message}\n"
        fields = {"timestamp": event["timestamp"], "task": task, "container": self.container, "message": message}
        return msgspec.json.encode(fields).decode() + "\n"


def task_of(stream: str) -> str:
    """The ID of the task that a stream is of."""
    return stream.rsplit("/", 1)[-1].rsplit(ROUTED, 1)[-1]


def last_lines(client: CloudWatchLogsClient, group: str, container: str, task: str, count: int) -> list[str]:
    """The last lines that a task's container wrote; none if it wrote nothing, or nothing has arrived yet."""
    for prefix in _stream_prefixes(container):
        try:
            events = client.get_log_events(
                logGroupName=group, logStreamName=f"{prefix}{task}", limit=count, startFromHead=False
            )["events"]
        except client.exceptions.ResourceNotFoundException:
            continue
        return [event["message"].rstrip("\n") for event in events]
    return []


def _stream_prefixes(container: str) -> tuple[str, str]:
    """How the names of a container's streams begin: those that it writes itself, and those of a log router."""
    own = f"{STREAM_PREFIX}/{container}/"
    return own, f"{own}{container}{ROUTED}"


def show(client: CloudWatchLogsClient, group: str, options: LogOptions) -> None:
    """Print the lines in the order of their time, each after the task that wrote it."""
    since = datetime.datetime.now(datetime.UTC) - datetime.timedelta(minutes=options.minutes)
    start, shown = int(since.timestamp() * 1000), frozenset[tuple[str, str]]()
    while True:
        events = sorted(_events(client, group, options, start), key=lambda event: event["timestamp"])
        for event in events:
            if _identity(event) not in shown:
                sys.stdout.write(options.line(event))
        sys.stdout.flush()
        if not options.follow:
            return
        if events:  # lines of the same millisecond may still come
            start, shown = events[-1]["timestamp"], frozenset(map(_identity, events))
        time.sleep(FOLLOW_SECONDS)


def _events(
    client: CloudWatchLogsClient, group: str, options: LogOptions, start: int
) -> Iterator[FilteredLogEventTypeDef]:
    task = options.task or ""
    own, routed = _stream_prefixes(options.container)
    # Streams of a log router begin like a container's own, so that one prefix finds all tasks of both.
    for prefix in (own + task, routed + task) if task else (own,):
        pages = client.get_paginator("filter_log_events").paginate(
            logGroupName=group, logStreamNamePrefix=prefix, startTime=start
        )
        for page in pages:
            # moto 5.2.5 ignores the prefix.
            yield from (event for event in page["events"] if event["logStreamName"].startswith(prefix))


def _identity(event: FilteredLogEventTypeDef) -> tuple[str, str]:
    return event["logStreamName"], event["eventId"]
