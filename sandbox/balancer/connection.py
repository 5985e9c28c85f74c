"""Clients' connections to a load balancer: aiohttp's, but what isn't HTTP gets an ALB's answer."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

from sandbox.balancer.errors import LONGEST_LINE, error_response

Handler = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]
logger = logging.getLogger(__name__)


class ConnectionServer(web.Server):
    """Makes a listener's connections; one without a request for `idle_timeout` seconds is closed."""

    def __init__(self, handler: Handler, *, idle_timeout: float) -> None:
        super().__init__(handler, handler_cancellation=True)
        self._idle_timeout = idle_timeout

    def __call__(self) -> web.RequestHandler:
        """Make the protocol of a new connection."""
        return _Connection(
            self,
            loop=asyncio.get_running_loop(),
            keepalive_timeout=self._idle_timeout,
            auto_decompress=False,
            max_line_size=LONGEST_LINE,
            max_field_size=LONGEST_LINE,
        )


class _Connection(web.RequestHandler):
    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """400 for what can't be parsed, with nothing of it repeated; 500, and a log entry, for a fault of our own."""
        if not isinstance(exc, HttpProcessingError):
            logger.error("A request to %s failed in the load balancer: %s", request.raw_path, message, exc_info=exc)
        if request.writer.output_size > 0:
            raise ConnectionError("The answer has begun and can't be replaced.")
        response = error_response(400 if isinstance(exc, HttpProcessingError) else status)
        response.force_close()
        return response
