"""`/api/v1/schedules`: what Amazon EventBridge Scheduler's protocol has, and the policies that it has not."""

from http import HTTPStatus

from aiohttp import web
from msgspec.structs import replace

from engine.api.keys import ARNS, ENGINE, IDENTITY
from engine.api.rest.requests import json_response, page_size, read_body
from engine.api.rest.scheduleshapes import NewSchedule, ScheduleChoices, shown
from engine.api.rest.shapes import Page
from engine.runtime import Engine
from engine.runtime.schedules.records import ScheduleRecord
from engine.storage.schedules import DEFAULT_GROUP


async def list_schedules(request: web.Request) -> web.Response:
    """The organization's schedules by group and name."""
    page = await request.app[ENGINE].schedules.list(
        request[IDENTITY].organization,
        group=request.query.get("group"),
        limit=page_size(request),
        after=request.query.get("after"),
    )
    return json_response(Page([shown(each) for each in page.items], page.next_token))


async def create_schedule(request: web.Request) -> web.Response:
    """Create a schedule; 409 when there is one of that name in the group."""
    new = await read_body(request, NewSchedule)
    record = await request.app[ENGINE].schedules.create(
        request[IDENTITY].organization,
        new.name,
        new.configuration(await _target(request, new)),
        group=new.group,
        enabled=new.enabled,
    )
    location = f"/api/v1/schedules/{record.name}?group={record.group}"
    return json_response(shown(record), HTTPStatus.CREATED, {"Location": location})


async def get_schedule(request: web.Request) -> web.Response:
    """One schedule."""
    return json_response(shown(await _find(request)))


async def change_schedule(request: web.Request) -> web.Response:
    """Give a schedule other choices, in place of all that it had."""
    changed = await read_body(request, ScheduleChoices)
    known = await _find(request)
    configuration = changed.configuration(await _target(request, changed))
    former = known.configuration
    kept = replace(configuration.target, role_arn=former.target.role_arn, dead_letter_arn=former.target.dead_letter_arn)
    record = await request.app[ENGINE].schedules.update(
        request[IDENTITY].organization,
        known.name,
        replace(configuration, target=kept, kms_key_arn=former.kms_key_arn),
        group=known.group,
        enabled=changed.enabled,
    )
    return json_response(shown(record))


async def delete_schedule(request: web.Request) -> web.Response:
    """Delete a schedule, and show what it was; instances that it has started go on."""
    known = await _find(request)
    await request.app[ENGINE].schedules.delete(request[IDENTITY].organization, known.name, known.group)
    return json_response(shown(known))


async def _find(request: web.Request) -> ScheduleRecord:
    engine: Engine = request.app[ENGINE]
    group = request.query.get("group", DEFAULT_GROUP)
    return await engine.schedules.describe(request[IDENTITY].organization, request.match_info["id"], group)


async def _target(request: web.Request, choices: ScheduleChoices) -> str:
    """The ARN of the definition, version or alias. Raises StateMachineDoesNotExist without the definition."""
    organization = request[IDENTITY].organization
    name, colon, qualifier = choices.workflow_definition_id.partition(":")
    arn = await request.app[ARNS].state_machine(organization, name)
    await request.app[ENGINE].machines.describe(organization, arn)
    return f"{arn}{colon}{qualifier}"
