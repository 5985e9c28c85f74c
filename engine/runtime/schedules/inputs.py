"""Names and inputs of the executions that schedules start.

Source: "Adding context attributes in EventBridge Scheduler".
"""

from __future__ import annotations

import hashlib
from typing import Final

import msgspec

from engine.storage.schedules import DueFiring

_NAME_PART: Final = 30


class ScheduleArn(msgspec.Struct, frozen=True):
    """``arn:aws:scheduler:REGION:ACCOUNT:schedule/GROUP/NAME``."""

    region: str
    account: str
    group: str
    name: str

    def __str__(self) -> str:
        """Write the ARN."""
        return f"arn:aws:scheduler:{self.region}:{self.account}:schedule/{self.group}/{self.name}"


def execution_name(firing: DueFiring) -> str:
    """Give the name of the execution for one time of a schedule: the same each time it is started.

    It has at most 80 characters: the beginning of the schedule's name, its id, and the time.
    """
    return f"{firing.name[:_NAME_PART]}-{firing.schedule_id.hex}-{firing.scheduled_at:%Y%m%dT%H%M%SZ}"


def execution_input(text: str | None, firing: DueFiring, arn: ScheduleArn) -> str:
    """Give the input: the schedule's with the context attributes filled in, or else an event about the schedule."""
    time = f"{firing.scheduled_at:%Y-%m-%dT%H:%M:%SZ}"
    attempt = f"{firing.schedule_id} {time} {firing.attempt}"
    execution_id = hashlib.sha256(attempt.encode()).hexdigest()[:16]
    if text is None:
        return _event(arn, time, execution_id)
    attributes = {
        "schedule-arn": str(arn),
        "scheduled-time": time,
        "execution-id": execution_id,
        "attempt-number": str(firing.attempt),
    }
    for name, value in attributes.items():
        text = text.replace(f"<aws.scheduler.{name}>", value)
    return text


def _event(arn: ScheduleArn, time: str, execution_id: str) -> str:
    event = {
        "version": "0",
        "id": execution_id,
        "detail-type": "Scheduled Event",
        "source": "aws.scheduler",
        "account": arn.account,
        "time": time,
        "region": arn.region,
        "resources": [str(arn)],
        "detail": "{}",
    }
    return msgspec.json.encode(event).decode()
