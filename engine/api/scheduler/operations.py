"""The operations of the EventBridge Scheduler protocol."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Final, cast

import msgspec

from engine.api.scheduler.shapes import read_schedule, shown, summary
from engine.runtime import Engine
from engine.runtime.schedules.records import ScheduleGroupRecord
from engine.storage.schedules import DEFAULT_GROUP

Answer = Mapping[str, object]
_DEFAULT_PAGE: Final = 100


class Call(msgspec.Struct, frozen=True):
    """One request: its arguments, from path, query and body, fit the operation's input shape."""

    engine: Engine
    organization: str
    arguments: dict[str, object]

    def text(self, name: str) -> str:
        """A required text."""
        return cast("str", self.arguments[name])

    def text_or_none(self, name: str) -> str | None:
        """An optional text."""
        return cast("str | None", self.arguments.get(name))

    @property
    def group(self) -> str:
        """The name of a schedule's group."""
        return self.text_or_none("GroupName") or DEFAULT_GROUP

    @property
    def page_size(self) -> int:
        """`MaxResults`."""
        return cast("int | None", self.arguments.get("MaxResults")) or _DEFAULT_PAGE

    @property
    def tags(self) -> dict[str, str]:
        """The tags by key; of two with the same key the last one counts."""
        tags = cast("Sequence[Mapping[str, str]]", self.arguments.get("Tags") or ())
        return {tag["Key"]: tag["Value"] for tag in tags}


Operation = Callable[[Call], Awaitable[Answer]]


async def create_schedule(call: Call) -> Answer:
    """A new schedule."""
    asked = read_schedule(call.arguments)
    record = await call.engine.schedules.create(
        call.organization,
        asked.name,
        asked.configuration(),
        group=asked.group,
        enabled=asked.enabled,
        client_token=asked.client_token,
    )
    return {"ScheduleArn": record.arn}


async def update_schedule(call: Call) -> Answer:
    """All that was chosen before is replaced."""
    asked = read_schedule(call.arguments)
    former = await call.engine.schedules.describe(call.organization, asked.name, asked.group)
    record = await call.engine.schedules.update(
        call.organization,
        asked.name,
        asked.configuration(former.configuration),
        group=asked.group,
        enabled=asked.enabled,
    )
    return {"ScheduleArn": record.arn}


async def get_schedule(call: Call) -> Answer:
    """One schedule."""
    return shown(await call.engine.schedules.describe(call.organization, call.text("Name"), call.group))


async def delete_schedule(call: Call) -> Answer:
    """What it was to start isn't started."""
    await call.engine.schedules.delete(call.organization, call.text("Name"), call.group)
    return {}


async def list_schedules(call: Call) -> Answer:
    """By group and name."""
    state = call.text_or_none("State")
    page = await call.engine.schedules.list(
        call.organization,
        group=call.text_or_none("GroupName"),
        prefix=call.text_or_none("NamePrefix") or "",
        enabled=None if state is None else state == "ENABLED",
        limit=call.page_size,
        after=call.text_or_none("NextToken"),
    )
    return {"Schedules": [summary(each) for each in page.items], "NextToken": page.next_token}


async def create_schedule_group(call: Call) -> Answer:
    """A new group."""
    record = await call.engine.schedule_groups.create(call.organization, call.text("Name"), call.tags)
    return {"ScheduleGroupArn": record.arn}


async def get_schedule_group(call: Call) -> Answer:
    """One group."""
    return _shown_group(await call.engine.schedule_groups.describe(call.organization, call.text("Name")))


async def delete_schedule_group(call: Call) -> Answer:
    """Its schedules go with it."""
    await call.engine.schedule_groups.delete(call.organization, call.text("Name"))
    return {}


async def list_schedule_groups(call: Call) -> Answer:
    """By name."""
    page = await call.engine.schedule_groups.list(
        call.organization,
        prefix=call.text_or_none("NamePrefix") or "",
        limit=call.page_size,
        after=call.text_or_none("NextToken"),
    )
    return {"ScheduleGroups": [_shown_group(each) for each in page.items], "NextToken": page.next_token}


async def tag_resource(call: Call) -> Answer:
    """Tags whose keys are there already change."""
    await call.engine.schedule_groups.tag(call.organization, call.text("ResourceArn"), call.tags)
    return {}


async def untag_resource(call: Call) -> Answer:
    """Keys that aren't there do no harm."""
    keys = cast("Sequence[str]", call.arguments["TagKeys"])
    await call.engine.schedule_groups.untag(call.organization, call.text("ResourceArn"), keys)
    return {}


async def list_tags_for_resource(call: Call) -> Answer:
    """By key."""
    tags = await call.engine.schedule_groups.tags(call.organization, call.text("ResourceArn"))
    return {"Tags": [{"Key": key, "Value": value} for key, value in tags.items()]}


def _shown_group(group: ScheduleGroupRecord) -> dict[str, object]:
    return {
        "Arn": group.arn,
        "Name": group.name,
        "State": "ACTIVE",
        "CreationDate": group.created_at,
        "LastModificationDate": group.updated_at,
    }


OPERATIONS: dict[str, Operation] = {
    "CreateSchedule": create_schedule,
    "CreateScheduleGroup": create_schedule_group,
    "DeleteSchedule": delete_schedule,
    "DeleteScheduleGroup": delete_schedule_group,
    "GetSchedule": get_schedule,
    "GetScheduleGroup": get_schedule_group,
    "ListScheduleGroups": list_schedule_groups,
    "ListSchedules": list_schedules,
    "ListTagsForResource": list_tags_for_resource,
    "TagResource": tag_resource,
    "UntagResource": untag_resource,
    "UpdateSchedule": update_schedule,
}
