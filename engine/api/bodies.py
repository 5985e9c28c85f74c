"""Reads the bodies of requests, whoever sends them."""

from typing import TypeVar

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
        raise ApiError(code, f"{what}: {error}") from None
    except RecursionError:
        raise ApiError(code, f"{what}: it is nested too deeply") from None
