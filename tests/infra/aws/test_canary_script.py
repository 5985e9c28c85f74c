"""What the canary runs, against an engine that serves, with the access key from Secrets Manager."""

import json
from collections.abc import Iterator

import pytest
from botocore.exceptions import BotoCoreError, ClientError

from infra.aws import canary_script
from infra.aws.secrets import new_access_key
from sandbox.aws import Account
from sandbox.seam import NullDataPlane
from tests.engine.api.live import JWT_SECRET, LiveEngine


@pytest.fixture(scope="module")
def key() -> dict[str, str]:
    return new_access_key()


@pytest.fixture(scope="module")
def engine(key: dict[str, str]) -> Iterator[LiveEngine]:
    keys = json.dumps([key])
    with LiveEngine(AUTHENTICATION="required", JWT_SECRET=JWT_SECRET, API_ACCESS_KEYS=keys) as started:
        yield started


@pytest.fixture(autouse=True)
def secrets(monkeypatch: pytest.MonkeyPatch, engine: LiveEngine, key: dict[str, str]) -> Iterator[Account]:
    """An account with the stack's secret, and a canary's environment in it."""
    with Account(NullDataPlane()) as account:
        stored = account.client("secretsmanager").create_secret(Name="keys", SecretString=json.dumps([key]))
        variables = {
            "API_URL": engine.api,
            "AWS_ACCESS_KEY_ID": "sandbox",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_ENDPOINT_URL": account.endpoint_url,
            "AWS_SECRET_ACCESS_KEY": "sandbox",
            "SECRET_ARN": stored["ARN"],
        }
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        yield account


def test_it_finds_an_api_that_answers_and_starts_nothing(engine: LiveEngine, key: dict[str, str]) -> None:
    client = engine.client(key["accessKeyId"], key["secretAccessKey"])
    before = client.list_state_machines()["stateMachines"]
    assert before
    assert canary_script.handler({}, None) == "The API answered a list of state machines."
    assert client.list_state_machines()["stateMachines"] == before
    for machine in before:
        assert client.list_executions(stateMachineArn=machine["stateMachineArn"])["executions"] == []


def test_a_key_that_is_refused_fails_the_run(secrets: Account, key: dict[str, str]) -> None:
    wrong = json.dumps([{**key, "secretAccessKey": "x" * 40}])
    [stored] = _listed(secrets)
    secrets.client("secretsmanager").put_secret_value(SecretId=stored["ARN"], SecretString=wrong)
    with pytest.raises(ClientError, match=r"InvalidSignatureException|AccessDenied|UnrecognizedClient"):
        canary_script.handler({}, None)


def test_an_api_that_is_away_fails_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("API_URL", "http://127.0.0.1:1")
    with pytest.raises(BotoCoreError, match="Could not connect"):
        canary_script.handler({}, None)


def test_a_secret_that_is_gone_fails_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_ARN", "arn:aws:secretsmanager:us-east-1:123456789012:secret:none-abcdef")
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        canary_script.handler({}, None)


def _listed(account: Account) -> list[dict[str, str]]:
    found: list[dict[str, str]] = account.client("secretsmanager").list_secrets()["SecretList"]
    return found
