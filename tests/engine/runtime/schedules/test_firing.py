"""What schedules start, and when, on a clock that the test moves."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from engine.runtime import Engine
from engine.runtime.errors import ResourceNotFoundException
from engine.runtime.schedules.recurrence import CatchUp
from tests.engine.runtime.schedules.world import HOUR, MINUTE, NOON, World, chosen, starts
from tests.engine.runtime.support import ORGANIZATION, create, eventually, sequence

QUICK = sequence("count")
ENDLESS = sequence("gate")


async def machine(engine: Engine, definition: dict[str, object] | None = None, kind: str = "STANDARD") -> str:
    """Create a state machine and give its ARN."""
    return (await create(engine, definition or QUICK, kind=kind)).arn


async def test_a_schedule_starts_executions_at_its_times() -> None:
    world = World()
    async with world.engine() as engine:
        arn = await machine(engine)
        await engine.schedules.create(ORGANIZATION, "nightly", chosen("cron(30 * * * ? *)", arn))
        await world.advance(3 * HOUR, step=MINUTE)
        assert await starts(engine) == ["12:30", "13:30", "14:30"]
        found = await engine.schedules.describe(ORGANIZATION, "nightly")
        assert found.next_at == NOON + timedelta(hours=3.5)
        assert found.latest_execution is not None
    assert world.log.outcomes == [("nightly", "started")] * 3


async def test_a_rate_without_a_start_begins_at_once_and_one_with_it_then() -> None:
    world = World()
    async with world.engine() as engine:
        arn = await machine(engine)
        await engine.schedules.create(ORGANIZATION, "nightly", chosen("rate(1 hour)", arn))
        start, end = NOON + timedelta(minutes=90), NOON + timedelta(hours=4)
        await engine.schedules.create(ORGANIZATION, "later", chosen("rate(1 hour)", arn, start=start, end=end))
        await world.settled()
        await world.advance(6 * HOUR, step=10 * MINUTE)
        assert await starts(engine) == ["12:00", "13:00", "14:00", "15:00", "16:00", "17:00", "18:00"]
        assert await starts(engine, "later") == ["13:30", "14:30", "15:30"]


async def test_one_time_and_then_it_goes() -> None:
    world = World()
    async with world.engine() as engine:
        arn = await machine(engine)
        for name, after in (("goes", "DELETE"), ("stays", "NONE")):
            configuration = chosen("at(2026-05-01T14:00:00)", arn, timezone="Europe/Berlin", after_completion=after)
            await engine.schedules.create(ORGANIZATION, name, configuration)
        await engine.schedules.create(ORGANIZATION, "past", chosen("at(2026-05-01T11:00:00)", arn))
        await world.advance(HOUR)
        assert await starts(engine, "goes") == await starts(engine, "stays") == ["12:00"]
        assert await starts(engine, "past") == []
        assert (await engine.schedules.describe(ORGANIZATION, "stays")).next_at is None
        with pytest.raises(ResourceNotFoundException):
            await engine.schedules.describe(ORGANIZATION, "goes")


async def test_the_input_knows_schedule_time_and_attempt() -> None:
    world = World()
    async with world.engine() as engine:
        arn = await machine(engine)
        keys = {"a": "schedule-arn", "t": "scheduled-time", "n": "attempt-number", "e": "execution-id"}
        text = json.dumps({key: f"<aws.scheduler.{attribute}>" for key, attribute in keys.items()})
        await engine.schedules.create(ORGANIZATION, "nightly", chosen("rate(1 hour)", arn, target_input=text))
        await engine.schedules.create(ORGANIZATION, "plain", chosen("rate(1 hour)", arn))
        await world.settled()
        inputs = {
            record.name.partition("-")[0]: json.loads(record.input)
            for record in (await engine.list_executions(ORGANIZATION)).items
        }
    schedule_arn = "arn:aws:scheduler:us-east-1:000000000000:schedule/default/"
    assert inputs["nightly"].pop("e").isalnum()
    assert inputs["nightly"] == {"a": f"{schedule_arn}nightly", "t": "2026-05-01T12:00:00Z", "n": "1"}
    assert inputs["plain"].pop("id").isalnum()
    assert inputs["plain"] == {
        "version": "0",
        "detail-type": "Scheduled Event",
        "source": "aws.scheduler",
        "account": "000000000000",
        "time": "2026-05-01T12:00:00Z",
        "region": "us-east-1",
        "resources": [f"{schedule_arn}plain"],
        "detail": "{}",
    }


async def test_a_schedule_that_is_disabled_starts_nothing_until_it_is_enabled() -> None:
    world = World()
    async with world.engine() as engine:
        configuration = chosen("cron(0 * * * ? *)", await machine(engine))
        await engine.schedules.create(ORGANIZATION, "nightly", configuration, enabled=False)
        await world.advance(90 * MINUTE, step=30 * MINUTE)
        assert await starts(engine) == []
        await engine.schedules.update(ORGANIZATION, "nightly", configuration, enabled=True)
        await world.advance(90 * MINUTE, step=30 * MINUTE)
        assert await starts(engine) == ["14:00", "15:00"]


async def test_an_update_that_keeps_the_times_keeps_what_is_due() -> None:
    world = World()
    async with world.engine() as engine:
        arn = await machine(engine)
        await engine.schedules.create(ORGANIZATION, "nightly", chosen("rate(2 hours)", arn))
        await world.settled()
        await world.advance(HOUR)
        await engine.schedules.update(ORGANIZATION, "nightly", chosen("rate(2 hours)", arn, description="new"))
        await world.advance(HOUR)
        assert await starts(engine) == ["12:00", "14:00"]
        await engine.schedules.update(ORGANIZATION, "nightly", chosen("rate(3 hours)", arn))
        await world.settled()
        await world.advance(3 * HOUR, step=HOUR)
        assert await starts(engine) == ["12:00", "14:00", "17:00"]


@pytest.mark.parametrize(
    ("policy", "expected"),
    [("ALL", ["12:00", "13:00", "14:00", "15:00"]), ("ONCE", ["12:00", "15:00"]), ("SKIP", ["12:00"])],
)
async def test_what_was_missed_while_no_engine_ran(policy: CatchUp, expected: list[str]) -> None:
    world = World()
    async with world.engine() as engine:
        configuration = chosen("rate(1 hour)", await machine(engine), catch_up=policy)
        await engine.schedules.create(ORGANIZATION, "nightly", configuration)
        await world.settled()
    world.seconds += 3.5 * HOUR
    async with world.engine() as engine:
        await world.settled()
        assert await starts(engine) == expected
        await world.advance(30 * MINUTE)
        assert await starts(engine) == [*expected, "16:00"]


async def test_executions_may_overlap() -> None:
    world = World()
    async with world.engine() as engine:
        configuration = chosen("rate(1 hour)", await machine(engine, ENDLESS))
        await engine.schedules.create(ORGANIZATION, "nightly", configuration)
        await world.settled()
        await world.advance(2 * HOUR, step=HOUR)
        assert await starts(engine) == ["12:00", "13:00", "14:00"]


async def test_times_are_skipped_while_the_execution_before_runs() -> None:
    world = World()
    async with world.engine() as engine:
        configuration = chosen("rate(1 hour)", await machine(engine, ENDLESS), overlap="SKIP")
        await engine.schedules.create(ORGANIZATION, "nightly", configuration)
        await world.settled()
        await world.advance(2 * HOUR, step=HOUR)
        world.tasks.gate.set()
        await _all_over(engine)
        await world.advance(HOUR)
        assert await starts(engine) == ["12:00", "15:00"]
    outcomes = [outcome for _, outcome in world.log.outcomes]
    assert outcomes == ["started", "skipped", "skipped", "started"]


async def test_one_time_is_kept_until_the_execution_before_is_over() -> None:
    world = World()
    async with world.engine() as engine:
        configuration = chosen("rate(1 hour)", await machine(engine, ENDLESS), overlap="BUFFER_ONE")
        await engine.schedules.create(ORGANIZATION, "nightly", configuration)
        await world.settled()
        await world.advance(3 * HOUR, step=MINUTE)
        assert await starts(engine) == ["12:00"]
        world.tasks.gate.set()
        await _all_over(engine)
        await world.advance(MINUTE)
        assert await starts(engine) == ["12:00", "13:00"]
        await world.advance(HOUR)
        assert await starts(engine) == ["12:00", "13:00", "16:00"]


async def test_the_execution_before_is_aborted_first() -> None:
    world = World()
    async with world.engine() as engine:
        configuration = chosen("rate(1 hour)", await machine(engine, ENDLESS), overlap="TERMINATE_OTHER")
        await engine.schedules.create(ORGANIZATION, "nightly", configuration)
        await world.settled()
        await world.advance(HOUR)

        async def aborted() -> bool:
            page = await engine.list_executions(ORGANIZATION, status="ABORTED")
            return [record.error for record in page.items] == ["Schedule.Overlap"]

        while not await aborted():
            world.seconds += 1
            await world.settled()
        await world.advance(MINUTE)
        assert await starts(engine) == ["12:00", "13:00"]
        assert len((await engine.list_executions(ORGANIZATION, status="RUNNING")).items) == 1


async def test_a_start_that_is_refused_for_good_is_given_up() -> None:
    world = World()
    async with world.engine() as engine:
        arn = await machine(engine)
        await engine.schedules.create(ORGANIZATION, "nightly", chosen("rate(1 hour)", f"{arn}x"))
        await world.settled()
        await world.advance(HOUR)
        assert await starts(engine) == []
    assert world.log.outcomes == [("nightly", "failed")] * 2


async def test_a_start_that_is_refused_for_now_is_tried_again() -> None:
    world = World()
    async with world.engine(max_executions=1) as engine:
        blocked = await create(engine, ENDLESS, name="blocked")
        await engine.start_execution(organization=ORGANIZATION, state_machine_arn=blocked.arn, name=None, input="{}")
        arn = await machine(engine)
        text = '{"attempt": "<aws.scheduler.attempt-number>"}'
        for name, retries in (("nightly", 185), ("hasty", 1)):
            configuration = chosen("rate(1 hour)", arn, target_input=text, target_retry_attempts=retries)
            await engine.schedules.create(ORGANIZATION, name, configuration)
        await world.advance(MINUTE, step=1)
        assert await starts(engine) == []
        world.tasks.gate.set()
        await _all_over(engine)
        await world.advance(5 * MINUTE, step=30)
        assert await starts(engine) == ["12:00"]
        [started] = [r for r in (await engine.list_executions(ORGANIZATION)).items if r.name.startswith("nightly")]
        assert int(json.loads(started.input)["attempt"]) > 2
        assert await starts(engine, "hasty") == []
    assert sorted(world.log.outcomes) == [("hasty", "failed"), ("nightly", "started")]


async def test_a_start_is_not_tried_longer_than_its_event_may_be_old() -> None:
    world = World()
    async with world.engine(max_executions=0) as engine:
        configuration = chosen("rate(1 hour)", await machine(engine), target_event_age_seconds=60)
        await engine.schedules.create(ORGANIZATION, "nightly", configuration)
        await world.settled()
        await world.advance(2 * MINUTE, step=1)
    assert world.log.outcomes == [("nightly", "failed")]


async def test_express_executions_are_started_too_and_never_overlap() -> None:
    world = World()
    async with world.engine() as engine:
        configuration = chosen("rate(1 hour)", await machine(engine, kind="EXPRESS"), overlap="SKIP")
        await engine.schedules.create(ORGANIZATION, "nightly", configuration)
        await world.settled()
        await world.advance(HOUR)
        await eventually(lambda: world.tasks.runs() == {"S1": 2})
        assert (await engine.schedules.describe(ORGANIZATION, "nightly")).latest_execution is None


async def test_a_flexible_window_spreads_the_starts() -> None:
    world = World()
    async with world.engine() as engine:
        arn = await machine(engine)
        for number in range(20):
            configuration = chosen("cron(0 13 * * ? *)", arn, window_minutes=60)
            await engine.schedules.create(ORGANIZATION, f"s{number}", configuration)
        await world.advance(HOUR)
        started = [0]
        for _ in range(6):
            await world.advance(10 * MINUTE)
            started.append(len((await engine.list_executions(ORGANIZATION)).items))
        assert started[0] == 0
        assert started[-1] == 20
        assert len(set(started)) > 3


async def test_a_thousand_schedules_at_once() -> None:
    world = World()
    async with world.engine() as engine:
        arn = await machine(engine)
        for number in range(1100):
            await engine.schedules.create(ORGANIZATION, f"s{number}", chosen("cron(0 13 * * ? *)", arn))
        await world.advance(HOUR)
        names = {record.name for record in (await engine.list_executions(ORGANIZATION, limit=2000)).items}
        assert len(names) == 1100


async def _all_over(engine: Engine) -> None:
    for record in (await engine.list_executions(ORGANIZATION, status="RUNNING")).items:
        await engine.wait_for_execution(ORGANIZATION, record.arn, 10)
