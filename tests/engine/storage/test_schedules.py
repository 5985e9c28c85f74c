"""Schedules, their groups, and what they are to start, on every storage."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest
from msgspec.structs import replace

from engine.storage import Storage, TermEnded
from engine.storage.identifiers import time_ordered_uuid
from engine.storage.schedules import DueFiring, Firing, Schedule, ScheduleGroup, Settled, Turn
from tests.engine.storage.rows import NOW, later

HOUR = timedelta(hours=1)


def a_group(name: str = "default", organization: str = "default") -> ScheduleGroup:
    """Give a group."""
    return ScheduleGroup(id=time_ordered_uuid(), organization=organization, name=name, created_at=NOW, updated_at=NOW)


def a_schedule(name: str = "nightly", **fields: object) -> Schedule:
    """Give a schedule that is due now."""
    schedule = Schedule(
        id=time_ordered_uuid(),
        organization="default",
        group_name="default",
        name=name,
        configuration='{"a": 1}',
        enabled=True,
        ends=False,
        revision=1,
        due_at=NOW,
        created_at=NOW,
        updated_at=NOW,
    )
    return replace(schedule, **fields)


def a_firing(schedule: Schedule, hours: int = 0, start_hours: int | None = None) -> Firing:
    """Give a firing for so many hours from now."""
    at = NOW + hours * HOUR
    start_at = at if start_hours is None else NOW + start_hours * HOUR
    return Firing(schedule_id=schedule.id, scheduled_at=at, start_at=start_at, target='{"arn": "x"}')


def turn(schedule: Schedule, *firings: Firing, hours: int | None = 1) -> Turn:
    """Give a turn of a schedule that is due now."""
    next_at = None if hours is None else NOW + hours * HOUR
    return Turn(schedule.id, schedule.revision, NOW, next_at, firings)


async def leader(storage: Storage) -> int:
    """Elect a leader and give its term."""
    lease = await storage.register_process("leader", 60)
    leading = await storage.elect(lease.epoch)
    assert leading is not None
    return leading.term


async def stored(storage: Storage, *schedules: Schedule) -> None:
    """Store schedules in the default group."""
    await storage.account_of("default", ["000000000001"])
    await storage.create_group(a_group())
    for schedule in schedules:
        assert await storage.create_schedule(schedule) == "stored"


async def firings(storage: Storage, hours: int = 100) -> list[tuple[UUID, int]]:
    """Give what is to be started by then: the schedules, and the hours from now that it is for."""
    due = await storage.due_firings(NOW + hours * HOUR, 100)
    return [(each.schedule_id, round((each.scheduled_at - NOW) / HOUR)) for each in due]


async def test_groups(storage: Storage) -> None:
    await storage.account_of("default", ["000000000001"])
    groups = [a_group(name) for name in ("a1", "a2", "b_")]
    for group in groups:
        assert await storage.create_group(group)
    assert not await storage.create_group(a_group("a1"))
    assert await storage.find_group("default", "a2") == groups[1]
    assert await storage.find_group("default", "c") is None
    assert await storage.find_group("other", "a2") is None
    assert await storage.list_groups("default", "", 2, None) == groups[:2]
    assert await storage.list_groups("default", "", 2, "a2") == groups[2:]
    assert await storage.list_groups("default", "a", 9, "a1") == groups[1:2]
    assert await storage.list_groups("default", "%", 9, None) == []


async def test_a_group_goes_with_all_that_is_in_it(storage: Storage) -> None:
    schedule = a_schedule(group_name="mine")
    other = a_schedule("other")
    await stored(storage, other)
    group = a_group("mine")
    await storage.create_group(group)
    assert await storage.create_schedule(schedule) == "stored"
    await storage.set_tags(group.id, {"k": "v"})
    await storage.pass_turns(await leader(storage), [turn(schedule, a_firing(schedule)), turn(other, a_firing(other))])
    assert await storage.delete_group("default", "mine")
    assert not await storage.delete_group("default", "mine")
    assert await storage.find_schedule("default", "mine", "nightly") is None
    assert await firings(storage) == [(other.id, 0)]
    assert await storage.list_tags(group.id) == {}


async def test_schedules(storage: Storage) -> None:
    first, second = a_schedule("one"), a_schedule("two", enabled=False, due_at=None)
    await stored(storage, first, second)
    assert await storage.create_schedule(a_schedule("one")) == "exists"
    assert await storage.create_schedule(a_schedule("one", group_name="nowhere")) == "group-absent"
    assert await storage.find_schedule("default", "default", "one") == first
    assert await storage.find_schedule("other", "default", "one") is None
    assert await storage.list_schedules("default", None, "", 1, None, enabled=None) == [first]
    assert await storage.list_schedules("default", None, "", 9, ("default", "one"), enabled=None) == [second]
    assert await storage.list_schedules("default", "default", "t", 9, None, enabled=None) == [second]
    assert await storage.list_schedules("default", None, "", 9, None, enabled=True) == [first]
    assert await storage.list_schedules("default", "else", "", 9, None, enabled=None) == []
    assert await storage.delete_schedule("default", "default", "one")
    assert not await storage.delete_schedule("default", "default", "one")
    assert await storage.due_schedules(NOW, 9) == []


async def test_a_change_needs_the_revision_before_it(storage: Storage) -> None:
    schedule = a_schedule()
    await stored(storage, schedule)
    changed = replace(schedule, revision=2, configuration="{}", enabled=False, due_at=None, updated_at=later(5))
    assert await storage.change_schedule(changed)
    assert not await storage.change_schedule(changed)
    assert await storage.find_schedule("default", "default", "nightly") == changed


async def test_due_schedules_come_in_order(storage: Storage) -> None:
    late, early = a_schedule("late", due_at=NOW - HOUR), a_schedule("early", due_at=NOW - 2 * HOUR)
    await stored(storage, late, early, a_schedule("later", due_at=NOW + HOUR), a_schedule("never", due_at=None))
    assert await storage.due_schedules(NOW, 9) == [early, late]
    assert await storage.due_schedules(NOW, 1) == [early]


async def test_a_turn_counts_once(storage: Storage) -> None:
    schedule = a_schedule()
    await stored(storage, schedule)
    term = await leader(storage)
    assert await storage.pass_turns(term, [turn(schedule, a_firing(schedule))]) == {schedule.id}
    assert await storage.pass_turns(term, [turn(schedule, a_firing(schedule, 7))]) == frozenset()
    assert await firings(storage) == [(schedule.id, 0)]
    assert await storage.due_schedules(NOW, 9) == []
    assert await storage.due_schedules(NOW + HOUR, 9) == [replace(schedule, due_at=NOW + HOUR)]


async def test_a_turn_of_a_schedule_that_changed_does_not_count(storage: Storage) -> None:
    changed, deleted, kept = a_schedule("changed"), a_schedule("deleted"), a_schedule("kept")
    await stored(storage, changed, deleted, kept)
    await storage.change_schedule(replace(changed, revision=2))
    await storage.delete_schedule("default", "default", "deleted")
    turns = [turn(schedule, a_firing(schedule)) for schedule in (changed, deleted, kept)]
    assert await storage.pass_turns(await leader(storage), turns) == {kept.id}
    assert await firings(storage) == [(kept.id, 0)]


async def test_who_does_not_lead_any_more_changes_nothing(storage: Storage, neighbor: Storage) -> None:
    schedule = a_schedule()
    await stored(storage, schedule)
    term = await leader(storage)
    await storage.resign(term)
    following = await leader(neighbor)
    with pytest.raises(TermEnded):
        await storage.pass_turns(term, [turn(schedule, a_firing(schedule))])
    assert await firings(storage) == []
    await neighbor.pass_turns(following, [turn(schedule, a_firing(schedule))])
    with pytest.raises(TermEnded):
        await storage.settle(term, [Settled(schedule.id, NOW)])
    assert await firings(storage) == [(schedule.id, 0)]


async def test_a_firing_tells_what_it_takes_to_start_it(storage: Storage) -> None:
    schedule = a_schedule()
    await stored(storage, schedule)
    await storage.pass_turns(await leader(storage), [turn(schedule, a_firing(schedule), a_firing(schedule, 1))])
    [due] = await storage.due_firings(NOW, 9)
    assert due == DueFiring(
        schedule_id=schedule.id,
        scheduled_at=NOW,
        attempt=1,
        target='{"arn": "x"}',
        organization="default",
        group_name="default",
        name="nightly",
        latest_execution=None,
        is_behind=False,
    )


async def test_a_firing_is_tried_again_or_done_with(storage: Storage) -> None:
    schedule, execution = a_schedule(), time_ordered_uuid()
    await stored(storage, schedule)
    term = await leader(storage)
    await storage.pass_turns(term, [turn(schedule, a_firing(schedule), a_firing(schedule, 1), a_firing(schedule, 2))])
    await storage.settle(
        term,
        [
            Settled(schedule.id, NOW, retry_at=NOW + 3 * HOUR, attempt=2),
            Settled(schedule.id, NOW + HOUR, execution_id=execution),
        ],
    )
    [third] = await storage.due_firings(NOW + 2 * HOUR, 9)
    assert (third.scheduled_at, third.latest_execution, third.is_behind) == (NOW + 2 * HOUR, execution, True)
    await storage.settle(term, [Settled(schedule.id, NOW + 2 * HOUR)])
    [again] = await storage.due_firings(NOW + 3 * HOUR, 9)
    assert (again.scheduled_at, again.attempt, again.latest_execution, again.is_behind) == (NOW, 2, execution, False)
    await storage.settle(term, [Settled(schedule.id, NOW)])
    await storage.settle(term, [Settled(schedule.id, NOW, execution_id=time_ordered_uuid())])
    found = await storage.find_schedule("default", "default", "nightly")
    assert found is not None
    assert found.latest_execution == execution


async def test_a_schedule_that_ends_goes_with_its_last_firing(storage: Storage) -> None:
    ends, stays, off = a_schedule("ends", ends=True), a_schedule("stays"), a_schedule("off", ends=True, enabled=False)
    silent = a_schedule("silent", ends=True)
    await stored(storage, ends, stays, off, silent)
    term = await leader(storage)
    turns = [turn(each, a_firing(each), hours=None) for each in (ends, stays, off)]
    await storage.pass_turns(term, [*turns, turn(silent, hours=None)])
    assert await storage.find_schedule("default", "default", "ends") is not None
    assert await storage.find_schedule("default", "default", "silent") is None
    await storage.settle(term, [Settled(each.id, NOW) for each in (ends, stays, off)])
    left = await storage.list_schedules("default", None, "", 9, None, enabled=None)
    assert [schedule.name for schedule in left] == ["off", "stays"]


async def test_a_thousand_schedules_in_one_turn(storage: Storage) -> None:
    schedules = [a_schedule(f"s{number:04}") for number in range(1000)]
    await stored(storage, *schedules)
    term = await leader(storage)
    due = await storage.due_schedules(NOW, 1000)
    assert await storage.pass_turns(term, [turn(each, a_firing(each)) for each in due]) == {s.id for s in schedules}
    waiting = await storage.due_firings(NOW, 1000)
    assert len(waiting) == 1000
    await storage.settle(term, [Settled(each.schedule_id, NOW, execution_id=each.schedule_id) for each in waiting])
    assert await storage.due_firings(NOW, 1000) == []
