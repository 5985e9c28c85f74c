"""`/api/v1/workflow-instances`.

An instance's id is its definition's name and its own, `order-processing:4f1c…`: the end of its ARN.
"""

import asyncio
from http import HTTPStatus
from typing import get_args

import msgspec
from aiohttp import web

from engine.api.arns import instance_id
from engine.api.errors import ApiError
from engine.api.keys import DRAIN, ENGINE, IDENTITY
from engine.api.rest.definitions import find_definition
from engine.api.rest.requests import json_response, page_size, read_body, waiting_seconds
from engine.api.rest.shapes import (
    Cancellation,
    HistoryItem,
    NewInstance,
    Page,
)
from engine.api.rest.showing import find_instance, shown, summaries
from engine.api.visits import visits_of
from engine.runtime import ExecutionRecord, StateMachineRecord, Status, records

STATUSES: tuple[Status, ...] = get_args(Status)
LISTED_STATUSES = (*STATUSES, "PAUSED")


async def start_instance(request: web.Request) -> web.Response:
    """Start an instance of a definition; `?wait=` answers at its end, or after that many seconds."""
    new = await read_body(request, NewInstance)
    wait = waiting_seconds(request)
    machine = await find_definition(request, new.workflow_definition_id)
    started = await _start(request, machine, new)
    execution = await _wait(request, started, wait)
    location = f"/api/v1/workflow-instances/{instance_id(execution.arn)}"
    return json_response(await shown(request, execution), HTTPStatus.CREATED, {"Location": location})


async def _start(request: web.Request, machine: StateMachineRecord, new: NewInstance) -> ExecutionRecord:
    refusal = f"{machine.name} is EXPRESS, and its executions are not kept: start it with StartSyncExecution"
    if machine.kind == "EXPRESS":
        raise ApiError("StateMachineTypeNotSupported", refusal)
    started = await request.app[ENGINE].start_execution(
        organization=machine.organization,
        state_machine_arn=machine.arn,
        name=new.name,
        input=msgspec.json.encode(new.input).decode(),
    )
    if not isinstance(started, ExecutionRecord):  # replaced by an EXPRESS one in this instant
        raise ApiError("StateMachineTypeNotSupported", refusal)
    return started


async def list_instances(request: web.Request) -> web.Response:
    """Instances, newest first; `?status=` and `?workflowDefinitionId=` choose among them."""
    status = request.query.get("status")
    if status is not None and status not in LISTED_STATUSES:
        raise ApiError("InvalidRequest", f"status is {status!r}; it must be one of {', '.join(LISTED_STATUSES)}")
    definition = request.query.get("workflowDefinitionId")
    machine = await find_definition(request, definition) if definition else None
    page = await _page(request, machine, status)
    return json_response(Page(await summaries(request, page.items), page.next_token))


async def _page(
    request: web.Request, machine: StateMachineRecord | None, status: str | None
) -> records.Page[ExecutionRecord]:
    organization, limit, after = request[IDENTITY].organization, page_size(request), request.query.get("after")
    if status == "PAUSED":
        name = machine.name if machine else None
        return await request.app[ENGINE].pausing.list(organization, name, limit, after)
    return await request.app[ENGINE].list_executions(
        organization,
        state_machine_arn=machine.arn if machine else None,
        status=next((each for each in STATUSES if each == status), None),
        limit=limit,
        after=after,
    )


async def get_instance(request: web.Request) -> web.Response:
    """One instance; `?wait=` answers at its end, or after that many seconds."""
    wait = waiting_seconds(request)
    execution = await _wait(request, await find_instance(request), wait)
    return json_response(await shown(request, execution))


async def get_history(request: web.Request) -> web.Response:
    """The events of an instance, from the first on."""
    execution = await find_instance(request)
    page = await request.app[ENGINE].get_history(
        execution.organization,
        execution.arn,
        reverse=False,
        limit=page_size(request),
        after=request.query.get("after"),
    )
    items = [HistoryItem(each.id, each.previous_id, each.type, each.timestamp, each.details) for each in page.items]
    return json_response(Page(items, page.next_token))


async def get_states(request: web.Request) -> web.Response:
    """The states that an instance went through, in order."""
    execution = await find_instance(request)
    return json_response(Page(await visits_of(request.app[ENGINE], execution), None))


async def cancel_instance(request: web.Request) -> web.Response:
    """Stop an instance; one that is over stays as it is.

    With `children`, stop all instances too that it, or one of these, has started and that nobody waits for.
    """
    why = await read_body(request, Cancellation) if request.can_read_body else Cancellation()
    execution = await find_instance(request)
    if not execution.finished:
        execution = await request.app[ENGINE].stop_execution(
            execution.organization, execution.arn, error=why.error, cause=why.cause
        )
    if why.children:
        await request.app[ENGINE].termination.stop_descendants(
            execution.organization, execution.arn, error=why.error, cause=why.cause
        )
    return json_response(await shown(request, execution))


async def _wait(request: web.Request, execution: ExecutionRecord, seconds: float) -> ExecutionRecord:
    """The execution at its end, or as it is after `seconds` or when the process stops."""
    if seconds == 0 or execution.finished:
        return execution
    engine = request.app[ENGINE]
    end = asyncio.ensure_future(engine.wait_for_execution(execution.organization, execution.arn, seconds))
    stop = asyncio.ensure_future(request.app[DRAIN].started.wait())
    try:
        await asyncio.wait((end, stop), return_when=asyncio.FIRST_COMPLETED)
        return end.result() if end.done() else await engine.describe_execution(execution.organization, execution.arn)
    finally:
        end.cancel()
        stop.cancel()
