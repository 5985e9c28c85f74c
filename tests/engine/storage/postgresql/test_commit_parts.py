"""That a round's statement has the parts that the round needs, and few others."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final
from uuid import uuid4

import pytest
from msgspec import structs

from engine.storage.postgresql.commit import STATEMENTS, composed, statement
from engine.storage.records import ActivityTask, Beginning, Write
from tests.engine.storage.rows import NOW, end, failed, redrive, step

KEY: Final = uuid4()
BEGIN: Final = Write(execution_id=uuid4(), sequence=1, snapshot=b"1", beginning=Beginning(uuid4(), 1, "one", "{}", NOW))
TASK: Final = ActivityTask(KEY, "1", uuid4(), "{}")
WRITES: Final[dict[str, Callable[[], Write]]] = {
    "beginnings": lambda: BEGIN,
    "advances": lambda: step(KEY, 2, 3),
    "endings": lambda: end(KEY, 2, 3),
    "redrives": lambda: redrive(KEY, 3),
    "timers_set": lambda: structs.replace(step(KEY, 2, 3), timers_set=(("t", NOW),)),
    "timers_removed": lambda: structs.replace(step(KEY, 2, 3), timers_removed=("t",)),
    "messages_removed": lambda: step(KEY, 2, 3, messages=(1,)),
    "sent": lambda: structs.replace(step(KEY, 2, 3), sent=((KEY, b"hello"),)),
    "tasks_added": lambda: structs.replace(step(KEY, 2, 3), activity_tasks_added=(TASK,)),
    "tasks_removed": lambda: structs.replace(step(KEY, 2, 3), activity_tasks_removed=("1",)),
    "snapshots": lambda: failed(KEY, 2, 3),
    "contents": lambda: structs.replace(step(KEY, 2, 3), payloads=((b"digest", b"data"),)),
}
"""A write for each part."""


def tables(*writes: Write) -> list[str]:
    """Give the parts that a round's statement has."""
    parts, values = composed(1, writes)
    assert len(values) == 1 + sum(len(part.columns) for part in parts)
    return [part.table for part in parts]


@pytest.mark.parametrize("table", WRITES)
def test_a_round_has_the_parts_that_it_needs(table: str) -> None:
    assert table in tables(WRITES[table]())
    assert table in tables(BEGIN, WRITES[table]())


def test_every_part_can_be_together_with_every_other() -> None:
    assert set(tables(*(write() for write in WRITES.values()))) == set(WRITES)


def test_a_round_of_one_kind_is_that_kind_alone() -> None:
    assert tables(BEGIN) == ["beginnings"]
    assert tables(step(KEY, 2, 3)) == ["advances"]
    assert tables(end(KEY, 2, 3)) == ["endings"]


def test_of_the_statements_that_serve_the_first_has_the_fewest_parts() -> None:
    assert [len(parts) for parts in STATEMENTS[:3]] == [1, 1, 1]
    served = [{part.table for part in parts} for parts in STATEMENTS]
    for place, parts in enumerate(served):
        assert not any(earlier >= parts for earlier in served[:place])
    assert len({statement(parts, outbox=False) for parts in STATEMENTS}) == len(STATEMENTS)
