"""Schedules (Amazon EventBridge Scheduler: CreateSchedule, GetSchedule, UpdateSchedule, DeleteSchedule, …)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from msgspec.structs import replace

from engine.runtime.availability import unavailable_without_database
from engine.runtime.clock import DatabaseClock
from engine.runtime.definitions import Definitions
from engine.runtime.errors import ConflictException, InvalidToken, ResourceNotFoundException
from engine.runtime.executions import Executions
from engine.runtime.options import EngineOptions
from engine.runtime.records import ExecutionRecord, Page
from engine.runtime.schedules.configuration import ScheduleConfiguration, StoredConfiguration, read_configuration
from engine.runtime.schedules.groups import ScheduleGroups
from engine.runtime.schedules.inputs import ScheduleArn
from engine.runtime.schedules.records import ScheduleRecord
from engine.runtime.schedules.recurrence import ON_TIME
from engine.runtime.schedules.validation import is_schedule_name, require_schedule_name, require_valid
from engine.storage.identifiers import time_ordered_uuid
from engine.storage.protocol import Storage
from engine.storage.schedules import DEFAULT_GROUP, Schedule

_BEFORE_ALL: Final = ON_TIME + timedelta(seconds=1)


class Schedules:
    """The schedules of all organizations."""

    def __init__(
        self,
        storage: Storage,
        definitions: Definitions,
        groups: ScheduleGroups,
        clock: DatabaseClock,
        options: EngineOptions,
        executions: Executions,
    ) -> None:
        self._storage = storage
        self._definitions = definitions
        self._groups = groups
        self._clock = clock
        self._max_input_bytes = options.max_payload_bytes
        self._executions = executions

    @unavailable_without_database
    async def create(
        self,
        organization: str,
        name: str,
        configuration: ScheduleConfiguration,
        *,
        group: str = DEFAULT_GROUP,
        enabled: bool = True,
        client_token: str | None = None,
    ) -> ScheduleRecord:
        """Create a schedule; asked again with the same token, give the one that is there.

        Raises ValidationException, ConflictException if there is one of that name, ResourceNotFoundException without
        the group.
        """
        require_schedule_name(name, "name")
        now = self._clock.now()
        require_valid(configuration, now, self._max_input_bytes)
        await self._groups.describe(organization, group)
        stored = StoredConfiguration(chosen=configuration, chosen_at=now, client_token=client_token)
        schedule = Schedule(
            id=time_ordered_uuid(),
            organization=organization,
            group_name=group,
            name=name,
            configuration=stored.text(),
            enabled=enabled,
            ends=configuration.after_completion == "DELETE",
            revision=1,
            due_at=stored.recurrence.after(now - _BEFORE_ALL) if enabled else None,
            created_at=now,
            updated_at=now,
        )
        match await self._storage.create_schedule(schedule):
            case "stored":
                return await self._record(schedule)
            case "exists":
                return await self._existing(schedule, client_token)
            case "group-absent":
                raise ResourceNotFoundException(f"Schedule group {group} does not exist.")

    async def _existing(self, wanted: Schedule, client_token: str | None) -> ScheduleRecord:
        existing = await self._storage.find_schedule(wanted.organization, wanted.group_name, wanted.name)
        if existing is not None and client_token is not None:
            stored = read_configuration(existing.configuration)
            if stored.client_token == client_token:
                return await self._record(existing)
        raise ConflictException(f"Schedule {wanted.name} already exists.")

    @unavailable_without_database
    async def describe(self, organization: str, name: str, group: str = DEFAULT_GROUP) -> ScheduleRecord:
        """Give a schedule. Raises ResourceNotFoundException."""
        return await self._record(await self._find(organization, group, name))

    @unavailable_without_database
    async def update(
        self,
        organization: str,
        name: str,
        configuration: ScheduleConfiguration,
        *,
        group: str = DEFAULT_GROUP,
        enabled: bool = True,
    ) -> ScheduleRecord:
        """Give a schedule another configuration, in place of all that it had.

        What is due already, and what waits to be started, stays as it was, unless the times change. Raises
        ValidationException, ResourceNotFoundException, ConflictException if another changes it at the same time.
        """
        known = await self._find(organization, group, name)
        former = read_configuration(known.configuration)
        now = self._clock.now()
        same_times = _times(former.chosen) == _times(configuration)
        asked = replace(configuration, start=None, end=None) if same_times else configuration
        require_valid(asked, now, self._max_input_bytes)
        stored = replace(former, chosen=configuration, chosen_at=former.chosen_at if same_times else now)
        changed = replace(
            known,
            configuration=stored.text(),
            enabled=enabled,
            ends=configuration.after_completion == "DELETE",
            revision=known.revision + 1,
            due_at=_next(known, stored, now, same_times=same_times) if enabled else None,
            updated_at=now,
        )
        if not await self._storage.change_schedule(changed):
            raise ConflictException(f"Schedule {name} is being changed by another request.")
        return await self._record(changed)

    @unavailable_without_database
    async def list(
        self,
        organization: str,
        *,
        group: str | None = None,
        prefix: str = "",
        enabled: bool | None = None,
        limit: int = 100,
        after: str | None = None,
    ) -> Page[ScheduleRecord]:
        """Give schedules whose names begin so, by group and name; `after` is a page's `next_token`.

        Raises InvalidToken, ResourceNotFoundException without the group.
        """
        if group is not None:
            await self._groups.describe(organization, group)
        found = await self._storage.list_schedules(
            organization, group, prefix, limit + 1, _read_token(after), enabled=enabled
        )
        records = tuple([await self._record(schedule) for schedule in found[:limit]])
        return Page(records, f"{records[-1].group}/{records[-1].name}" if len(found) > limit else None)

    @unavailable_without_database
    async def latest(self, schedules: Iterable[ScheduleRecord]) -> dict[UUID, ExecutionRecord]:
        """Give the executions that these schedules started last, by id; without the data of what is archived."""
        ids = [each.latest_execution for each in schedules if each.latest_execution is not None]
        found = await self._storage.executions_by_id(ids) if ids else []
        return {each.id: await self._executions.record(each) for each in found}

    @unavailable_without_database
    async def delete(self, organization: str, name: str, group: str = DEFAULT_GROUP) -> None:
        """Delete a schedule with what it was to start. Raises ResourceNotFoundException."""
        if not await self._storage.delete_schedule(organization, group, name):
            raise ResourceNotFoundException(f"Schedule {name} does not exist.")

    async def _find(self, organization: str, group: str, name: str) -> Schedule:
        await self._groups.describe(organization, group)
        found = await self._storage.find_schedule(organization, group, name)
        if found is None:
            raise ResourceNotFoundException(f"Schedule {name} does not exist.")
        return found

    async def _record(self, schedule: Schedule) -> ScheduleRecord:
        prefix = await self._definitions.arn(schedule.organization, "")
        return ScheduleRecord(
            arn=str(ScheduleArn(prefix.region, prefix.account, schedule.group_name, schedule.name)),
            group=schedule.group_name,
            name=schedule.name,
            enabled=schedule.enabled,
            configuration=read_configuration(schedule.configuration).chosen,
            next_at=schedule.due_at,
            latest_execution=schedule.latest_execution,
            created_at=schedule.created_at,
            updated_at=schedule.updated_at,
        )


def _times(chosen: ScheduleConfiguration) -> tuple[object, ...]:
    return chosen.expression, chosen.timezone, chosen.start, chosen.end


def _next(known: Schedule, stored: StoredConfiguration, now: datetime, *, same_times: bool) -> datetime | None:
    """Give the next time of a schedule that is enabled: none is made up for that passed while it was disabled."""
    if not same_times:
        return stored.recurrence.after(now - _BEFORE_ALL)
    return known.due_at if known.enabled else stored.recurrence.after(now)


def _read_token(token: str | None) -> tuple[str, str] | None:
    if token is None:
        return None
    group, _, name = token.partition("/")
    if not (is_schedule_name(group) and is_schedule_name(name)):
        raise InvalidToken("Invalid Token: 'Invalid token'")
    return group, name
