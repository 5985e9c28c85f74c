"""The outermost middleware: request ids, access log, metrics, and the end of connections while the process stops."""

import logging
import re
import time
import uuid
from contextlib import nullcontext
from functools import cache

import structlog
from aiohttp import web
from aiohttp.typedefs import Handler, Middleware
from structlog.typing import FilteringBoundLogger

from engine.api.health import PROBE_PATHS
from engine.api.keys import CORRELATION, DRAIN, IDENTITY, Correlation
from engine.observability.metrics import Metrics

REQUEST_ID = re.compile(r"[A-Za-z0-9._:/=-]{1,128}")

log = structlog.get_logger(source=__name__)


def tracking(metrics: Metrics) -> Middleware:
    """Gives each request an id, logs and measures it, and closes its connection while the process stops.

    Logs as it is configured when the first request comes: to bind a logger for each takes longer than to write.
    """

    @cache
    def requests() -> FilteringBoundLogger:
        logger: FilteringBoundLogger = log.bind()
        return logger

    @web.middleware
    async def track(request: web.Request, handler: Handler) -> web.StreamResponse:
        given = request.headers.get("X-Request-Id", "")
        correlation = Correlation(given if REQUEST_ID.fullmatch(given) else str(uuid.uuid4()), _route(request))
        request[CORRELATION] = correlation
        drain = request.app[DRAIN]
        started = time.perf_counter()
        counted = nullcontext() if request.path in PROBE_PATHS else drain.counted()
        bound = structlog.contextvars.bind_contextvars(correlationId=correlation.request_id)
        try:
            with counted:
                response = await handler(request)
                seconds = time.perf_counter() - started
                metrics.request(request.method, correlation.route, response.status, seconds)
                _log(requests(), request, response, seconds)
        finally:
            structlog.contextvars.reset_contextvars(**bound)
        response.headers.setdefault("X-Request-Id", correlation.request_id)
        response.headers.setdefault("x-amzn-RequestId", correlation.request_id)
        if drain.started.is_set():
            response.force_close()
        return response

    return track


def _route(request: web.Request) -> str:
    resource = request.match_info.route.resource
    return resource.canonical if resource else "unknown"


def _log(requests: FilteringBoundLogger, request: web.Request, response: web.StreamResponse, seconds: float) -> None:
    identity = request.get(IDENTITY)
    requests.log(
        logging.DEBUG if request.path in PROBE_PATHS else logging.INFO,
        "request",
        method=request.method,
        path=request.path,
        status=response.status,
        milliseconds=round(seconds * 1000, 1),
        organizationId=identity.organization if identity else None,
    )
