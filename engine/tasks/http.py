"""Calls HTTP endpoints for Task states: the resource `arn:aws:states:::http:invoke`, or `http:invoke` for short.

Parameters and results have the shapes of the Step Functions developer guide, "Call HTTPS APIs in workflows".
"""

import asyncio
from typing import Literal
from urllib.parse import urlsplit

import aiohttp
import msgspec

from engine.runtime.tasks import TaskError, TaskRequest
from engine.tasks.addresses import ForbiddenAddressError, socket_factory

RESOURCE = "http:invoke"
TIMEOUT_SECONDS = 60.0
LARGEST_RESPONSE_BYTES = 262_144
MOST_REDIRECTS = 5
OK_STATUSES = range(200, 300)

QueryValue = str | int | float | bool | list[str | int | float | bool]


class Parameters(msgspec.Struct, frozen=True, rename="pascal", forbid_unknown_fields=True):
    """A task's `Parameters` or `Arguments`."""

    api_endpoint: str
    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"]
    headers: dict[str, str | list[str]] = {}
    query_parameters: dict[str, QueryValue] = {}
    request_body: object = msgspec.UNSET


class HttpTask:
    """Runs HTTP tasks over one pool of connections.

    Refuses addresses that `engine.tasks.addresses` forbids. Each request carries `Idempotency-Key`, the same for all
    attempts of one visit to a state, unless the definition sets that header.
    """

    def __init__(self, *, allow_loopback: bool = False, timeout_seconds: float = TIMEOUT_SECONDS) -> None:
        self._allow_loopback = allow_loopback
        self._timeout = aiohttp.ClientTimeout(total=timeout_seconds)
        self._session: aiohttp.ClientSession | None = None

    async def run(self, request: TaskRequest) -> object:
        """The answer as {StatusCode, StatusText, Headers, ResponseBody}.

        Raises `TaskError` "States.Http.StatusCode.N" for answers outside 2xx, "States.Http.Socket" for a connection
        that failed or took too long, "ForbiddenAddress", and "InvalidInput" for parameters that don't fit.
        """
        parameters = _parameters(request)
        try:
            return await self._call(parameters, _headers(parameters, request.idempotency_key))
        except aiohttp.ClientConnectorError as error:
            if isinstance(error.os_error, ForbiddenAddressError):
                raise TaskError("ForbiddenAddress", str(error.os_error)) from error
            raise TaskError("States.Http.Socket", str(error)) from error
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            reason = f"no answer within {self._timeout.total:g} seconds" if isinstance(error, TimeoutError) else error
            raise TaskError("States.Http.Socket", f"{parameters.api_endpoint}: {reason}") from error

    async def close(self) -> None:
        """Close the pool."""
        if self._session is not None:
            await self._session.close()

    async def _call(self, parameters: Parameters, headers: list[tuple[str, str]]) -> object:
        async with self._open_session().request(
            parameters.method,
            parameters.api_endpoint,
            headers=headers,
            params=_query(parameters),
            data=_body(parameters),
            max_redirects=MOST_REDIRECTS,
        ) as response:
            answer = {
                "StatusCode": response.status,
                "StatusText": response.reason or "",
                "Headers": {name: response.headers.getall(name) for name in response.headers},
                "ResponseBody": await _read(response),
            }
        if response.status not in OK_STATUSES:
            cause = msgspec.json.encode(answer).decode()
            raise TaskError(f"States.Http.StatusCode.{response.status}", cause)
        return answer

    def _open_session(self) -> aiohttp.ClientSession:
        if self._session is None:
            connector = aiohttp.TCPConnector(
                limit=0, socket_factory=socket_factory(allow_loopback=self._allow_loopback)
            )
            self._session = aiohttp.ClientSession(
                connector=connector, timeout=self._timeout, cookie_jar=aiohttp.DummyCookieJar()
            )
        return self._session


def _parameters(request: TaskRequest) -> Parameters:
    try:
        parameters = msgspec.convert(request.input, Parameters)
    except msgspec.ValidationError as error:
        raise TaskError("InvalidInput", f"parameters of {RESOURCE}: {error}") from error
    if urlsplit(parameters.api_endpoint).scheme not in {"http", "https"}:
        raise TaskError("InvalidInput", f"ApiEndpoint {parameters.api_endpoint!r} is not an http or https URL")
    return parameters


def _headers(parameters: Parameters, idempotency_key: str) -> list[tuple[str, str]]:
    headers = {"Idempotency-Key": idempotency_key, "User-Agent": "workflow-engine"}
    if parameters.request_body is not msgspec.UNSET and not isinstance(parameters.request_body, str):
        headers["Content-Type"] = "application/json"
    given = {name.lower() for name in parameters.headers}
    defaults = [(name, value) for name, value in headers.items() if name.lower() not in given]
    return defaults + [
        (name, value)
        for name, values in parameters.headers.items()
        for value in (values if isinstance(values, list) else [values])
    ]


def _query(parameters: Parameters) -> list[tuple[str, str]]:
    return [
        (name, value if isinstance(value, str) else msgspec.json.encode(value).decode())
        for name, values in parameters.query_parameters.items()
        for value in (values if isinstance(values, list) else [values])
    ]


def _body(parameters: Parameters) -> bytes | None:
    body = parameters.request_body
    if body is msgspec.UNSET:
        return None
    return body.encode() if isinstance(body, str) else msgspec.json.encode(body)


async def _read(response: aiohttp.ClientResponse) -> object:
    """The body: JSON where it says so, else text."""
    try:
        content = await response.content.readexactly(LARGEST_RESPONSE_BYTES + 1)
    except asyncio.IncompleteReadError as end:
        content = end.partial
    if len(content) > LARGEST_RESPONSE_BYTES:
        raise TaskError("States.DataLimitExceeded", f"the answer is longer than {LARGEST_RESPONSE_BYTES} bytes")
    if "json" in response.content_type and content:
        return msgspec.json.decode(content)
    return content.decode(response.get_encoding(), errors="replace")
