"""Groups of schedules (Amazon EventBridge Scheduler: CreateScheduleGroup, …) and their tags."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from engine.runtime.availability import unavailable_without_database
from engine.runtime.clock import DatabaseClock
from engine.runtime.control_plane.quotas import MOST_TAGS
from engine.runtime.definitions import Definitions
from engine.runtime.errors import (
    ConflictException,
    InvalidToken,
    ResourceNotFoundException,
    ServiceQuotaExceededException,
    ValidationException,
)
from engine.runtime.records import Page
from engine.runtime.schedules.records import ScheduleGroupRecord
from engine.runtime.schedules.validation import is_schedule_name, require_schedule_name
from engine.storage.identifiers import time_ordered_uuid
from engine.storage.protocol import Storage
from engine.storage.schedules import DEFAULT_GROUP, ScheduleGroup


class ScheduleGroups:
    """The groups of all organizations; each has the group ``default`` from its first use on."""

    def __init__(self, storage: Storage, definitions: Definitions, clock: DatabaseClock) -> None:
        self._storage = storage
        self._definitions = definitions
        self._clock = clock

    @unavailable_without_database
    async def create(self, organization: str, name: str, tags: Mapping[str, str] | None = None) -> ScheduleGroupRecord:
        """Create a group. Raises ValidationException, ConflictException, ServiceQuotaExceededException."""
        require_schedule_name(name, "name")
        _require_few_tags(tags or {})
        record = await self._create(organization, name)
        if record is None:
            raise ConflictException(f"Schedule group {name} already exists.")
        if tags:
            await self._storage.set_tags(record.id, tags)
        return record

    @unavailable_without_database
    async def describe(self, organization: str, name: str) -> ScheduleGroupRecord:
        """Give a group. Raises ResourceNotFoundException."""
        found = await self._storage.find_group(organization, name)
        if found is not None:
            return await self._record(found)
        if name == DEFAULT_GROUP:
            return await self._create(organization, name) or await self.describe(organization, name)
        raise ResourceNotFoundException(f"Schedule group {name} does not exist.")

    @unavailable_without_database
    async def list(
        self, organization: str, *, prefix: str = "", limit: int = 100, after: str | None = None
    ) -> Page[ScheduleGroupRecord]:
        """Give groups whose names begin so, by name; `after` is a page's `next_token`. Raises InvalidToken."""
        if after is not None and not is_schedule_name(after):
            raise InvalidToken("Invalid Token: 'Invalid token'")
        await self.describe(organization, DEFAULT_GROUP)
        found = await self._storage.list_groups(organization, prefix, limit + 1, after)
        records = tuple([await self._record(group) for group in found[:limit]])
        return Page(records, records[-1].name if len(found) > limit else None)

    @unavailable_without_database
    async def delete(self, organization: str, name: str) -> None:
        """Delete a group with all its schedules. Raises ResourceNotFoundException, ValidationException."""
        if name == DEFAULT_GROUP:
            raise ValidationException("The default schedule group cannot be deleted.")
        if not await self._storage.delete_group(organization, name):
            raise ResourceNotFoundException(f"Schedule group {name} does not exist.")

    @unavailable_without_database
    async def tags(self, organization: str, arn: str) -> dict[str, str]:
        """Give a group's tags in the order of their keys. Raises ResourceNotFoundException."""
        return await self._storage.list_tags((await self._find(organization, arn)).id)

    @unavailable_without_database
    async def tag(self, organization: str, arn: str, tags: Mapping[str, str]) -> None:
        """Add tags. Raises ResourceNotFoundException, ServiceQuotaExceededException."""
        group = await self._find(organization, arn)
        _require_few_tags({**await self._storage.list_tags(group.id), **tags})
        await self._storage.set_tags(group.id, tags)

    @unavailable_without_database
    async def untag(self, organization: str, arn: str, keys: Iterable[str]) -> None:
        """Remove tags; keys that aren't there do no harm. Raises ResourceNotFoundException."""
        await self._storage.remove_tags((await self._find(organization, arn)).id, list(keys))

    async def _find(self, organization: str, arn: str) -> ScheduleGroupRecord:
        name = arn.rpartition("/")[2]
        group = await self.describe(organization, name)
        if group.arn != arn:
            raise ResourceNotFoundException(f"Schedule group {arn} does not exist.")
        return group

    async def _create(self, organization: str, name: str) -> ScheduleGroupRecord | None:
        now = self._clock.now()
        prefix = await self._definitions.arn(organization, "")  # gives the organization its account first
        group = ScheduleGroup(
            id=time_ordered_uuid(), organization=organization, name=name, created_at=now, updated_at=now
        )
        created = await self._storage.create_group(group)
        return _record(group, prefix.region, prefix.account) if created else None

    async def _record(self, group: ScheduleGroup) -> ScheduleGroupRecord:
        prefix = await self._definitions.arn(group.organization, "")
        return _record(group, prefix.region, prefix.account)


def _record(group: ScheduleGroup, region: str, account: str) -> ScheduleGroupRecord:
    return ScheduleGroupRecord(
        id=group.id,
        arn=f"arn:aws:scheduler:{region}:{account}:schedule-group/{group.name}",
        name=group.name,
        created_at=group.created_at,
        updated_at=group.updated_at,
    )


def _require_few_tags(tags: Mapping[str, str]) -> None:
    if len(tags) > MOST_TAGS:
        raise ServiceQuotaExceededException(f"A schedule group has at most {MOST_TAGS} tags, not {len(tags)}.")
