"""One request through a load balancer: to a target and back, byte by byte, with an ALB's answers where that fails."""

import asyncio
import secrets
import time
from collections.abc import AsyncIterator, Mapping

import aiohttp
from aiohttp import web
from multidict import CIMultiDict
from yarl import URL

from sandbox.balancer.errors import error_response
from sandbox.balancer.targets import Target

_HOP_BY_HOP = frozenset(
    {"connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "te", "trailer", "transfer-encoding"}
    | {"upgrade", "expect", "proxy-connection"}
)


class _Body:
    """A request's body, which can be sent once: a second attempt fails rather than sends what is left of it.

    `stalled` is set when the client sent nothing for `patience` seconds.
    """

    def __init__(self, request: web.BaseRequest, patience: float) -> None:
        self.stalled = False
        self._request = request
        self._patience = patience
        self._sent = False

    def __aiter__(self) -> AsyncIterator[bytes]:
        if self._sent:
            raise aiohttp.ClientConnectionError("The body of this request is already on its way.")
        self._sent = True
        return self._chunks()

    async def _chunks(self) -> AsyncIterator[bytes]:
        if self._request.headers.get("Expect", "").lower() == "100-continue":
            await self._request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        while chunk := await self._next():
            yield chunk

    async def _next(self) -> bytes:
        try:
            async with asyncio.timeout(self._patience):
                return await self._request.content.readany()
        except TimeoutError:
            self.stalled = True
            raise


async def forward(request: web.BaseRequest, target: Target, *, port: int, idle_timeout: float) -> web.StreamResponse:
    """Send a request to a target and its answer back.

    502 where the target can't be reached or breaks off, 504 where it is silent for `idle_timeout` seconds, 408 where
    the client stops sending for as long. Requests without a body and of an idempotent method are sent again when a
    kept connection turns out closed; nothing else is ever sent twice.
    """
    body = _Body(request, idle_timeout) if request.can_read_body else None
    with target.serving():
        try:
            upstream = await target.session.request(
                request.method,
                URL(f"http://{target.address}:{target.port}{_target_path(request)}", encoded=True),
                headers=_request_headers(request, port),
                data=body,
                allow_redirects=False,
            )
        except (aiohttp.ClientError, OSError) as error:  # TimeoutError is an OSError
            if body is not None and body.stalled:
                return error_response(408)
            return error_response(504 if isinstance(error, TimeoutError) else 502)
        async with upstream:
            return await _answer(request, upstream, idle_timeout)


async def _answer(
    request: web.BaseRequest, upstream: aiohttp.ClientResponse, idle_timeout: float
) -> web.StreamResponse:
    """Pass an answer on; one that breaks off, or that the client doesn't take, ends with its connection."""
    response = web.StreamResponse(status=upstream.status, reason=upstream.reason, headers=_end_to_end(upstream.headers))
    await response.prepare(request)
    try:
        async for chunk in upstream.content.iter_any():
            async with asyncio.timeout(idle_timeout):
                await response.write(chunk)
        await response.write_eof()
    except (aiohttp.ClientError, OSError):
        if request.transport is not None:
            request.transport.abort()  # the only way to say that an answer is not whole
    return response


def _target_path(request: web.BaseRequest) -> str:
    """The request target in origin form."""
    if request.raw_path.startswith("/"):
        return request.raw_path
    return URL(request.raw_path, encoded=True).raw_path_qs or "/"


def _request_headers(request: web.BaseRequest, port: int) -> CIMultiDict[str]:
    """The client's headers with those that an ALB adds (ELB guide, "HTTP headers and Application Load Balancers")."""
    headers = _end_to_end(request.headers)
    headers["X-Forwarded-For"] = ", ".join([*headers.getall("X-Forwarded-For", []), request.remote or ""])
    headers["X-Forwarded-Proto"] = "http"
    headers["X-Forwarded-Port"] = str(port)
    headers["X-Amzn-Trace-Id"] = _trace(headers.get("X-Amzn-Trace-Id", ""))
    return headers


def _trace(given: str) -> str:
    """X-Amzn-Trace-Id: a Root of our own where there is none, else a Self beside it (ELB guide, "Request tracing")."""
    mine = f"1-{int(time.time()):08x}-{secrets.token_hex(12)}"
    fields = [field for field in given.split(";") if field and not field.startswith("Self=")]
    if not any(field.startswith("Root=") for field in fields):
        return ";".join([f"Root={mine}", *fields])
    return ";".join([f"Self={mine}", *fields])


def _end_to_end(headers: Mapping[str, str]) -> CIMultiDict[str]:
    named = {name.strip().lower() for name in headers.get("Connection", "").split(",")}
    return CIMultiDict((name, value) for name, value in headers.items() if name.lower() not in _HOP_BY_HOP | named)
