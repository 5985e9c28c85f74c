"""Errors as both protocols show them."""

from __future__ import annotations

import gc
import json
import weakref
from collections.abc import Iterator

import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request

from engine.api.errors import ApiError, as_api_error, aws_response, problem_response
from engine.api.middleware.failures import failures
from engine.api.stepfunctions.model import service_model
from engine.language import InvalidDefinition, Problem
from engine.runtime import errors
from engine.runtime.errors import EngineError


def kinds() -> list[type[EngineError]]:
    """Every error of the engine."""
    found: list[type[EngineError]] = []
    rest = [EngineError]
    while rest:
        children = rest.pop().__subclasses__()
        found += children
        rest += children
    return found


def test_every_error_of_the_model_is_one_of_the_engine() -> None:
    documented = {shape.name for shape in service_model().error_shapes}
    assert documented <= {kind.__name__ for kind in kinds()} | {"InvalidDefinition"}


@pytest.mark.parametrize("kind", kinds(), ids=lambda kind: kind.__name__)
def test_names_and_status_codes(kind: type[EngineError]) -> None:
    error = as_api_error(kind("It can't be."))
    assert error is not None
    response = aws_response(error)
    body = json.loads(response.body)  # type: ignore[arg-type]
    codes = {"Overloaded": "ThrottlingException", "Unavailable": "ServiceUnavailable"}
    statuses = {"Unavailable": 503, "ServiceQuotaExceededException": 402}
    assert body == {"__type": codes.get(kind.__name__, kind.__name__), "message": "It can't be."}
    assert response.status == statuses.get(kind.__name__, 400)
    assert response.headers["x-amzn-ErrorType"] == body["__type"]


@pytest.mark.parametrize(
    "kind",
    [errors.Overloaded, errors.Unavailable, errors.ExecutionLimitExceeded, errors.ActivityWorkerLimitExceeded],
    ids=lambda kind: kind.__name__,
)
def test_limits_say_when_to_come_again(kind: type[EngineError]) -> None:
    error = as_api_error(kind("It is full."))
    assert error is not None
    shown, aws = problem_response(error, "r-1"), aws_response(error)
    assert shown.status == (503 if kind is errors.Unavailable else 429)
    assert int(shown.headers["Retry-After"]) == int(aws.headers["Retry-After"]) > 0


@pytest.mark.parametrize(
    ("error", "members"),
    [
        (errors.ResourceNotFound("gone", "arn:x"), {"resourceName": "arn:x"}),
        (errors.TooManyTags("51", "arn:x"), {"resourceName": "arn:x"}),
        (errors.ValidationException("no", "MISSING_REQUIRED_PARAMETER"), {"reason": "MISSING_REQUIRED_PARAMETER"}),
        (errors.ValidationException("no"), {}),
    ],
)
def test_members_beside_the_message(error: EngineError, members: dict[str, str]) -> None:
    shown = as_api_error(error)
    assert shown is not None
    body = json.loads(aws_response(shown).body)  # type: ignore[arg-type]
    assert {name: body[name] for name in body.keys() - {"__type", "message"}} == members


def test_every_problem_of_a_definition_is_in_one_message() -> None:
    problems = [
        Problem("$.States.A.Next", "dangling-name", "There is no B."),
        Problem("$", "missing-field", "There is no StartAt."),
    ]
    error = as_api_error(InvalidDefinition(problems))
    assert error is not None
    assert error.message == (
        "Invalid State Machine Definition: 'MISSING_TRANSITION_TARGET: There is no B. at /States/A/Next, "
        "SCHEMA_VALIDATION_FAILED: There is no StartAt. at /'"
    )
    problem = json.loads(problem_response(error, "1").body)  # type: ignore[arg-type]
    assert [each["path"] for each in problem["errors"]] == ["$.States.A.Next", "$"]


def test_a_fault_of_the_engine_is_no_answer() -> None:
    assert as_api_error(KeyError("x")) is None


class Body:
    """What a client has sent."""


@pytest.fixture
def no_collector() -> Iterator[None]:
    """Nothing looks for cycles, as for a long time in a process that serves."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


@pytest.mark.usefixtures("no_collector")
@pytest.mark.parametrize(("error", "status"), [(ApiError("ValidationException", "no"), 400), (ValueError("no"), 500)])
async def test_a_refused_request_is_not_kept(error: Exception, status: int) -> None:
    bodies: list[weakref.ref[Body]] = []

    async def handler(_: web.Request) -> web.StreamResponse:
        body = Body()
        bodies.append(weakref.ref(body))
        raise error

    answer = await failures(make_mocked_request("POST", "/"), handler)
    assert (answer.status, bodies[0]()) == (status, None)
