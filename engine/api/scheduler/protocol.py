"""The endpoints of the EventBridge Scheduler protocol (AWS REST-JSON), by botocore's model of the service."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from http import HTTPStatus

import botocore.session
import msgspec
from aiohttp import web
from aiohttp.typedefs import Handler
from botocore.model import ListShape, OperationModel, ServiceModel, Shape

from engine.api.bodies import decode, read_bytes
from engine.api.errors import ApiError
from engine.api.keys import ENGINE, IDENTITY
from engine.api.scheduler.operations import OPERATIONS, Call, Operation
from engine.api.stepfunctions.model import check_request, shape_answer

PATHS = ("/schedules", "/schedule-groups", "/tags/")
"""How the paths of the protocol begin."""
CODES = {"InternalFailure": "InternalServerException", "InvalidToken": "ValidationException"}
"""Errors that have another name in this protocol."""
_WHERE = re.compile(r" at '(?P<path>[^']*)' failed to satisfy")


def add_routes(app: web.Application) -> None:
    """Serve the protocol at its paths."""
    for name, run in OPERATIONS.items():
        model = service_model().operation_model(name)
        path = re.sub(r"\{ResourceArn\}", "{ResourceArn:.+}", model.http["requestUri"])
        app.router.add_route(model.http["method"], path, _answering(model, run), name=f"scheduler-{name}")


@functools.cache
def service_model() -> ServiceModel:
    """The model that boto3's own client is made from."""
    return botocore.session.get_session().get_service_model("scheduler")


def is_scheduler_path(path: str) -> bool:
    """Whether a request to this path is of the EventBridge Scheduler protocol."""
    return path.startswith(PATHS)


def error_response(error: ApiError) -> web.Response:
    """The error as AWS's REST-JSON protocol has it, under the service's own names."""
    code = CODES.get(error.code, error.code)
    status = error.aws_status if error.status < HTTPStatus.FORBIDDEN else error.status
    headers = {"x-amzn-ErrorType": code, **error.headers}
    body = msgspec.json.encode({"Message": error.message})
    return web.Response(body=body, status=status, content_type="application/json", headers=headers)


def _answering(model: OperationModel, run: Operation) -> Handler:
    async def answer(request: web.Request) -> web.Response:
        arguments = await _arguments(request, model)
        _check(model, arguments)
        call = Call(request.app[ENGINE], request[IDENTITY].organization, arguments)
        shaped = shape_answer(model.output_shape, await run(call))
        return web.Response(body=msgspec.json.encode(shaped), content_type="application/json")

    return answer


def _check(model: OperationModel, arguments: dict[str, object]) -> None:
    """Raise `ApiError` for what doesn't fit the model; members have names that begin with a small letter in it."""
    try:
        check_request(model.input_shape, arguments)
    except ApiError as error:
        message = _WHERE.sub(lambda found: f" at '{_small(found['path'])}' failed to satisfy", error.message)
        raise ApiError(error.code, message) from None


def _small(path: str) -> str:
    return ".".join(part[:1].lower() + part[1:] for part in path.split("."))


async def _arguments(request: web.Request, model: OperationModel) -> dict[str, object]:
    what = "the request's body is not a JSON object"
    body = await read_bytes(request) or b"{}"
    given = decode(body, dict[str, object], code="SerializationException", what=what)
    return given | dict(_outside(request, model))


def _outside(request: web.Request, model: OperationModel) -> Iterator[tuple[str, object]]:
    """What path and query hold."""
    shape = model.input_shape
    for name, member in ({} if shape is None else shape.members).items():
        key = member.serialization.get("name", name)
        match member.serialization.get("location"):
            case "uri":
                yield name, request.match_info[key]
            case "querystring" if key in request.query:
                yield name, _query(member, request.query.getall(key))


def _query(shape: Shape, values: list[str]) -> object:
    if isinstance(shape, ListShape):
        return values
    if shape.type_name == "integer" and re.fullmatch(r"-?[0-9]{1,9}", values[0]):
        return int(values[0])
    return values[0]
