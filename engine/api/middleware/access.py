"""Who may come in, and how often."""

from http import HTTPStatus

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from engine.api.auth.authenticator import Authenticator
from engine.api.errors import ApiError
from engine.api.health import PROBE_PATHS
from engine.api.keys import IDENTITY
from engine.api.rate_limit import RateLimiter
from engine.api.rest import openapi

PUBLIC_PATHS = PROBE_PATHS | {openapi.PATH}


def access(authenticator: Authenticator, limiter: RateLimiter | None) -> Middleware:
    """Lets requests in that are public, or whose sender is known and within its rate limit."""

    @web.middleware
    async def check(request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.path in PUBLIC_PATHS:
            return await handler(request)
        identity = await authenticator.identify(request)
        request[IDENTITY] = identity
        if limiter is None:
            return await handler(request)
        use = await limiter.count(identity.organization)
        if use.retry_after_seconds:
            message = (
                f"the organization {identity.organization!r} may send {use.limit} requests in {use.window_seconds:g} s"
            )
            status = HTTPStatus.TOO_MANY_REQUESTS
            headers = use.headers | {"Retry-After": str(use.retry_after_seconds)}
            raise ApiError("ThrottlingException", message, status, aws_status=HTTPStatus.BAD_REQUEST, headers=headers)
        response = await handler(request)
        if not response.prepared:
            response.headers.update(use.headers)
        return response

    return check
