"""Requests of the EventBridge Scheduler protocol, as types, and how schedules look in it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final, Literal

import msgspec
from msgspec.structs import replace

from engine.api.errors import ApiError
from engine.runtime.errors import ValidationException
from engine.runtime.schedules.configuration import (
    LONGEST_AGE_SECONDS,
    MOST_RETRIES,
    AfterCompletion,
    Invocation,
    ScheduleConfiguration,
)
from engine.runtime.schedules.records import ScheduleRecord
from engine.storage.schedules import DEFAULT_GROUP

_TARGET_FIELDS: Final = frozenset({"Arn", "RoleArn", "Input", "RetryPolicy", "DeadLetterConfig"})


class RetryPolicy(msgspec.Struct, rename="pascal"):
    """How long and how often a start is tried."""

    maximum_event_age_in_seconds: int | None = None
    maximum_retry_attempts: int | None = None


class DeadLetterConfig(msgspec.Struct, rename="pascal"):
    """A queue."""

    arn: str | None = None


class Target(msgspec.Struct, rename="pascal"):
    """What is started."""

    arn: str
    role_arn: str
    input: str | None = None
    retry_policy: RetryPolicy | None = None
    dead_letter_config: DeadLetterConfig | None = None

    def invocation(self) -> Invocation:
        """Give it as the engine has it."""
        policy = self.retry_policy or RetryPolicy()
        age, retries = policy.maximum_event_age_in_seconds, policy.maximum_retry_attempts
        return Invocation(
            arn=self.arn,
            role_arn=self.role_arn,
            input=self.input,
            retry_attempts=MOST_RETRIES if retries is None else retries,
            event_age_seconds=LONGEST_AGE_SECONDS if age is None else age,
            dead_letter_arn=None if self.dead_letter_config is None else self.dead_letter_config.arn,
        )


class FlexibleTimeWindow(msgspec.Struct, rename="pascal"):
    """How late an execution may start."""

    mode: Literal["OFF", "FLEXIBLE"]
    maximum_window_in_minutes: int | None = None


class ScheduleRequest(msgspec.Struct, rename="pascal"):
    """CreateSchedule and UpdateSchedule, which takes the place of all that was chosen before."""

    name: str
    schedule_expression: str
    target: Target
    flexible_time_window: FlexibleTimeWindow
    group_name: str | None = None
    schedule_expression_timezone: str | None = None
    start_date: datetime | None = None
    end_date: datetime | None = None
    description: str | None = None
    state: Literal["ENABLED", "DISABLED"] | None = None
    kms_key_arn: str | None = None
    client_token: str | None = None
    action_after_completion: AfterCompletion | None = None

    @property
    def group(self) -> str:
        """The group's name."""
        return self.group_name or DEFAULT_GROUP

    @property
    def enabled(self) -> bool:
        """Whether it has times."""
        return self.state != "DISABLED"

    def configuration(self, former: ScheduleConfiguration | None = None) -> ScheduleConfiguration:
        """Give it as the engine has it; what the protocol has no words for stays as it was."""
        chosen = ScheduleConfiguration(
            expression=self.schedule_expression,
            timezone=self.schedule_expression_timezone or "UTC",
            start=self.start_date,
            end=self.end_date,
            description=self.description,
            window_minutes=self._window(),
            after_completion=self.action_after_completion or "NONE",
            kms_key_arn=self.kms_key_arn,
            target=self.target.invocation(),
        )
        if former is None:
            return chosen
        kept = {"overlap": former.overlap, "catch_up": former.catch_up, "catch_up_limit": former.catch_up_limit}
        return replace(chosen, **kept)

    def _window(self) -> int | None:
        window = self.flexible_time_window
        if (window.mode == "FLEXIBLE") == (window.maximum_window_in_minutes is not None):
            return window.maximum_window_in_minutes
        rule = "must be set" if window.mode == "FLEXIBLE" else "must not be set"
        raise ValidationException(
            f"MaximumWindowInMinutes {rule} when the Mode of the FlexibleTimeWindow is {window.mode}."
        )


def read_schedule(arguments: Mapping[str, object]) -> ScheduleRequest:
    """Read a request that fits its shape in AWS's model. Raises `ApiError` for what this engine doesn't start."""
    target = arguments["Target"]
    others = sorted(set(target) - _TARGET_FIELDS) if isinstance(target, dict) else []
    if others:
        raise ApiError(
            "ValidationException",
            f"This engine starts state machines, whose targets have no {', '.join(others)}.",
        )
    try:
        return msgspec.convert(arguments, ScheduleRequest, strict=False)
    except msgspec.ValidationError as error:
        raise ApiError("ValidationException", f"The request can't be read: {error}") from None


def shown(schedule: ScheduleRecord) -> dict[str, object]:
    """Give a schedule as GetSchedule does."""
    chosen = schedule.configuration
    window = chosen.window_minutes
    return {
        **summary(schedule),
        "Description": chosen.description,
        "ScheduleExpression": chosen.expression,
        "ScheduleExpressionTimezone": chosen.timezone,
        "StartDate": chosen.start,
        "EndDate": chosen.end,
        "KmsKeyArn": chosen.kms_key_arn,
        "ActionAfterCompletion": chosen.after_completion,
        "FlexibleTimeWindow": {"Mode": "OFF" if window is None else "FLEXIBLE", "MaximumWindowInMinutes": window},
        "Target": _shown_target(chosen.target),
    }


def summary(schedule: ScheduleRecord) -> dict[str, object]:
    """Give a schedule as ListSchedules does."""
    return {
        "Arn": schedule.arn,
        "Name": schedule.name,
        "GroupName": schedule.group,
        "State": "ENABLED" if schedule.enabled else "DISABLED",
        "CreationDate": schedule.created_at,
        "LastModificationDate": schedule.updated_at,
        "Target": {"Arn": schedule.configuration.target.arn},
    }


def _shown_target(target: Invocation) -> dict[str, object]:
    dead_letters = target.dead_letter_arn
    return {
        "Arn": target.arn,
        "RoleArn": target.role_arn,
        "Input": target.input,
        "RetryPolicy": {
            "MaximumEventAgeInSeconds": target.event_age_seconds,
            "MaximumRetryAttempts": target.retry_attempts,
        },
        "DeadLetterConfig": None if dead_letters is None else {"Arn": dead_letters},
    }
