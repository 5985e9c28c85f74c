"""Errors of the API, answered in the form that the caller's protocol has for them."""

from http import HTTPStatus

import msgspec
from aiohttp import web

from engine.language import InvalidDefinition
from engine.language.diagnostics import Diagnostic, diagnose
from engine.runtime import errors

CODES_BY_STATUS = {
    HTTPStatus.NOT_FOUND: "NotFound",
    HTTPStatus.METHOD_NOT_ALLOWED: "MethodNotAllowed",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "RequestEntityTooLarge",
}
REST_STATUSES: dict[type[Exception], HTTPStatus] = {
    errors.StateMachineDoesNotExist: HTTPStatus.NOT_FOUND,
    errors.ExecutionDoesNotExist: HTTPStatus.NOT_FOUND,
    errors.AccessDeniedException: HTTPStatus.FORBIDDEN,
    errors.ActivityDoesNotExist: HTTPStatus.NOT_FOUND,
    errors.ResourceNotFound: HTTPStatus.NOT_FOUND,
    errors.ResourceNotFoundException: HTTPStatus.NOT_FOUND,
    errors.StateMachineAlreadyExists: HTTPStatus.CONFLICT,
    errors.StateMachineDeleting: HTTPStatus.CONFLICT,
    errors.ExecutionAlreadyExists: HTTPStatus.CONFLICT,
    errors.ConflictException: HTTPStatus.CONFLICT,
    errors.ActivityWorkerLimitExceeded: HTTPStatus.TOO_MANY_REQUESTS,
    errors.ExecutionLimitExceeded: HTTPStatus.TOO_MANY_REQUESTS,
    errors.Unavailable: HTTPStatus.SERVICE_UNAVAILABLE,
    errors.Overloaded: HTTPStatus.TOO_MANY_REQUESTS,
}
AWS_STATUSES: dict[type[Exception], HTTPStatus] = {
    errors.Unavailable: HTTPStatus.SERVICE_UNAVAILABLE,
    errors.ServiceQuotaExceededException: HTTPStatus.PAYMENT_REQUIRED,
}
AWS_CODES: dict[type[Exception], str] = {
    errors.Unavailable: "ServiceUnavailable",
    errors.Overloaded: "ThrottlingException",
}


class ApiError(Exception):
    """A request that is refused.

    `code` is an error name of the Step Functions API or of its common errors; `status` the HTTP status in REST v1 and,
    unless `aws_status` says otherwise, in the AWS protocol; `members` what the error has in that protocol beside its
    message.
    """

    def __init__(
        self,
        code: str,
        message: str,
        status: int = HTTPStatus.BAD_REQUEST,
        *,
        aws_status: int | None = None,
        headers: dict[str, str] | None = None,
        details: list[dict[str, str]] | None = None,
        members: dict[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = int(status)
        self.aws_status = int(status if aws_status is None else aws_status)
        self.headers = headers or {}
        self.details = details
        self.members = members or {}


def as_api_error(error: Exception) -> ApiError | None:
    """The API's form of an error that is the caller's or the moment's; None for one that is a fault of the engine."""
    match error:
        case ApiError():
            return error
        case InvalidDefinition():
            details = [msgspec.to_builtins(problem) for problem in error.problems]
            text = ", ".join(map(_problem_text, diagnose(error.problems)))
            return ApiError("InvalidDefinition", f"Invalid State Machine Definition: '{text}'", details=details)
        case errors.EngineError():
            retry_after = getattr(error, "retry_after_seconds", None)
            kind = type(error)
            return ApiError(
                AWS_CODES.get(kind, kind.__name__),
                str(error),
                REST_STATUSES.get(kind, HTTPStatus.BAD_REQUEST),
                aws_status=AWS_STATUSES.get(kind, HTTPStatus.BAD_REQUEST),
                headers={"Retry-After": str(retry_after)} if retry_after else None,
                members=_members(error),
            )
        case web.HTTPException(status=status) if status >= HTTPStatus.BAD_REQUEST:
            code = CODES_BY_STATUS.get(HTTPStatus(status), HTTPStatus(status).phrase.replace(" ", ""))
            allow = {"Allow": error.headers["Allow"]} if "Allow" in error.headers else None
            return ApiError(code, error.text or error.reason, status, headers=allow)
        case _:
            return None


def _problem_text(problem: Diagnostic) -> str:
    where = "" if problem.location is None else f" at {problem.location}"
    return f"{problem.code}: {problem.message}{where}"


def _members(error: errors.EngineError) -> dict[str, str]:
    match error:
        case errors.ResourceNotFound(resource_name=str(name)) | errors.TooManyTags(resource_name=str(name)):
            return {"resourceName": name}
        case errors.ValidationException(reason=str(reason)):
            return {"reason": reason}
    return {}


def aws_response(error: ApiError) -> web.Response:
    """The error as AWS JSON 1.0 protocols have it."""
    body = msgspec.json.encode({"__type": error.code, "message": error.message, **error.members})
    headers = {"x-amzn-ErrorType": error.code, **error.headers}
    return web.Response(body=body, status=error.aws_status, content_type="application/x-amz-json-1.0", headers=headers)


def problem_response(error: ApiError, request_id: str) -> web.Response:
    """The error as problem details (RFC 9457)."""
    problem: dict[str, object] = {
        "type": "about:blank",
        "title": HTTPStatus(error.status).phrase,
        "status": error.status,
        "detail": error.message,
        "code": error.code,
        "requestId": request_id,
    }
    if error.details:
        problem["errors"] = error.details
    return web.Response(
        body=msgspec.json.encode(problem),
        status=error.status,
        content_type="application/problem+json",
        headers=error.headers,
    )
