"""What the owner of a schedule chooses (Amazon EventBridge Scheduler: CreateSchedule)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final, Literal
from zoneinfo import ZoneInfo

import msgspec

from engine.runtime.schedules.expressions import is_once, parse_expression
from engine.runtime.schedules.recurrence import ON_TIME, CatchUp, Patience, Recurrence

Overlap = Literal["ALLOW_ALL", "SKIP", "BUFFER_ONE", "TERMINATE_OTHER"]
AfterCompletion = Literal["NONE", "DELETE"]

LONGEST_AGE_SECONDS: Final = 86_400
MOST_RETRIES: Final = 185


class Invocation(msgspec.Struct, frozen=True, kw_only=True):
    """What is started (AWS: Target).

    Attributes:
        arn: a state machine's, version's or alias's ARN.
        role_arn: the role in whose name AWS would start it; here it is kept and not used.
        input: the execution's input, JSON text in which ``<aws.scheduler.…>`` is replaced; None for an event about
            the schedule.
        retry_attempts: how often a start that fails is tried again.
        event_age_seconds: how long after its time a start is tried or made up for.
        dead_letter_arn: kept and not used: a start that is given up is logged and counted.
    """

    arn: str
    role_arn: str = ""
    input: str | None = None
    retry_attempts: int = MOST_RETRIES
    event_age_seconds: int = LONGEST_AGE_SECONDS
    dead_letter_arn: str | None = None


class ScheduleConfiguration(msgspec.Struct, frozen=True, kw_only=True):
    """A schedule's times and target.

    Attributes:
        expression: ``cron(…)``, ``rate(…)`` or ``at(…)``.
        timezone: the IANA name of the time zone that cron and at mean.
        start, end: between which a recurring schedule has times.
        window_minutes: the execution starts at any moment within so many minutes; None: at once.
        after_completion: with ``DELETE`` the schedule goes after its last time.
        overlap: what happens while the execution that the schedule started last still runs: another one starts as
            well (``ALLOW_ALL``), or none (``SKIP``), or one once it is over, however many times pass (``BUFFER_ONE``),
            or it is aborted first (``TERMINATE_OTHER``). Executions of EXPRESS state machines never count as running.
        catch_up: which times are made up for that were missed because no engine ran: ``ALL``, the latest ``ONCE``, or
            none (``SKIP``); what is less than a minute late isn't missed.
        catch_up_limit: the most that are made up for; of more, the latest.
    """

    expression: str
    timezone: str = "UTC"
    start: datetime | None = None
    end: datetime | None = None
    description: str | None = None
    window_minutes: int | None = None
    after_completion: AfterCompletion = "NONE"
    kms_key_arn: str | None = None
    target: Invocation
    overlap: Overlap = "ALLOW_ALL"
    catch_up: CatchUp = "ALL"
    catch_up_limit: int = 100

    @property
    def patience(self) -> Patience:
        """What is done about missed times."""
        return Patience(self.catch_up, self.catch_up_limit, timedelta(seconds=self.target.event_age_seconds))


class StoredConfiguration(msgspec.Struct, frozen=True, kw_only=True):
    """What is stored of a schedule's choices.

    Attributes:
        chosen_at: when its times were chosen: none lies before, and a rate without a start counts from then on.
        client_token: of the request that created it.
    """

    chosen: ScheduleConfiguration
    chosen_at: datetime
    client_token: str | None = None

    @property
    def recurrence(self) -> Recurrence:
        """The schedule's times. Raises InvalidExpression, ZoneInfoNotFoundError."""
        chosen, zone = self.chosen, ZoneInfo(self.chosen.timezone)
        if is_once(chosen.expression):
            return Recurrence(parse_expression(chosen.expression, zone, self.chosen_at), self.chosen_at - ON_TIME)
        start = (chosen.start or self.chosen_at).replace(microsecond=0)
        earliest = max(start, self.chosen_at.replace(microsecond=0))
        return Recurrence(parse_expression(chosen.expression, zone, start), earliest, chosen.end)

    def text(self) -> str:
        """Write it as it is stored."""
        return msgspec.json.encode(self).decode()


def read_configuration(text: str) -> StoredConfiguration:
    """Read what is stored."""
    return _DECODER.decode(text)


_DECODER: Final = msgspec.json.Decoder(StoredConfiguration)
