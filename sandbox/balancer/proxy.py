"""One request through a load balancer: to a target and back, byte by byte, with an ALB's answers where that fails."""

import secrets
import time
from collections.abc import AsyncIterator, Mapping

import aiohttp
from aiohttp import web
from multidict import CIMultiDict
from yarl import URL

from sandbox.balancer.targets import Target

_HOP_BY_HOP = frozenset(
    {"connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "te", "trailer", "transfer-encoding"}
    | {"upgrade", "expect", "proxy-connection"}
)
_REASONS = {
    502: "Bad Gateway",
    503: "Service Temporarily Unavailable",
    504: "Gateway Time-out",
}


class _Body:
    """A request's body, which can be sent once: a second attempt fails rather than sends what is left of it."""

    def __init__(self, request: web.BaseRequest) -> None:
        self._request = request
        self._sent = False

    def __aiter__(self) -> AsyncIterator[bytes]:
        if self._sent:
            raise aiohttp.ClientConnectionError("The body of this request is already on its way.")
        self._sent = True
        return self._chunks()

    async def _chunks(self) -> AsyncIterator[bytes]:
        if self._request.headers.get("Expect", "").lower() == "100-continue":
            await self._request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        async for chunk in self._request.content.iter_any():
            yield chunk


async def forward(request: web.BaseRequest, target: Target, *, port: int) -> web.StreamResponse:
    """Send a request to a target; 502 where it can't be reached or breaks off, 504 where it is too slow.

    Requests without a body and of an idempotent method are sent again when a kept connection turns out closed;
    nothing else is ever sent twice.
    """
    with target.serving():
        try:
            upstream = await target.session.request(
                request.method,
                URL(f"http://{target.address}:{target.port}{_target_path(request)}", encoded=True),
                headers=_request_headers(request, port),
                data=_Body(request) if request.can_read_body else None,
                allow_redirects=False,
            )
        except TimeoutError:
            return error_response(504)
        except (aiohttp.ClientError, OSError):
            return error_response(502)
        async with upstream:
            return await _answer(request, upstream)


async def _answer(request: web.BaseRequest, upstream: aiohttp.ClientResponse) -> web.StreamResponse:
    response = web.StreamResponse(status=upstream.status, reason=upstream.reason, headers=_end_to_end(upstream.headers))
    await response.prepare(request)
    try:
        async for chunk in upstream.content.iter_any():
            await response.write(chunk)
        await response.write_eof()
    except (aiohttp.ClientError, TimeoutError, OSError):
        if request.transport is not None:
            request.transport.abort()  # the only way to say that an answer is not whole
    return response


def error_response(status: int) -> web.Response:
    """The balancer's own answer when there is none from a target."""
    title = f"{status} {_REASONS[status]}"
    page = f"<html><head><title>{title}</title></head><body><center><h1>{title}</h1></center></body></html>\r\n"
    return web.Response(status=status, text=page, content_type="text/html", headers={"Server": "awselb/2.0"})


def _target_path(request: web.BaseRequest) -> str:
    """The request target in origin form."""
    if request.raw_path.startswith("/"):
        return request.raw_path
    return URL(request.raw_path, encoded=True).raw_path_qs or "/"


def _request_headers(request: web.BaseRequest, port: int) -> CIMultiDict[str]:
    """The client's headers with those that an ALB adds (ELB guide, "HTTP headers and Application Load Balancers")."""
    headers = _end_to_end(request.headers)
    earlier = headers.get("X-Forwarded-For")
    client = request.remote or ""
    headers["X-Forwarded-For"] = f"{earlier}, {client}" if earlier else client
    headers["X-Forwarded-Proto"] = "http"
    headers["X-Forwarded-Port"] = str(port)
    if "X-Amzn-Trace-Id" not in headers:
        headers["X-Amzn-Trace-Id"] = f"Root=1-{int(time.time()):08x}-{secrets.token_hex(12)}"
    return headers


def _end_to_end(headers: Mapping[str, str]) -> CIMultiDict[str]:
    named = {name.strip().lower() for name in headers.get("Connection", "").split(",")}
    return CIMultiDict((name, value) for name, value in headers.items() if name.lower() not in _HOP_BY_HOP | named)
