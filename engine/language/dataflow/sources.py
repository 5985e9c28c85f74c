"""Fields of a state that hold one value: written down, at a path, or computed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from engine.language.dataflow.complaints import complaint
from engine.language.errors import StatesError, runtime_error
from engine.language.expressions.intrinsics import Intrinsic
from engine.language.expressions.jsonata import JsonataField, told
from engine.language.expressions.paths import MISSING, Path
from engine.language.expressions.scope import Scope
from engine.language.expressions.templates import evaluate
from engine.language.expressions.timestamps import parse_timestamp
from engine.language.values import json_text


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number from `low` to `high` that the field `name` gives; `whole` refuses fractions.

    `source` is the number, a path to it (then the field is ``…Path``), or an expression.
    """

    name: str
    source: int | float | Path | JsonataField
    low: float
    high: float
    whole: bool = True

    def evaluate(self, scope: Scope) -> int | float:
        """Give the number; any other value is a `StatesError`."""
        if isinstance(self.source, (int, float)):
            return self.source
        if isinstance(self.source, Path):
            return self._at(self.source, scope)
        value = self.source.evaluate(scope)
        number = self._number(value)
        if number is None or not self.low <= number <= self.high:
            raise misfit(self.source, value, f"a {self._kind} from {self.low:.12g} to {self.high:.12g}")
        return number

    def _at(self, path: Path, scope: Scope) -> int | float:
        value = found(path, f"{self.name}Path", scope)
        number = self._number(value)
        if number is None or not self.low <= number <= self.high:
            raise complaint(self.name, path.text, value, self.low, self.high)
        return number

    @property
    def _kind(self) -> str:
        return "whole number" if self.whole else "number"

    def _number(self, value: object) -> int | float | None:
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            return None
        if not self.whole:
            return value
        return int(value) if isinstance(value, int) or value.is_integer() else None


@dataclass(frozen=True, slots=True)
class Moment:
    """The field Timestamp or TimestampPath of a Wait state."""

    source: datetime | Path | JsonataField

    def evaluate(self, scope: Scope) -> datetime:
        """Give the moment; anything else is a `StatesError`."""
        if isinstance(self.source, datetime):
            return self.source
        if isinstance(self.source, Path):
            value = found(self.source, "TimestampPath", scope)
            moment = parse_timestamp(value)
            if moment is None:
                allowed = "a valid ISO-8601 extended offset date-time format string"
                shown = f"{self.source.text} == {_shown(value)}"
                raise runtime_error(f"The TimestampPath parameter does not reference {allowed}: {shown}")
            return moment
        value = self.source.evaluate(scope)
        moment = parse_timestamp(value)
        if moment is None:
            raise misfit(self.source, value, "an ISO-8601 timestamp with a time zone")
        return moment


@dataclass(frozen=True, slots=True)
class Words:
    """The field Error or Cause of a Fail state, or its ``…Path``."""

    name: str
    source: str | Path | Intrinsic | JsonataField

    def evaluate(self, scope: Scope) -> str:
        """Give the text; anything else is a `StatesError`."""
        if isinstance(self.source, str):
            return self.source
        if isinstance(self.source, (Path, Intrinsic)):
            value = evaluate(self.source, scope, f"{self.name}Path")
            if not isinstance(value, str):
                raise runtime_error(f"The {self.name}Path parameter does not reference a string: {self.source.text}")
            return value
        value = self.source.evaluate(scope)
        if not isinstance(value, str):
            raise misfit(self.source, value, "a string")
        return value


def found(path: Path, field: str, scope: Scope) -> object:
    """Give what ``field`` refers to; nothing is a `StatesError`."""
    value = path.read(scope)
    if value is MISSING:
        raise runtime_error(f"The {field} parameter does not reference an input value: {path.text}")
    return value


def misfit(source: JsonataField, value: object, allowed: str) -> StatesError:
    """Make the failure of an expression whose value doesn't fit its field."""
    text, field = source.computed.expression.text, source.computed.field
    return told(text, field, f"returned {_shown(value)}, but must return {allowed}.")


def _shown(value: object) -> str:
    return value if isinstance(value, str) else json_text(value)
