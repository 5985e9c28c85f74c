"""Cross-origin requests of browsers."""

from collections.abc import Sequence

from aiohttp import hdrs, web
from aiohttp.typedefs import Handler, Middleware

ALLOWED_METHODS = "GET, POST, PUT, DELETE, OPTIONS"
EXPOSED_HEADERS = "Location, Retry-After, X-Request-Id, RateLimit-Limit, RateLimit-Remaining"
PREFLIGHT_SECONDS = "600"


def cors(origins: Sequence[str], *, credentials: bool) -> Middleware:
    """Answers preflight requests and marks answers for the origins that may read them."""

    @web.middleware
    async def share(request: web.Request, handler: Handler) -> web.StreamResponse:
        origin = request.headers.get(hdrs.ORIGIN)
        if origin is None or not ({"*", origin} & set(origins)):
            return await handler(request)
        if request.method == hdrs.METH_OPTIONS and hdrs.ACCESS_CONTROL_REQUEST_METHOD in request.headers:
            return web.Response(status=204, headers=_preflight(request) | _marks(origin))
        response = await handler(request)
        response.headers.update(_marks(origin))
        return response

    def _marks(origin: str) -> dict[str, str]:
        marks = {
            "Access-Control-Allow-Origin": origin,
            "Access-Control-Expose-Headers": EXPOSED_HEADERS,
            "Vary": "Origin",
        }
        return marks | ({"Access-Control-Allow-Credentials": "true"} if credentials else {})

    return share


def _preflight(request: web.Request) -> dict[str, str]:
    asked = request.headers.get(hdrs.ACCESS_CONTROL_REQUEST_HEADERS, "Authorization, Content-Type")
    return {
        "Access-Control-Allow-Methods": ALLOWED_METHODS,
        "Access-Control-Allow-Headers": asked,
        "Access-Control-Max-Age": PREFLIGHT_SECONDS,
    }
