"""What REST v1 takes and gives for schedules, as types; the OpenAPI document is made from them."""

from datetime import UTC, datetime
from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from engine.runtime.schedules.configuration import (
    LONGEST_AGE_SECONDS,
    MOST_RETRIES,
    Invocation,
    ScheduleConfiguration,
)
from engine.runtime.schedules.records import ScheduleRecord
from engine.storage.schedules import DEFAULT_GROUP

ScheduleName = Annotated[str, Meta(pattern=r"^[0-9a-zA-Z\-_.]{1,64}$")]
Moment = Annotated[datetime, Meta(tz=True)]
MOST_CAUGHT_UP = 1_000


class ScheduleChoices(msgspec.Struct, rename="camel", forbid_unknown_fields=True, kw_only=True):
    """All that is chosen of a schedule.

    `expression` is cron(…), rate(…) or at(…) as in Amazon EventBridge Scheduler, `timezone` an IANA name. Without an
    `input` an instance gets an event about the schedule; in one, `<aws.scheduler.scheduled-time>` and its like are
    replaced. `overlapPolicy` says what happens while the instance before runs, `catchUpPolicy` which times are made up
    for that were missed while no engine ran.
    """

    workflow_definition_id: Annotated[str, Meta(description="NAME, NAME:VERSION or NAME:ALIAS")]
    expression: Annotated[str, Meta(min_length=1, max_length=256)]
    timezone: str = "UTC"
    enabled: bool = True
    description: Annotated[str, Meta(max_length=512)] | None = None
    input: Any | UnsetType = UNSET
    start_at: Moment | None = None
    end_at: Moment | None = None
    window_minutes: Annotated[int, Meta(ge=1, le=1440)] | None = None
    delete_after_completion: bool = False
    overlap_policy: Literal["ALLOW_ALL", "SKIP", "BUFFER_ONE", "TERMINATE_OTHER"] = "ALLOW_ALL"
    catch_up_policy: Literal["ALL", "ONCE", "SKIP"] = "ALL"
    catch_up_limit: Annotated[int, Meta(ge=1, le=MOST_CAUGHT_UP)] = 100
    retry_attempts: Annotated[int, Meta(ge=0, le=MOST_RETRIES)] = MOST_RETRIES
    event_age_seconds: Annotated[int, Meta(ge=60, le=LONGEST_AGE_SECONDS)] = LONGEST_AGE_SECONDS

    def configuration(self, target_arn: str) -> ScheduleConfiguration:
        """Give it as the engine has it."""
        return ScheduleConfiguration(
            expression=self.expression,
            timezone=self.timezone,
            start=_utc(self.start_at),
            end=_utc(self.end_at),
            description=self.description,
            window_minutes=self.window_minutes,
            after_completion="DELETE" if self.delete_after_completion else "NONE",
            target=Invocation(
                arn=target_arn,
                input=None if self.input is UNSET else msgspec.json.encode(self.input).decode(),
                retry_attempts=self.retry_attempts,
                event_age_seconds=self.event_age_seconds,
            ),
            overlap=self.overlap_policy,
            catch_up=self.catch_up_policy,
            catch_up_limit=self.catch_up_limit,
        )


class NewSchedule(ScheduleChoices, rename="camel", forbid_unknown_fields=True, kw_only=True):
    """A schedule to create."""

    name: ScheduleName
    group: ScheduleName = DEFAULT_GROUP


class ScheduleShown(ScheduleChoices, rename="camel", kw_only=True):
    """A schedule: `nextAt` is its next time, null when it is disabled or has none any more."""

    arn: str
    name: str
    group: str
    next_at: datetime | None
    created_at: datetime
    updated_at: datetime


def _utc(moment: datetime | None) -> datetime | None:
    return None if moment is None else moment.astimezone(UTC)


def shown(record: ScheduleRecord) -> ScheduleShown:
    """Give a schedule as REST v1 has it."""
    chosen, target = record.configuration, record.configuration.target
    return ScheduleShown(
        arn=record.arn,
        name=record.name,
        group=record.group,
        next_at=record.next_at,
        created_at=record.created_at,
        updated_at=record.updated_at,
        workflow_definition_id=target.arn.partition(":stateMachine:")[2],
        expression=chosen.expression,
        timezone=chosen.timezone,
        enabled=record.enabled,
        description=chosen.description,
        input=UNSET if target.input is None else msgspec.Raw(target.input.encode()),
        start_at=chosen.start,
        end_at=chosen.end,
        window_minutes=chosen.window_minutes,
        delete_after_completion=chosen.after_completion == "DELETE",
        overlap_policy=chosen.overlap,
        catch_up_policy=chosen.catch_up,
        catch_up_limit=chosen.catch_up_limit,
        retry_attempts=target.retry_attempts,
        event_age_seconds=target.event_age_seconds,
    )
