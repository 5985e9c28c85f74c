"""`/api/v1/workflow-instances/{id}`: pausing, resuming, deleting data."""

from http import HTTPStatus

from aiohttp import web

from engine.api.errors import ApiError
from engine.api.keys import ENGINE, IDENTITY
from engine.api.rest.requests import flag, json_response
from engine.api.rest.shapes import DataDeletion
from engine.api.rest.showing import find_instance, shown
from engine.runtime import Engine, ExecutionRecord
from engine.storage.lifecycle import Erasure


async def pause_instance(request: web.Request) -> web.Response:
    """Pause an instance: it starts nothing more until it is resumed, and what runs ends.

    One that is paused already stays so; 409 for one that is over.
    """
    execution = await find_instance(request)
    paused = await request.app[ENGINE].pausing.pause(
        execution.organization, execution.arn, paused_by=request[IDENTITY].subject
    )
    return json_response(await shown(request, paused))


async def resume_instance(request: web.Request) -> web.Response:
    """Let a paused instance go on, once what ran when it was paused has ended; 409 for one that is over."""
    execution = await find_instance(request)
    resumed = await request.app[ENGINE].pausing.resume(execution.organization, execution.arn)
    return json_response(await shown(request, resumed))


async def delete_data(request: web.Request) -> web.Response:
    """Delete an instance's data: input, output, errors, and all data in its history. 202 while there is some left.

    `?stop=true` stops it before; 409 for one that runs otherwise. The deletion goes on whatever happens; asking again
    tells how far it is.
    """
    engine, subject = request.app[ENGINE], request[IDENTITY].subject
    stop = flag(request, "stop")
    execution = await find_instance(request)
    if stop and not execution.finished:
        execution = await _stopped(engine, execution)
    erasure = await engine.erasing.erase(execution.organization, execution.arn, requested_by=subject)
    status = HTTPStatus.ACCEPTED if erasure.finished_at is None else HTTPStatus.OK
    return json_response(_deletion(erasure), status)


async def get_deletion(request: web.Request) -> web.Response:
    """The proof that an instance's data was deleted; 404 where nobody asked for it."""
    execution = await find_instance(request)
    erasure = await request.app[ENGINE].erasing.proof(execution.organization, execution.arn)
    if erasure is None:
        raise ApiError("NotFound", f"nobody asked to delete the data of {execution.arn}", HTTPStatus.NOT_FOUND)
    return json_response(_deletion(erasure))


async def _stopped(engine: Engine, execution: ExecutionRecord) -> ExecutionRecord:
    stopped = await engine.stop_execution(execution.organization, execution.arn)
    await engine.termination.stop_descendants(execution.organization, execution.arn)
    return stopped


def _deletion(erasure: Erasure) -> DataDeletion:
    return DataDeletion(
        requested_at=erasure.requested_at,
        requested_by=erasure.requested_by,
        finished_at=erasure.finished_at,
        event_groups=erasure.events,
        sha256=erasure.digest.hex(),
    )
