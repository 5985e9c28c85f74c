"""Requests that no honest client sends: each gets the documented error, and never a 500."""

import base64
import gzip
import hashlib
import hmac
import http.client
import json
import logging
import socket
import time
from collections.abc import Iterator, Mapping
from contextlib import closing
from urllib.parse import urlsplit

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from engine.api.auth.bearer import sign_token
from tests.engine.api.live import JWT_SECRET, LiveEngine
from tests.support.postgres import ADMIN, ADMIN_PASSWORD, Databases

KEY, KEY_SECRET = "AKIDACME", "only-acme-knows-this"
KEYS = json.dumps([{"accessKeyId": KEY, "secretAccessKey": KEY_SECRET, "organization": "acme"}])
PASS = '{"StartAt": "A", "States": {"A": {"Type": "Pass", "End": true}}}'
DEEP = 50_000
DEFINITIONS, INSTANCES = "/api/v1/workflow-definitions", "/api/v1/workflow-instances"

Headers = Mapping[str, str | bytes]


@pytest.fixture(scope="module")
def engine(databases: Databases) -> Iterator[LiveEngine]:
    """An engine on PostgreSQL, which is the strictest about texts, that needs keys."""
    with databases.migrated() as url:
        host, name = url.rpartition("@")[2].split("/")
        with LiveEngine(
            WORKFLOW_DB_HOST=host,
            WORKFLOW_DB_NAME=name,
            WORKFLOW_DB_USER=ADMIN,
            WORKFLOW_DB_PASSWORD=ADMIN_PASSWORD,
            AUTHENTICATION="required",
            JWT_SECRET=JWT_SECRET,
            API_ACCESS_KEYS=KEYS,
        ) as running:
            aws(running, "CreateStateMachine", {"name": "m", "definition": PASS, "roleArn": "arn:aws:iam::1:role/x"})
            yield running


def send(base: str, method: str, path: str, body: bytes = b"", headers: Headers | None = None) -> tuple[int, str]:
    """Send bytes as they are, and give the answer's status and its error's code."""
    given = {"Content-Length": str(len(body)), **(headers or {})}
    with closing(http.client.HTTPConnection(base.removeprefix("http://"), timeout=10)) as connection:
        connection.putrequest(method, path, skip_accept_encoding=True, skip_host="Host" in given)
        for name, value in given.items():
            connection.putheader(name, value)
        connection.endheaders(body)
        response = connection.getresponse()
        text = response.read().decode()
    assert "Traceback" not in text
    answer = json.loads(text) if "json" in response.headers.get("Content-Type", "") else {}
    return response.status, str(answer.get("__type") or answer.get("code"))


def bearer(organization: str = "acme") -> str:
    return "Bearer " + sign_token(JWT_SECRET, organization=organization, subject="ada", lifetime_seconds=60)


def aws(
    engine: LiveEngine, operation: str, body: object, organization: str = "acme", **headers: str
) -> tuple[int, str]:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    own = {"X-Amz-Target": f"AWSStepFunctions.{operation}", "Authorization": bearer(organization)}
    return send(engine.api, "POST", "/", data, own | headers)


def rest(engine: LiveEngine, method: str, path: str, body: bytes = b"", **headers: str) -> tuple[int, str]:
    own = {"Content-Type": "application/json", "Authorization": bearer()}
    return send(engine.api, method, path, body, own | headers)


def machine(engine: LiveEngine, name: str) -> str:
    """The ARN of one of the organization's state machines, of which there need not be one."""
    client = engine.client(KEY, KEY_SECRET)
    return client.list_state_machines()["stateMachines"][0]["stateMachineArn"].rpartition(":")[0] + f":{name}"


@pytest.mark.parametrize(
    "body",
    [b"", b"\xff", b"[]", b"{", b'{"input":' * DEEP, b"[" * DEEP, b'{"input": 1e999}'],
    ids=lambda body: body[:9],
)
def test_bodies_that_are_no_requests(engine: LiveEngine, body: bytes) -> None:
    assert rest(engine, "POST", INSTANCES, body) == (400, "InvalidRequest")
    if body:
        assert aws(engine, "StartExecution", body)[0] == 400


def test_bodies_that_are_not_what_their_headers_say(engine: LiveEngine) -> None:
    zipped = {"Content-Encoding": "gzip"}
    assert aws(engine, "ListStateMachines", b"no gzip", **zipped) == (400, "InvalidRequest")
    assert aws(engine, "ListStateMachines", gzip.compress(b"{}"), **zipped)[0] == 200
    bomb = gzip.compress(b'{"a": "' + b"a" * 30_000_000 + b'"}')
    assert rest(engine, "POST", INSTANCES, bomb, **zipped) == (413, "RequestEntityTooLarge")


def test_a_length_that_is_too_large_is_refused_before_the_body_comes(engine: LiveEngine) -> None:
    assert rest(engine, "POST", INSTANCES, b"{}", **{"Content-Length": "999999999999"}) == (
        413,
        "RequestEntityTooLarge",
    )


def test_a_body_that_breaks_off_is_no_fault(engine: LiveEngine, caplog: pytest.LogCaptureFixture) -> None:
    address = urlsplit(engine.api)
    with socket.create_connection((address.hostname or "", address.port or 0)) as client:
        head = f"POST {INSTANCES} HTTP/1.1\r\nHost: x\r\nAuthorization: {bearer()}\r\nContent-Length: 9\r\n\r\n{{"
        client.sendall(head.encode())
    assert rest(engine, "GET", INSTANCES)[0] == 200
    assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []


@pytest.mark.parametrize("name", ["\0", "a\0b", "\u202e\x7f", "a/b", "<script>", "a" * 200])
def test_names_that_nothing_can_have(engine: LiveEngine, name: str) -> None:
    arn = machine(engine, name)
    assert aws(engine, "DescribeStateMachine", {"stateMachineArn": arn})[0] == 400
    assert aws(engine, "StartExecution", {"stateMachineArn": arn})[0] == 400
    assert aws(engine, "ListExecutions", {"stateMachineArn": arn})[0] == 400
    execution = arn.replace(":stateMachine:", ":execution:m:")
    for operation in ("DescribeExecution", "GetExecutionHistory", "StopExecution"):
        assert aws(engine, operation, {"executionArn": execution})[0] == 400
    created = {"name": name, "definition": PASS, "roleArn": "arn:aws:iam::1:role/x"}
    assert aws(engine, "CreateStateMachine", created)[0] == 400


@pytest.mark.parametrize("path", ["%00", "m:%00", "%ff", "..%2f..%2fetc%2fpasswd", "m:x:y", "%F0%9F%98%80"])
def test_paths_that_lead_nowhere(engine: LiveEngine, path: str) -> None:
    for base in (DEFINITIONS, INSTANCES):
        assert rest(engine, "GET", f"{base}/{path}")[0] in {400, 404}
    for page in ("executions", "definitions"):
        assert send(engine.management, "GET", f"/ui/{page}/{path}")[0] in {400, 404}


def test_pages_do_not_leave_their_folder(engine: LiveEngine) -> None:
    for path in ("/ui/../../etc/passwd", "/ui/%2e%2e/pages.py", "/ui/templates/base.html", "/ui/style.css/../pages.py"):
        assert send(engine.management, "GET", path)[0] == 404


@pytest.mark.parametrize("query", ["limit=" + "9" * 5000, "limit=0", "limit=%D9%A3", "after=%00"])
def test_queries_that_ask_for_nothing(engine: LiveEngine, query: str) -> None:
    for base in (DEFINITIONS, INSTANCES):
        assert rest(engine, "GET", f"{base}?{query}")[0] == 400
    assert send(engine.management, "GET", f"/ui/definitions?{query}")[0] == 400


def test_organizations_that_there_cannot_be(engine: LiveEngine) -> None:
    for organization in ("%00", "%ff%20", "a" * 300):
        path = f"/ui/executions?organization={organization}"
        assert send(engine.management, "GET", path) == (400, "InvalidRequest")


@pytest.mark.parametrize("token", ["9" * 10, "9" * 20, "-1", "1_0", "\u0663", "\0", "x"])
def test_tokens_that_continue_nothing(engine: LiveEngine, token: str) -> None:
    arn = machine(engine, "m")
    aws(engine, "StartExecution", {"stateMachineArn": arn, "name": "one"})
    execution = arn.replace(":stateMachine:", ":execution:") + ":one"
    assert aws(engine, "GetExecutionHistory", {"executionArn": execution, "nextToken": token}) == (400, "InvalidToken")
    assert aws(engine, "ListExecutions", {"stateMachineArn": arn, "nextToken": token})[0] == 400


def test_inputs_nested_too_deeply(engine: LiveEngine) -> None:
    deep = {"stateMachineArn": machine(engine, "m"), "input": "[" * DEEP + "]" * DEEP}
    assert aws(engine, "StartExecution", deep) == (400, "InvalidExecutionInput")


def test_texts_that_no_database_stores(engine: LiveEngine) -> None:
    role = {"roleArn": "arn:\0"}
    assert aws(engine, "CreateStateMachine", {"name": "n", "definition": PASS} | role) == (400, "InvalidArn")
    assert aws(engine, "UpdateStateMachine", {"stateMachineArn": machine(engine, "m")} | role) == (400, "InvalidArn")
    described = json.dumps({"id": "d", "definition": json.loads(PASS), "description": "a\0"}).encode()
    assert rest(engine, "POST", DEFINITIONS, described) == (400, "InvalidRequest")


def token(claims: bytes, header: bytes = b'{"alg": "HS256"}', secret: str = JWT_SECRET) -> bytes:
    def encode(data: bytes) -> bytes:
        return base64.urlsafe_b64encode(data).rstrip(b"=")

    signed = encode(header) + b"." + encode(claims)
    return b"Bearer " + signed + b"." + encode(hmac.digest(secret.encode(), signed, hashlib.sha256))


SOON = str(int(time.time()) + 3600).encode()


@pytest.mark.parametrize(
    "credential",
    [
        token(b'{"sub": "a", "exp": ' + SOON + b"}", b'{"alg": "none"}'),
        token(b'{"sub": "a", "exp": ' + SOON + b"}", secret="somebody else's secret, 32 letters"),
        token(b'{"sub": "a", "exp": 1}'),
        token(b'{"sub": "a", "exp": Infinity}'),
        token(b'{"sub": "a", "exp": 1e400}'),
        token(b'{"sub": "a", "exp": [1]}'),
        token(b'{"sub": "a", "exp": ' + SOON + b', "org": "a\\u0000"}'),
        token(b'{"sub": "a", "exp": ' + SOON + b', "org": "\\ud800"}'),
        token(b'{"sub": "a", "exp": ' + SOON + b', "org": ""}'),
        token(b"[" * 900 + b"]" * 900),
        b"Bearer \xff\xfe\x80",
        b"Bearer ...",
    ],
)
def test_tokens_that_prove_nothing(engine: LiveEngine, credential: bytes) -> None:
    assert send(engine.api, "GET", DEFINITIONS, headers={"Authorization": credential})[0] == 401


def test_an_expiry_may_be_text(engine: LiveEngine) -> None:
    written = token(b'{"sub": "a", "exp": "' + SOON + b'"}')
    assert send(engine.api, "GET", DEFINITIONS, headers={"Authorization": written})[0] == 200


def signed(engine: LiveEngine, body: bytes, operation: str, **headers: str) -> dict[str, str]:
    own = {"Host": engine.api.removeprefix("http://"), "X-Amz-Target": f"AWSStepFunctions.{operation}"}
    request = AWSRequest("POST", f"{engine.api}/", data=body, headers=own | headers)
    SigV4Auth(Credentials(KEY, KEY_SECRET), "states", "us-east-1").add_auth(request)
    return dict(request.headers)


def test_a_signature_counts_for_what_was_signed_alone(engine: LiveEngine) -> None:
    headers = signed(engine, b"{}", "ListStateMachines")
    wrong = (403, "InvalidSignatureException")
    assert send(engine.api, "POST", "/", b"{}", headers)[0] == 200
    assert send(engine.api, "POST", "/", b'{"maxResults": 1}', headers) == wrong
    other = headers | {"X-Amz-Target": "AWSStepFunctions.ListActivities"}
    assert send(engine.api, "POST", "/", b"{}", other) == wrong
    unsigned = signed(engine, b"{}", "ListStateMachines", **{"X-Amz-Content-SHA256": "UNSIGNED-PAYLOAD"})
    assert send(engine.api, "POST", "/", b"{}", unsigned) == wrong


@pytest.mark.parametrize("host", ["[::1", b"\xff\xfe", "a:b:c"])
def test_a_signature_over_a_host_that_is_none(engine: LiveEngine, host: str | bytes) -> None:
    headers = {**signed(engine, b"{}", "ListStateMachines"), "Host": host}
    assert send(engine.api, "POST", "/", b"{}", headers) == (403, "InvalidSignatureException")


def test_one_organization_does_not_see_another(engine: LiveEngine) -> None:
    arn = machine(engine, "m")
    aws(engine, "StartExecution", {"stateMachineArn": arn, "name": "secret"})
    execution = arn.replace(":stateMachine:", ":execution:") + ":secret"
    absent, none = (400, "StateMachineDoesNotExist"), (400, "ExecutionDoesNotExist")
    for operation in ("DescribeStateMachine", "StartExecution", "ListExecutions"):
        assert aws(engine, operation, {"stateMachineArn": arn}, "rival") == absent
    change = {"stateMachineArn": arn, "definition": PASS}
    assert aws(engine, "UpdateStateMachine", change, "rival") == absent
    for operation in ("DescribeExecution", "GetExecutionHistory", "StopExecution"):
        assert aws(engine, operation, {"executionArn": execution}, "rival") == none
    rival = {"Authorization": bearer("rival")}
    for path in (f"{INSTANCES}/m:secret", f"{INSTANCES}/m:secret/history", f"{DEFINITIONS}/m"):
        assert send(engine.api, "GET", path, headers=rival)[0] == 404
