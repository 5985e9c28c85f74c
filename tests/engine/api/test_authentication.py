"""Who gets in: AWS signatures made by boto3, bearer tokens, and those without either."""

import hashlib
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import jwt
import msgspec
import pytest
import requests
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.exceptions import ClientError
from mypy_boto3_stepfunctions.client import SFNClient

from engine.api.auth.bearer import sign_token
from engine.api.auth.sigv4 import SignedRequest, read_credential, verify_signature
from engine.api.errors import ApiError
from engine.settings import AccessKey
from tests.engine.api.live import JWT_SECRET, LiveEngine

KEYS = """[
  {"accessKeyId": "AKOPS", "secretAccessKey": "ops-secret"},
  {"accessKeyId": "AKACME", "secretAccessKey": "acme-secret", "organization": "acme"}
]"""
OPS = ("AKOPS", "ops-secret")
ACME = ("AKACME", "acme-secret")
PASS = '{"StartAt": "A", "States": {"A": {"Type": "Pass", "End": true}}}'


@pytest.fixture(scope="module")
def locked() -> Iterator[LiveEngine]:
    """An engine that needs a key."""
    with LiveEngine(AUTHENTICATION="required", JWT_SECRET=JWT_SECRET, API_ACCESS_KEYS=KEYS) as engine:
        yield engine


def refused(client: SFNClient) -> tuple[str, int]:
    with pytest.raises(ClientError) as caught:
        client.list_state_machines()
    return caught.value.response["Error"]["Code"], caught.value.response["ResponseMetadata"]["HTTPStatusCode"]


def with_token(locked: LiveEngine, token: str) -> requests.Response:
    headers = {"Authorization": f"Bearer {token}"}
    return requests.get(f"{locked.api}/api/v1/workflow-definitions", headers=headers, timeout=5)


def claims(**changes: object) -> dict[str, object]:
    """Claims of an hour: those of parameters are made when tests are collected, long before they run."""
    return {"sub": "ada", "org": "acme", "exp": int(time.time()) + 3600} | changes


def test_a_right_signature(locked: LiveEngine) -> None:
    names = {machine["name"] for machine in locked.client(*OPS).list_state_machines()["stateMachines"]}
    assert "doubling" in names


def test_keys_act_for_their_organizations(locked: LiveEngine) -> None:
    acme = locked.client(*ACME)
    arn = acme.create_state_machine(name="theirs", definition=PASS, roleArn="arn:aws:iam::1:role/r")["stateMachineArn"]
    assert [machine["name"] for machine in acme.list_state_machines()["stateMachines"]] == ["theirs"]
    with pytest.raises(ClientError) as caught:
        locked.client(*OPS).describe_state_machine(stateMachineArn=arn)
    assert caught.value.response["Error"]["Code"] == "StateMachineDoesNotExist"
    token = sign_token(JWT_SECRET, organization="acme", subject="ada", lifetime_seconds=60)
    assert [item["id"] for item in with_token(locked, token).json()["items"]] == ["theirs"]


def test_a_wrong_secret(locked: LiveEngine) -> None:
    client = locked.client("AKOPS", "guessed")
    assert refused(client) == ("InvalidSignatureException", 403)


def test_an_unknown_key(locked: LiveEngine) -> None:
    assert refused(locked.client("AKNOBODY", "ops-secret")) == ("UnrecognizedClientException", 403)


def test_no_credentials(locked: LiveEngine) -> None:
    rest = requests.get(f"{locked.api}/api/v1/workflow-definitions", timeout=5)
    assert (rest.status_code, rest.headers["WWW-Authenticate"]) == (401, "Bearer")
    assert rest.json()["code"] == "MissingAuthenticationTokenException"
    headers = {"X-Amz-Target": "AWSStepFunctions.ListStateMachines"}
    aws = requests.post(locked.api, headers=headers, data="{}", timeout=5)
    assert (aws.status_code, aws.json()["__type"]) == (403, "MissingAuthenticationTokenException")


def test_probes_need_no_credentials(locked: LiveEngine) -> None:
    for path in ("/health", "/ready", "/health/ready", "/health/live", "/api/v1/openapi.json"):
        assert requests.get(locked.api + path, timeout=5).status_code == 200


def test_what_does_not_exist_is_not_told_to_strangers(locked: LiveEngine) -> None:
    assert requests.get(f"{locked.api}/ui/executions", timeout=5).status_code == 401


@pytest.mark.parametrize(
    ("path", "headers", "code"),
    [
        ("/?X-Amz-Signature=abc", {}, "IncompleteSignatureException"),
        ("/", {"Authorization": "AWS4-ECDSA-P256-SHA256 Credential=AKOPS"}, "IncompleteSignatureException"),
        ("/", {"Authorization": "AWS4-HMAC-SHA256 Credential=AKOPS"}, "IncompleteSignatureException"),
    ],
)
def test_forms_that_are_not_supported(locked: LiveEngine, path: str, headers: dict[str, str], code: str) -> None:
    response = requests.post(locked.api + path, headers=headers, timeout=5)
    assert (response.status_code, response.json()["__type"]) == (403, code)


def test_a_token_from_the_command_acts_for_its_organization(locked: LiveEngine) -> None:
    token = sign_token(JWT_SECRET, organization="default", subject="ada", lifetime_seconds=60)
    assert with_token(locked, token).status_code == 200


@pytest.mark.parametrize(
    ("token", "said"),
    [
        (jwt.encode(claims(exp=1), JWT_SECRET), "has expired"),
        (jwt.encode(claims(), "another secret of thirty-two chars"), "Signature verification failed"),
        (jwt.encode({"sub": "ada"}, JWT_SECRET), 'missing the "exp" claim'),
        (jwt.encode({"exp": int(time.time()) + 3600}, JWT_SECRET), 'missing the "sub" claim'),
        (jwt.encode(claims(exp=int(time.time()) + 10**7), JWT_SECRET), "lives longer than JWT_EXPIRY"),
        (jwt.encode(claims(org=7), JWT_SECRET), "org is not a name"),
        (jwt.encode(claims(), key="", algorithm="none"), "not valid"),
        ("garbage", "not valid"),
    ],
    # Tokens tell the time, and tests that are shared out among processes need the same names in all of them.
    ids=("expired", "foreign", "for-ever", "nobody", "too-long", "bad-organization", "unsigned", "garbage"),
)
def test_tokens_that_count_for_nothing(locked: LiveEngine, token: str, said: str) -> None:
    response = with_token(locked, token)
    assert response.status_code == 401
    assert said in response.json()["detail"]


def test_optional_still_checks_what_is_presented(live: LiveEngine) -> None:
    headers = {"Authorization": "Bearer garbage"}
    url = f"{live.api}/api/v1/workflow-definitions"
    assert requests.get(url, headers=headers, timeout=5).status_code == 401
    assert requests.get(url, timeout=5).status_code == 200


# The signature itself, with a clock of the test's own.

KEY = AccessKey("AKOPS", "ops-secret", "ops")
NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def signed(body: bytes = b"{}", target: str = "/a%20b?x=1&a=2", when: datetime = NOW, **headers: str) -> SignedRequest:
    request = AWSRequest(
        "POST", f"http://engine.example:8080{target}", data=body, headers={"Host": "engine.example:8080"}
    )
    for name, value in headers.items():
        request.headers[name.replace("_", "-")] = value
    request.headers["X-Amz-Date"] = when.strftime("%Y%m%dT%H%M%SZ")
    request.context["timestamp"] = request.headers["X-Amz-Date"]
    signer = SigV4Auth(Credentials(KEY.access_key_id, KEY.secret_access_key), "states", "eu-west-1")
    signature = signer.signature(signer.string_to_sign(request, signer.canonical_request(request)), request)
    names = signer.signed_headers(signer.headers_to_sign(request))
    scope = f"AKOPS/{when:%Y%m%d}/eu-west-1/states/aws4_request"
    authorization = f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders={names}, Signature={signature}"
    lowered = {name.lower(): value for name, value in request.headers.items()}
    return SignedRequest("POST", target, lowered | {"authorization": authorization}, body)


def verify(request: SignedRequest, **changes: object) -> str:
    changed = msgspec.structs.replace(request, **changes)
    credential = read_credential(request.headers["authorization"])
    return verify_signature(changed, credential, KEY, NOW).organization


def test_a_signature_covers_method_path_query_headers_and_body() -> None:
    request = signed(x_amz_target="AWSStepFunctions.StartExecution")
    assert verify(request) == "ops"
    assert verify(request, headers={**request.headers, "x-forwarded-for": "10.0.0.1"}) == "ops"
    for changes in (
        {"method": "PUT"},
        {"target": "/other"},
        {"target": "/a%20b?x=2&a=2"},
        {"body": b'{"changed": true}'},
        {"headers": {**request.headers, "x-amz-target": "AWSStepFunctions.StopExecution"}},
        {"headers": {**request.headers, "host": "elsewhere"}},
    ):
        with pytest.raises(ApiError, match="does not match the signature"):
            verify(request, **changes)


@pytest.mark.parametrize("target", ["/", "/api/v1/a//b/../c?y=%2F&x=~&x=", "/ü?ä=ö", "/?"])
def test_paths_and_queries_are_read_as_signers_write_them(target: str) -> None:
    assert verify(signed(target=target, x_amz_target=" two   words ")) == "ops"


@pytest.mark.parametrize("minutes", [-6, 6])
def test_the_clock_may_be_off_by_five_minutes(minutes: int) -> None:
    assert verify(signed(when=NOW + timedelta(minutes=minutes * 0.8))) == "ops"
    with pytest.raises(ApiError, match="more than 5 minutes"):
        verify(signed(when=NOW + timedelta(minutes=minutes)))


def test_the_operation_must_be_signed() -> None:
    request = signed()
    with pytest.raises(ApiError, match="must cover the headers host, x-amz-date, x-amz-target"):
        verify(request, headers={**request.headers, "x-amz-target": "AWSStepFunctions.StartExecution"})


def test_a_body_hash_must_be_that_of_the_body() -> None:
    right = hashlib.sha256(b"{}").hexdigest()
    assert verify(signed(x_amz_content_sha256=right)) == "ops"
    with pytest.raises(ApiError, match="is not the hash of the body"):
        verify(signed(x_amz_content_sha256="0" * 64))
    with pytest.raises(ApiError, match="STREAMING-AWS4-HMAC-SHA256-PAYLOAD is not supported"):
        verify(signed(x_amz_content_sha256="STREAMING-AWS4-HMAC-SHA256-PAYLOAD"))
    with pytest.raises(ApiError, match="Content-Encoding aws-chunked is not supported"):
        verify(signed(content_encoding="aws-chunked"))


def test_scope_and_date_must_agree() -> None:
    request = signed()
    for old, new, said in (
        ("/20260301/", "/20260302/", "date in the credential scope"),
        ("/states/", "/s3/", "scoped to the service states"),
        ("SignedHeaders=host", "SignedHeaders=cookie;host", "not in the request"),
        ("/eu-west-1/", "/eu-\udcff/", "can't be read"),
        ("/eu-west-1/", "/eu-west-2/", "does not match"),
    ):
        credential = read_credential(request.headers["authorization"].replace(old, new))
        with pytest.raises(ApiError, match=said):
            verify_signature(request, credential, KEY, NOW)
    with pytest.raises(ApiError, match="X-Amz-Date is 'today'"):
        verify(request, headers={**request.headers, "x-amz-date": "today"})
