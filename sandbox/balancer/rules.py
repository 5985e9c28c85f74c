"""Listener rules: which one a request meets (API pages RuleCondition and RedirectActionConfig)."""

import fnmatch
import ipaddress
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from urllib.parse import parse_qsl, urlsplit

from aiohttp import web

Condition = Mapping[str, object]


def meets_all(conditions: Iterable[Condition], request: web.BaseRequest) -> bool:
    """Whether a request meets every condition of a rule."""
    return all(_meets(condition, request) for condition in conditions)


def redirect_location(configuration: Mapping[str, str], request: web.BaseRequest, *, protocol: str, port: int) -> str:
    """Where a redirect action leads, its `#{...}` filled in from the request."""
    parts = urlsplit(request.raw_path)
    own = {
        "protocol": protocol.lower(),
        "host": request.host.partition(":")[0],
        "port": str(port),
        "path": parts.path.lstrip("/"),
        "query": parts.query,
    }

    def fill(name: str, default: str) -> str:
        return re.sub(r"#\{(\w+)\}", lambda match: own.get(match[1], match[0]), configuration.get(name) or default)

    scheme, target_port = fill("Protocol", "#{protocol}").lower(), fill("Port", "#{port}")
    usual = {"http": "80", "https": "443"}.get(scheme)
    host = fill("Host", "#{host}") + ("" if target_port == usual else f":{target_port}")
    query = fill("Query", "#{query}")
    return f"{scheme}://{host}{fill('Path', '/#{path}')}" + (f"?{query}" if query else "")


def _meets(condition: Condition, request: web.BaseRequest) -> bool:
    values = _values(condition)
    host = request.host.partition(":")[0].lower()
    tests: dict[str, Callable[[], bool]] = {
        "path-pattern": lambda: _any_like(values, urlsplit(request.raw_path).path),
        "host-header": lambda: _any_like((value.lower() for value in values), host),
        "http-request-method": lambda: request.method in values,
        "http-header": lambda: _meets_header(condition, values, request),
        "query-string": lambda: _meets_query(_configuration(condition).get("Values"), request),
        "source-ip": lambda: any(_within(request.remote, network) for network in values),
    }
    test = tests.get(str(condition.get("Field")))
    return test is not None and test()


def _meets_header(condition: Condition, values: Sequence[str], request: web.BaseRequest) -> bool:
    name = str(_configuration(condition).get("HttpHeaderName", ""))
    return any(_any_like(values, sent) for sent in request.headers.getall(name, []))


def _within(address: str | None, network: str) -> bool:
    return address is not None and ipaddress.ip_address(address) in ipaddress.ip_network(network)


def _meets_query(wanted: object, request: web.BaseRequest) -> bool:
    sent = parse_qsl(urlsplit(request.raw_path).query, keep_blank_values=True)
    pairs = [pair for pair in wanted if isinstance(pair, Mapping)] if isinstance(wanted, Sequence) else []
    return any(
        _like(str(pair["Value"]), value) and ("Key" not in pair or _like(str(pair["Key"]), key))
        for pair in pairs
        for key, value in sent
    )


def _configuration(condition: Condition) -> Mapping[str, object]:
    """The part named after the field, as HttpHeaderConfig."""
    found = [value for name, value in condition.items() if name.endswith("Config") and isinstance(value, Mapping)]
    return found[0] if found else {}


def _values(condition: Condition) -> list[str]:
    values = condition.get("Values") or _configuration(condition).get("Values") or []
    return [str(value) for value in values] if isinstance(values, Sequence) else []


def _any_like(patterns: Iterable[str], text: str) -> bool:
    return any(_like(pattern, text) for pattern in patterns)


def _like(pattern: str, text: str) -> bool:
    """`*` and `?` are wildcards, brackets are not."""
    return fnmatch.fnmatchcase(text, pattern.replace("[", "[[]"))
