"""What a commit's statement is put together from: rows of one kind, and what becomes of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from operator import attrgetter
from typing import Final

import msgspec

from engine.storage.records import Write

Row = tuple[object, ...]
Values = Sequence[object] | str
"""A column as it is sent."""

_HEX: Final = attrgetter("hex")
_MORE: Final = attrgetter(
    "timers_set",
    "timers_removed",
    "messages_removed",
    "sent",
    "activity_tasks_added",
    "activity_tasks_removed",
    "payloads",
)


class Round(msgspec.Struct, frozen=True):
    """The writes of a round by what they do: one of four, and `more` are those that have anything besides."""

    begins: list[Write]
    advances: list[Write]
    ends: list[Write]
    redrives: list[Write]
    more: list[Write]


def sorted_out(writes: Sequence[Write]) -> Round:
    """Sort the writes of a round."""
    found = Round([], [], [], [], [])
    for write in writes:
        if write.redriven is not None:
            found.redrives.append(write)
        elif write.beginning is not None:
            found.begins.append(write)
        elif write.ending is not None:
            found.ends.append(write)
        else:
            found.advances.append(write)
        if any(_MORE(write)):
            found.more.append(write)
    return found


class Column(msgspec.Struct, frozen=True):
    """A column of the rows that are sent: its name, what a parameter is cast to, and how its values are sent."""

    name: str
    cast: str
    encoded: Callable[[Sequence[object]], Values]


class Part(msgspec.Struct, frozen=True, eq=False):
    """A part of the statement.

    Attributes:
        table: the name by which the statement knows the rows that are sent, a common table expression.
        columns: their columns.
        rows: takes the rows from a round.
        sql: further common table expressions, which write them. They may refer to `lease`, and to `applied` unless
            they are what is applied.
        applied: a query for what was applied, of a part that decides it: ``id, runs, first, last, data``, whether the
            execution runs on, and its events.
        announced: a query for the changes of status, ``id, redrive_count, place, status, at, error, cause``; those of a
            lower place come first.
        told: a query for what the listeners of other processes are told.
    """

    table: str
    columns: tuple[Column, ...]
    rows: Callable[[Round], list[Row]]
    sql: str
    applied: str = ""
    announced: str = ""
    told: str = ""

    def given(self, first: int) -> str:
        """Give the table of the rows, whose columns are the parameters from the number `first` on."""
        arrays = ", ".join(f"${first + place}::{column.cast}" for place, column in enumerate(self.columns))
        names = ", ".join(column.name for column in self.columns)
        return f"{self.table} as materialized (select * from unnest({arrays}) as u ({names}))"  # noqa: S608 - names from this package

    def values(self, rows: Sequence[Row]) -> list[Values]:
        """Turn rows into parameters, one for each column."""
        found: Iterable[Sequence[object]] = zip(*rows, strict=True) if rows else [()] * len(self.columns)
        return [column.encoded(values) for column, values in zip(self.columns, found, strict=True)]


def columns(text: str) -> tuple[Column, ...]:
    """Read columns as ``create table`` has them: ``id uuid, parent uuid null``.

    To bind values takes more of this process's time than anything else in a round. So a column that is null in all rows
    is sent as an empty array, which unnest fills up with nulls; and identifiers and numbers that are never null are
    sent as one text, since asyncpg looks at each element of an array twice. To read it costs the server less.
    """
    return tuple(_column(*each.split(maxsplit=2)) for each in text.split(","))


def _column(name: str, kind: str, null: str = "") -> Column:
    if null or kind not in _TEXTS:
        return Column(name, f"{kind}[]", _dense)
    return Column(name, f"text::{kind}[]", _TEXTS[kind])


def _dense(values: Sequence[object]) -> Values:
    nothing = not values or (values[0] is None and values.count(None) == len(values))
    return () if nothing else values


def _identifiers(values: Sequence[object]) -> Values:
    return f"{{{','.join(map(_HEX, values))}}}"


def _numbers(values: Sequence[object]) -> Values:
    return f"{{{','.join(map(str, values))}}}"


_TEXTS: Final = {"uuid": _identifiers, "int": _numbers, "bigint": _numbers}
