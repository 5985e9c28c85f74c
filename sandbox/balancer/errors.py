"""What a load balancer answers by itself.

Source: Elastic Load Balancing guide, "Troubleshoot your Application Load Balancers" and "Quotas for your Application
Load Balancers".
"""

from aiohttp import web

LONGEST_LINE = 16 * 1024
"""Bytes of a request line or of one header."""
_LONGEST_HEAD = 64 * 1024
_MOST_ADDRESSES = 30
_SEPARATORS = len(": \r\n")
_REASONS = {
    400: "Bad Request",
    405: "Method Not Allowed",
    408: "Request Timeout",
    463: "",
    500: "Internal Server Error",
    502: "Bad Gateway",
    503: "Service Temporarily Unavailable",
    504: "Gateway Time-out",
}


def error_response(status: int) -> web.Response:
    """The balancer's own answer when there is none from a target."""
    title = f"{status} {_REASONS[status]}".strip()
    page = f"<html><head><title>{title}</title></head><body><center><h1>{title}</h1></center></body></html>\r\n"
    headers = {"Server": "awselb/2.0"}
    return web.Response(status=status, reason=_REASONS[status], text=page, content_type="text/html", headers=headers)


def refusal(request: web.BaseRequest) -> int | None:
    """The status with which a request is refused before any rule is looked at; None where it is not."""
    if request.method == "TRACE":
        return 405
    if request.method == "CONNECT" or request.raw_path == "*":
        return 400
    if sum(len(name) + len(value) + _SEPARATORS for name, value in request.raw_headers) > _LONGEST_HEAD:
        return 400
    forwarded = ",".join(request.headers.getall("X-Forwarded-For", []))
    return 463 if forwarded.count(",") >= _MOST_ADDRESSES else None
