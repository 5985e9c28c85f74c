"""Reads what REST v1 requests carry: bodies, pages, waiting times, ids."""

import re
from typing import TypeVar

import msgspec
from aiohttp import web

from engine.api.bodies import decode, read_bytes
from engine.api.errors import ApiError

DEFAULT_PAGE = 50
LARGEST_PAGE = 200
LONGEST_WAIT_SECONDS = 60.0

T = TypeVar("T")


async def read_body(request: web.Request, kind: type[T]) -> T:
    """The JSON body as `kind`. Raises `ApiError` 400, or 415 for another content type."""
    if request.content_type not in {"application/json", "application/octet-stream"}:
        raise ApiError("UnsupportedMediaType", f"the body is {request.content_type}, not application/json", 415)
    return decode(await read_bytes(request), kind, code="InvalidRequest", what="the body doesn't fit")


def page_size(request: web.Request) -> int:
    """`?limit=`, 50 without it, 200 at most. Raises `ApiError` 400."""
    text = request.query.get("limit", str(DEFAULT_PAGE))
    if not re.fullmatch(r"[0-9]{1,9}", text) or not 1 <= int(text) <= LARGEST_PAGE:
        raise ApiError("InvalidRequest", f"limit is {text!r}; it must be from 1 to {LARGEST_PAGE}")
    return int(text)


def flag(request: web.Request, name: str) -> bool:
    """A parameter of the query that is true or false, false without it. Raises `ApiError` 400."""
    text = request.query.get(name, "false")
    if text not in {"true", "false"}:
        raise ApiError("InvalidRequest", f"{name} is {text!r}; it must be true or false")
    return text == "true"


def waiting_seconds(request: web.Request) -> float:
    """`?wait=`: how long to wait for the end of an execution, 60 seconds at most. Raises `ApiError` 400."""
    text = request.query.get("wait", "0")
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds <= LONGEST_WAIT_SECONDS:
        raise ApiError("InvalidRequest", f"wait is {text!r}; it must be from 0 to {LONGEST_WAIT_SECONDS:g} seconds")
    return seconds


def json_response(content: object, status: int = 200, headers: dict[str, str] | None = None) -> web.Response:
    """A JSON answer."""
    return web.Response(
        body=msgspec.json.encode(content), status=status, content_type="application/json", headers=headers
    )
