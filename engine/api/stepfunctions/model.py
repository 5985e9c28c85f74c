"""botocore's model of the Step Functions API, as the contract that requests and answers are held to."""

import functools
import re
from collections.abc import Iterator, Mapping
from datetime import datetime

import botocore.session
from botocore.model import ListShape, OperationModel, ServiceModel, Shape, StringShape, StructureShape

from engine.api.errors import ApiError

TARGET_PREFIX = "AWSStepFunctions"
PLAIN = frozenset({str, int, bool, float})
"""Types of what an answer holds as it is."""
PRINTED = {"ExecutionStatus": ("SUCCEEDED", "TIMED_OUT", "PENDING_REDRIVE", "ABORTED", "FAILED", "RUNNING")}
"""Enumerations whose values the service's messages have in another order than its model."""
JSON_TYPES: dict[str, tuple[type, ...]] = {
    "structure": (dict,),
    "map": (dict,),
    "list": (list,),
    "string": (str,),
    "boolean": (bool,),
    "integer": (int,),
    "long": (int,),
    "float": (int, float),
    "double": (int, float),
    "timestamp": (int, float),
}


@functools.cache
def service_model() -> ServiceModel:
    """The model that boto3's own client is made from."""
    return botocore.session.get_session().get_service_model("stepfunctions")


@functools.cache
def operation(name: str) -> OperationModel:
    """The model of one operation. Raises `ApiError` UnknownOperationException."""
    if name not in service_model().operation_names:
        raise ApiError("UnknownOperationException", f"Step Functions has no operation {name!r}")
    return service_model().operation_model(name)


def check_request(shape: StructureShape | None, request: object) -> None:
    """Raise `ApiError` unless a request fits its shape.

    SerializationException for a wrong JSON type; ValidationException, naming every constraint that is broken, else.
    """
    if shape is None:
        return
    broken = list(_broken(shape, request, ""))
    if broken:
        count = f"{len(broken)} validation error{'s' if len(broken) > 1 else ''} detected: "
        raise ApiError("ValidationException", count + "; ".join(broken))


def shape_answer(shape: StructureShape | None, answer: Mapping[str, object]) -> dict[str, object]:
    """An answer as its shape has it: times as epoch seconds, members that are None left out.

    A member that the shape doesn't have is a fault of the engine: `KeyError`.
    """
    if shape is None:
        return {}
    return {name: _shaped(shape.members[name], value) for name, value in answer.items() if value is not None}


def _shaped(shape: Shape, value: object) -> object:
    if type(value) in PLAIN:
        return value
    if isinstance(shape, StructureShape) and isinstance(value, Mapping):
        return shape_answer(shape, value)
    if isinstance(shape, ListShape) and isinstance(value, list | tuple):
        return [_shaped(shape.member, item) for item in value]
    return value.timestamp() if isinstance(value, datetime) else value


def _broken(shape: Shape, value: object, path: str) -> Iterator[str]:
    """A sentence for each constraint that `value` breaks."""
    wanted = JSON_TYPES[shape.type_name]
    if not isinstance(value, wanted) or (isinstance(value, bool) and bool not in wanted):
        where = path or "the request"
        raise ApiError("SerializationException", f"{where} must be of type {shape.type_name}")
    if isinstance(shape, StructureShape) and isinstance(value, dict):
        yield from _broken_members(shape, value, path)
    elif isinstance(shape, ListShape) and isinstance(value, list):
        yield from _out_of_bounds(shape, len(value), path, _text(shape, value), "have length")
        for index, item in enumerate(value):
            yield from _broken(shape.member, item, f"{path}.{index + 1}.member")
    elif isinstance(shape, StringShape) and isinstance(value, str):
        yield from _broken_text(shape, value, path)
    elif isinstance(value, int | float):
        yield from _out_of_bounds(shape, value, path, value, "have value")


def _broken_members(shape: StructureShape, value: dict[str, object], path: str) -> Iterator[str]:
    for name in shape.required_members:
        if value.get(name) is None:
            yield f"Value null at '{_join(path, name)}' failed to satisfy constraint: Member must not be null"
    for name, content in value.items():
        if content is not None and name in shape.members:
            yield from _broken(shape.members[name], content, _join(path, name))


def _broken_text(shape: StringShape, value: str, path: str) -> Iterator[str]:
    shown = "***" if shape.metadata.get("sensitive") else value
    if shape.enum and value not in shape.enum:
        allowed = f"Member must satisfy enum value set: [{', '.join(PRINTED.get(shape.name, shape.enum))}]"
        yield _sentence(shown, path, allowed)
    pattern = shape.metadata.get("pattern")
    if pattern and not _compiled(pattern).fullmatch(value):
        yield _sentence(shown, path, f"Member must satisfy regular expression pattern: {pattern}")
    yield from _out_of_bounds(shape, len(value), path, shown, "have length")


@functools.cache
def _compiled(pattern: str) -> re.Pattern[str]:
    """A pattern of the model, which is Java's."""
    return re.compile(pattern.replace(r"\p{ASCII}", r"[\x00-\x7f]"))


def _out_of_bounds(shape: Shape, size: float, path: str, shown: object, verb: str) -> Iterator[str]:
    low, high = shape.metadata.get("min"), shape.metadata.get("max")
    if low is not None and size < low:
        yield _sentence(shown, path, f"Member must {verb} greater than or equal to {low}")
    if high is not None and size > high:
        yield _sentence(shown, path, f"Member must {verb} less than or equal to {high}")


def _text(shape: Shape, value: object) -> str:
    """A value as the service prints it: `[RoutingConfigurationListItem(stateMachineVersionArn=arn:…, weight=50)]`."""
    if isinstance(shape, ListShape) and isinstance(value, list):
        return f"[{', '.join(_text(shape.member, item) for item in value)}]"
    if isinstance(shape, StructureShape) and isinstance(value, dict):
        members = ", ".join(f"{name}={_text(shape.members[name], value.get(name))}" for name in shape.members)
        return f"{shape.name}({members})"
    return "null" if value is None else str(value)


def _sentence(shown: object, path: str, constraint: str) -> str:
    return f"Value '{shown}' at '{path}' failed to satisfy constraint: {constraint}"


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name
