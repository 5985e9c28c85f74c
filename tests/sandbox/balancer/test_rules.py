from collections.abc import Mapping

import pytest
from aiohttp.test_utils import make_mocked_request

from sandbox.balancer.rules import meets_all, redirect_location

REQUEST = make_mocked_request(
    "GET", "/api/v1/orders?kind=new&flag", headers={"Host": "Shop.example.com:8080", "X-Team": "blue-1"}
)


@pytest.mark.parametrize(
    ("condition", "met"),
    [
        ({"Field": "path-pattern", "Values": ["/api/*"]}, True),
        ({"Field": "path-pattern", "PathPatternConfig": {"Values": ["/x", "/api/v?/orders"]}}, True),
        ({"Field": "path-pattern", "Values": ["/api"]}, False),
        ({"Field": "path-pattern", "Values": ["/API/*"]}, False),
        ({"Field": "host-header", "HostHeaderConfig": {"Values": ["*.EXAMPLE.com"]}}, True),
        ({"Field": "host-header", "Values": ["example.com"]}, False),
        ({"Field": "http-request-method", "HttpRequestMethodConfig": {"Values": ["GET", "HEAD"]}}, True),
        ({"Field": "http-request-method", "HttpRequestMethodConfig": {"Values": ["POST"]}}, False),
        ({"Field": "http-header", "HttpHeaderConfig": {"HttpHeaderName": "x-team", "Values": ["blue-*"]}}, True),
        ({"Field": "http-header", "HttpHeaderConfig": {"HttpHeaderName": "x-other", "Values": ["*"]}}, False),
        ({"Field": "query-string", "QueryStringConfig": {"Values": [{"Key": "kind", "Value": "n*"}]}}, True),
        ({"Field": "query-string", "QueryStringConfig": {"Values": [{"Value": "old"}]}}, False),
        ({"Field": "path-pattern", "Values": ["/api/[v]1/orders"]}, False),
        ({"Field": "unheard-of", "Values": ["*"]}, False),
    ],
)
def test_conditions(condition: Mapping[str, object], met: object) -> None:
    assert meets_all([condition], REQUEST) is met


def test_all_conditions_of_a_rule_must_be_met() -> None:
    path = {"Field": "path-pattern", "Values": ["/api/*"]}
    host = {"Field": "host-header", "Values": ["other.example.com"]}
    assert meets_all([], REQUEST)
    assert not meets_all([path, host], REQUEST)


@pytest.mark.parametrize(
    ("configuration", "location"),
    [
        (
            {"Protocol": "HTTPS", "Port": "443", "StatusCode": "HTTP_301"},
            "https://Shop.example.com/api/v1/orders?kind=new&flag",
        ),
        (
            {"Host": "www.#{host}", "Path": "/new/#{path}", "Query": "a=b"},
            "http://www.Shop.example.com:8080/new/api/v1/orders?a=b",
        ),
        ({"Port": "80", "Path": "/"}, "http://Shop.example.com/?kind=new&flag"),
    ],
)
def test_redirects(configuration: Mapping[str, str], location: str) -> None:
    assert redirect_location(configuration, REQUEST, protocol="HTTP", port=8080) == location
