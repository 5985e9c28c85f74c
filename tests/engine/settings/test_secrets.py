"""References to AWS Secrets Manager, against moto."""

from collections.abc import Iterator

import boto3
import pytest
from moto import mock_aws

from engine.settings import Password, Secret, SettingsError, load_settings, secrets


@pytest.fixture
def arn(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with mock_aws():
        client = boto3.client("secretsmanager", region_name="eu-west-1")
        yield client.create_secret(Name="db", SecretString='{"password": "first", "port": 5432}')["ARN"]


def change(arn: str, password: str) -> None:
    client = boto3.client("secretsmanager", region_name="eu-west-1")
    client.put_secret_value(SecretId=arn, SecretString=f'{{"password": "{password}"}}')


def test_a_reference_gives_a_key_of_the_secret(arn: str) -> None:
    settings = load_settings({"WORKFLOW_DB_PASSWORD": f"secretsmanager:{arn}#password"})
    assert settings.workflow_db_password == Secret("first", f"secretsmanager:{arn}#password")


def test_a_reference_that_leads_nowhere_is_a_problem_of_its_name(arn: str) -> None:
    environment = {"WORKFLOW_DB_PASSWORD": f"secretsmanager:{arn}#pass", "JWT_SECRET": f"secretsmanager:{arn[:-1]}"}
    with pytest.raises(SettingsError) as caught:
        load_settings(environment)
    password, secret = sorted(str(problem) for problem in caught.value.problems)[::-1]
    assert "WORKFLOW_DB_PASSWORD must be a secret whose JSON object has the key 'pass'" in password
    assert secret.startswith("JWT_SECRET must be a secret that can be read: ")
    assert "ResourceNotFoundException" in secret


async def test_a_password_is_read_again_after_a_login_failed(arn: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(secrets, "RE_READ_AFTER_SECONDS", 0.0)
    secret = load_settings({"WORKFLOW_DB_PASSWORD": f"secretsmanager:{arn}#password"}).workflow_db_password
    assert secret is not None
    password = Password(secret)
    change(arn, "second")
    assert await password() == "first"
    assert await password(refresh=True) == "second"
    assert await password() == "second"


async def test_readings_are_spaced() -> None:
    read: list[str] = []

    def resolve(reference: str) -> str:
        read.append(reference)
        return "new"

    password = Password(Secret("old", "secretsmanager:x"), resolve)
    assert await password(refresh=True) == "old"
    assert read == []


async def test_a_plain_password_is_never_read_again() -> None:
    assert await Password(Secret("plain"))(refresh=True) == "plain"
