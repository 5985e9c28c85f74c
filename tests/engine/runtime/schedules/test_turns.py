"""What a schedule that is due is to start, and how that is named."""

from __future__ import annotations

from datetime import timedelta

import pytest
from msgspec.structs import replace

from engine.names import is_name
from engine.runtime.schedules.configuration import StoredConfiguration
from engine.runtime.schedules.inputs import ScheduleArn, execution_input, execution_name
from engine.runtime.schedules.turns import read_target, take_turn
from engine.storage.identifiers import time_ordered_uuid
from engine.storage.schedules import DueFiring, Schedule
from tests.engine.runtime.schedules.world import NOON, chosen

ARN = "arn:aws:states:us-east-1:000000000000:stateMachine:orders"


def schedule(**fields: object) -> Schedule:
    """Give a schedule that was chosen, and is due, at noon."""
    stored = StoredConfiguration(chosen=chosen("rate(10 minutes)", ARN, **fields), chosen_at=NOON)
    return Schedule(
        id=time_ordered_uuid(),
        organization="default",
        group_name="default",
        name="n" * 64,
        configuration=stored.text(),
        enabled=True,
        ends=False,
        revision=3,
        due_at=NOON,
        created_at=NOON,
        updated_at=NOON,
    )


def due(known: Schedule, attempt: int = 1) -> DueFiring:
    """Give the firing for noon."""
    return DueFiring(
        schedule_id=known.id,
        scheduled_at=NOON,
        attempt=attempt,
        target="",
        organization=known.organization,
        group_name=known.group_name,
        name=known.name,
        latest_execution=None,
        is_behind=False,
    )


def test_a_turn_holds_what_to_start_and_the_next_time() -> None:
    known = schedule(overlap="SKIP", target_input="{}")
    turn = take_turn(known, NOON, NOON + timedelta(minutes=12))
    assert (turn.schedule_id, turn.revision, turn.due_at) == (known.id, 3, NOON)
    assert turn.next_at == NOON + timedelta(minutes=20)
    assert [firing.scheduled_at for firing in turn.firings] == [NOON, NOON + timedelta(minutes=10)]
    assert all(firing.start_at == firing.scheduled_at for firing in turn.firings)
    target = read_target(turn.firings[0].target)
    assert (target.overlap, target.invocation.arn, target.invocation.input) == ("SKIP", ARN, "{}")


def test_a_flexible_window_gives_the_same_moment_whoever_asks() -> None:
    known = schedule(window_minutes=15)
    first, again = (take_turn(known, NOON, NOON).firings[0] for _ in range(2))
    assert first == again
    assert NOON < first.start_at < NOON + timedelta(minutes=15)


@pytest.mark.parametrize(
    "configuration",
    [
        "no json",
        StoredConfiguration(chosen=chosen("rate(1 day)", ARN, timezone="Mars/Phobos"), chosen_at=NOON).text(),
        StoredConfiguration(chosen=chosen("weekly", ARN), chosen_at=NOON).text(),
    ],
)
def test_what_cannot_be_read_waits_for_an_hour(configuration: str) -> None:
    turn = take_turn(replace(schedule(), configuration=configuration), NOON, NOON)
    assert turn.firings == ()
    assert turn.next_at == NOON + timedelta(hours=1)


def test_a_name_is_one_of_an_execution_and_the_same_for_each_attempt() -> None:
    known, other = schedule(), schedule()
    names = {execution_name(due(known, attempt)) for attempt in (1, 2)}
    assert len(names) == 1
    assert is_name(names.pop())
    assert execution_name(due(known)) != execution_name(due(other))


def test_an_attempt_has_an_id_of_its_own() -> None:
    known, arn = schedule(), ScheduleArn("us-east-1", "000000000000", "default", "n")
    first, again, second = (
        execution_input('"<aws.scheduler.execution-id>"', due(known, attempt), arn) for attempt in (1, 1, 2)
    )
    assert first == again
    assert first != second
