"""Reads the bodies of requests, whoever sends them."""

import re
from typing import Literal, TypeVar, get_args, get_origin, get_type_hints

import msgspec
from aiohttp import web

from engine.api.errors import ApiError

T = TypeVar("T")


async def read_bytes(request: web.Request) -> bytes:
    """The whole body.

    Raises `ApiError` 400 when it isn't encoded as its headers say, or ends before its end, and aiohttp's 413 when it is
    too large, without a look at it where Content-Length says so already.
    """
    if request.content_length is not None and request.content_length > request.client_max_size:
        raise web.HTTPRequestEntityTooLarge(request.client_max_size, request.content_length)
    try:
        return await request.read()
    except web.RequestPayloadError:
        encoding = request.headers.get("Content-Encoding", "identity")
        raise ApiError(
            "InvalidRequest", f"the body can't be read: it isn't what its headers say ({encoding})"
        ) from None
    except ConnectionError:
        raise ApiError("InvalidRequest", "the connection ended before the body did") from None


def decode(body: bytes, kind: type[T], *, code: str, what: str) -> T:
    """JSON as `kind`. Raises `ApiError` 400 with `code`, and a message that begins with `what`."""
    try:
        return msgspec.json.decode(body, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ApiError(code, f"{what}: {error}{_choices(error, kind)}") from None
    except RecursionError:
        raise ApiError(code, f"{what}: it is nested too deeply") from None


def _choices(error: Exception, kind: object) -> str:
    """What is allowed where a field of a struct has a value that isn't one of a few."""
    found = re.fullmatch(r"Invalid enum value .* - at `\$\.(\w+)`", str(error), re.DOTALL)
    if found is None or not (isinstance(kind, type) and issubclass(kind, msgspec.Struct)):
        return ""
    hints = get_type_hints(kind)
    (hint,) = [hints[each.name] for each in msgspec.structs.fields(kind) if each.encode_name == found[1]]
    return f"; allowed are {', '.join(get_args(hint))}" if get_origin(hint) is Literal else ""
