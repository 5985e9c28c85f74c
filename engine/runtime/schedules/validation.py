"""Which schedules can't be, said as Amazon EventBridge Scheduler says it."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from functools import cache
from typing import Final
from zoneinfo import ZoneInfo, available_timezones

import msgspec

from engine.runtime.control_plane.qualifiers import parse_qualified_arn
from engine.runtime.errors import InvalidArn, ValidationException
from engine.runtime.schedules.configuration import Invocation, ScheduleConfiguration
from engine.runtime.schedules.expressions import InvalidExpression, is_once, parse_expression

_NAME: Final = re.compile(r"[0-9a-zA-Z\-_.]{1,64}", re.ASCII)
_EARLIEST_START: Final = timedelta(minutes=5)
_WINDOW: Final = range(1, 1441)


def is_schedule_name(name: str) -> bool:
    """Whether a schedule or a group may have this name."""
    return _NAME.fullmatch(name) is not None


def require_schedule_name(name: str, where: str) -> None:
    """Raise ValidationException unless a schedule or a group may have this name."""
    if not is_schedule_name(name):
        constraint = "Member must satisfy regular expression pattern: [0-9a-zA-Z-_.]+ and have at most 64 characters"
        raise ValidationException(
            f"1 validation error detected: Value '{name}' at '{where}' failed to satisfy constraint: {constraint}"
        )


def require_valid(chosen: ScheduleConfiguration, now: datetime, max_input_bytes: int) -> None:
    """Raise ValidationException unless a schedule can have this configuration from `now` on."""
    zone = _zone(chosen.timezone)
    try:
        parse_expression(chosen.expression, zone, now)
    except InvalidExpression:
        raise ValidationException(f"Invalid Schedule Expression {chosen.expression}.") from None
    if not is_once(chosen.expression):
        _require_dates(chosen, now)
    if chosen.window_minutes is not None and chosen.window_minutes not in _WINDOW:
        raise ValidationException(
            f"The maximum window of {chosen.window_minutes} minutes must be from {_WINDOW[0]} to {_WINDOW[-1]}."
        )
    _require_target(chosen.target, max_input_bytes)


def _zone(name: str) -> ZoneInfo:
    if name not in _zones():
        raise ValidationException(f"Invalid Schedule Expression Timezone {name}.")
    return ZoneInfo(name)


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


def _require_dates(chosen: ScheduleConfiguration, now: datetime) -> None:
    if chosen.start is not None and chosen.start < now - _EARLIEST_START:
        raise ValidationException("The StartDate you specify cannot be earlier than 5 minutes ago.")
    if chosen.end is not None and chosen.end < now:
        raise ValidationException("The EndDate you specify cannot be earlier than the current time.")
    if chosen.start is not None and chosen.end is not None and chosen.end < chosen.start:
        raise ValidationException("The EndDate you specify cannot be earlier than the StartDate.")


def _require_target(target: Invocation, max_input_bytes: int) -> None:
    try:
        parse_qualified_arn(target.arn)
    except (InvalidArn, ValidationException):
        raise ValidationException(
            f"Provided Arn is not in correct format. This engine starts state machines, and {target.arn} is none's ARN."
        ) from None
    if target.input is None:
        return
    try:
        msgspec.json.decode(target.input)
    except (msgspec.DecodeError, UnicodeEncodeError, RecursionError):
        raise ValidationException("The Input of the Target must be well-formed JSON.") from None
    if len(target.input.encode()) > max_input_bytes:
        raise ValidationException(f"The Input of the Target is larger than {max_input_bytes} bytes.")
