"""What AWS refuses, in the words that the user gets, from real calls to moto and to a server that only refuses."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest
from botocore.exceptions import BotoCoreError, ClientError
from botocore.stub import Stubber
from moto import mock_aws

from operations import cli
from operations.aws_errors import explain
from operations.clients import Clients
from operations.errors import BusyError, CredentialsError, OperationError, RefusedError
from tests.operations.refusals import Refusals


@pytest.fixture
def refusals() -> Iterator[Refusals]:
    with Refusals() as server:
        yield server


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("botocore.retries.standard.time.sleep", lambda _seconds: None)
    monkeypatch.setattr("botocore.endpoint.time.sleep", lambda _seconds: None)


@pytest.mark.parametrize(
    ("code", "kind", "words"),
    [
        ("ExpiredTokenException", CredentialsError, "have expired (DescribeClusters): log in again"),
        ("RequestExpired", CredentialsError, "have expired"),
        ("UnrecognizedClientException", CredentialsError, "does not know these credentials"),
        ("AccessDeniedException", OperationError, "does not allow DescribeClusters with these credentials"),
        ("ThrottlingException", BusyError, "throttles DescribeClusters"),
        ("ServerException", OperationError, "refused DescribeClusters (ServerException): no"),
    ],
)
def test_what_is_refused_says_what_to_do(refusals: Refusals, code: str, kind: type[OperationError], words: str) -> None:
    refusals.code = code
    ecs = Clients("us-east-1", refusals.url, sandboxed=True).ecs

    with pytest.raises(ClientError) as caught:
        ecs.describe_clusters()

    failure = explain(caught.value)
    assert type(failure) is kind
    assert words in str(failure)


def test_a_throttled_call_is_tried_again_before_it_is_given_up(refusals: Refusals) -> None:
    refusals.code, refusals.times = "ThrottlingException", 3

    assert Clients("us-east-1", refusals.url, sandboxed=True).ecs.list_clusters()["clusterArns"] == []
    assert refusals.calls == 4


def test_throttling_ends_some_time(refusals: Refusals) -> None:
    refusals.code = "ThrottlingException"

    with pytest.raises(ClientError):
        Clients("us-east-1", refusals.url, sandboxed=True).ecs.list_clusters()

    assert refusals.calls == 8


def test_missing_credentials_are_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, str(tmp_path / "none"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")

    with pytest.raises(BotoCoreError) as caught:
        Clients("us-east-1").ecs.list_clusters()

    assert isinstance(explain(caught.value), CredentialsError)
    assert "set AWS_PROFILE" in str(explain(caught.value))


def test_a_profile_that_is_not_there_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))

    with pytest.raises(BotoCoreError) as caught:
        _ = Clients("us-east-1", profile="absent").session

    assert isinstance(explain(caught.value), CredentialsError)
    assert "absent" in str(explain(caught.value))


def test_a_missing_region_and_an_unreachable_endpoint_are_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    with pytest.raises(BotoCoreError) as caught:
        _ = Clients(sandboxed=True).ecs
    assert isinstance(explain(caught.value), RefusedError)

    with pytest.raises(BotoCoreError) as caught:
        Clients("us-east-1", "http://127.0.0.1:9", sandboxed=True).ecs.list_clusters()
    assert str(explain(caught.value)).startswith("AWS could not be asked: Could not connect to the endpoint URL")


def test_a_command_ends_with_the_failures_code(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "Pulumi.dev.yaml").write_text("config:\n  aws:region: us-east-1\n")
    monkeypatch.setattr(cli, "ROOT", tmp_path)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)

    with mock_aws():
        sts = boto3.client("sts", region_name="us-east-1")
        with Stubber(sts) as stub:
            stub.add_client_error("get_caller_identity", "ExpiredToken", "The security token is expired")
            monkeypatch.setattr(Clients, "sts", sts)
            assert cli.main(["bootstrap", "--stack", "dev"]) == CredentialsError.exit_code
