"""Turns what a task returned into a JSON value, or says which field can't be one."""

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import msgspec

from engine.tasks.requests import TaskError

_ENCODER: Final = msgspec.json.Encoder()
_DECODER: Final = msgspec.json.Decoder()


def to_json_value(value: object, source: str) -> object:
    """`value` as dicts, lists, strings, finite numbers, booleans and None, shared with nobody.

    Structs, dataclasses, dates, UUIDs, decimals and enums become what msgspec makes of them. Raises `TaskError`
    "InvalidResult" with the path of the first field that JSON can't hold; `source` says whose result it is.
    """
    try:
        data = _ENCODER.encode(value)
        if b"null" not in data:  # which is also what msgspec writes of a number that JSON can't hold
            return _DECODER.decode(data)
    except (TypeError, ValueError, RecursionError, msgspec.MsgspecError):
        pass  # what is wrong, and where, is told by the closer look
    return _checked(value, source)


def _checked(value: object, source: str) -> object:
    try:
        plain = msgspec.to_builtins(value, str_keys=True)
        json.dumps(plain, allow_nan=False)
        return _DECODER.decode(_ENCODER.encode(plain))
    except (TypeError, ValueError, RecursionError) as error:
        path, reason = next(_misfits(value, "$", depth=0), ("$", str(error)))
        raise TaskError("InvalidResult", f"{source}: the result's {path} {reason}") from error


def _misfits(value: object, path: str, *, depth: int) -> Iterator[tuple[str, str]]:
    """Paths of the values that JSON can't hold, and why."""
    if depth > 100:  # noqa: PLR2004 - deeper than any real result, shallower than Python's stack
        yield path, "is nested too deeply or contains itself"
        return
    if isinstance(value, float) and not math.isfinite(value):
        yield path, f"is {value}, which JSON can't hold"
        return
    children = list(_children(value))
    for name, child in children:
        yield from _misfits(child, f"{path}{name}", depth=depth + 1)
    if not children and not _encodes(value):
        yield path, f"is of type {type(value).__qualname__}, which JSON can't hold"


def _children(value: object) -> Iterator[tuple[str, object]]:
    if isinstance(value, msgspec.Struct):
        yield from ((f".{name}", getattr(value, name)) for name in value.__struct_fields__)
    elif isinstance(value, Mapping):
        yield from ((f".{name}", child) for name, child in value.items())
    elif isinstance(value, Sequence) and not isinstance(value, str | bytes | bytearray):
        yield from ((f"[{index}]", child) for index, child in enumerate(value))
    elif hasattr(value, "__dataclass_fields__"):
        yield from ((f".{name}", getattr(value, name)) for name in value.__dataclass_fields__)


def _encodes(value: object) -> bool:
    try:
        msgspec.to_builtins(value, str_keys=True)
    except (TypeError, ValueError):
        return False
    return True
