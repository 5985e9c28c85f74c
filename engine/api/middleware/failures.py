"""Turns every error of a request into an answer in its protocol's form."""

import structlog
from aiohttp import web
from aiohttp.typedefs import Handler

from engine.api.errors import ApiError, as_api_error, aws_response, problem_response
from engine.api.keys import CORRELATION
from engine.api.scheduler.protocol import error_response as scheduler_response
from engine.api.scheduler.protocol import is_scheduler_path

log = structlog.get_logger(source=__name__)


@web.middleware
async def failures(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer errors that have a meaning as what they mean, and all others as 500 with a log entry."""
    try:
        return await handler(request)
    except Exception as error:
        refusal = as_api_error(error)
        if refusal is None:
            if isinstance(error, web.HTTPException):
                raise
            log.exception("request failed", method=request.method, path=request.path)
            refusal = ApiError("InternalFailure", "the engine failed to answer; its log says why", 500)
        # The traceback has this frame, and who has the error is in it: a cycle that would keep the request's body.
        error.__traceback__ = None
    if is_scheduler_path(request.path):
        return scheduler_response(refusal)
    if speaks_aws(request):
        return aws_response(refusal)
    return problem_response(refusal, request[CORRELATION].request_id)


def speaks_aws(request: web.Request) -> bool:
    """Whether a request is of the Step Functions protocol."""
    return "X-Amz-Target" in request.headers or (request.path == "/" and request.method == "POST")
