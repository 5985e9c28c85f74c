"""Generated secrets: what is in them, and that no two stacks share one."""

import json
import re

import pytest

from engine.events.signing import signing_key
from infra.aws.secrets import api_credentials, cache_login, login, webhook_key
from tests.infra.stacks import Properties, deploy_stack, deployed


def contents(environment: str) -> dict[str, Properties]:
    prefix = f"workflow-{environment}-secrets-"
    found: dict[str, Properties] = {}
    for version in deployed(environment)[0].of("SecretVersion"):
        found[version.name.removeprefix(prefix)] = json.loads(version.inputs["secretString"])
    return found


def test_secrets_of_a_stack() -> None:
    made = contents("production")
    assert made.keys() == {"database-admin", "database-user", "api", "cache"}
    assert made["database-admin"]["username"] == "workflow_admin"
    assert made["database-user"]["username"] == "workflow"
    assert made["database-admin"]["password"] != made["database-user"]["password"]
    assert contents("dev")["api"] != made["api"]


def test_a_web_server_of_events_gets_a_key_for_their_signatures() -> None:
    account, _ = deploy_stack("dev", eventsPublisher="webhook", eventsWebhookUrl="https://app.example.com/events")
    [made] = [each.inputs for each in account.of("SecretVersion") if each.name == "workflow-dev-secrets-webhook"]
    key = json.loads(made["secretString"])["signingSecret"]
    assert len(signing_key(key)) == 32
    assert webhook_key() != webhook_key()
    assert "webhook" not in contents("dev")


@pytest.mark.parametrize(("environment", "days"), [("local", 0), ("dev", 0), ("staging", 30), ("production", 30)])
def test_deleted_secrets_can_be_restored(environment: str, days: int) -> None:
    secrets = deployed(environment)[0].of("Secret")
    assert {secret.inputs["recoveryWindowInDays"] for secret in secrets} == {days}


def test_passwords_are_ones_that_the_services_take() -> None:
    assert re.fullmatch(r"[A-Za-z0-9_-]{43}", login("u")["password"])
    assert re.fullmatch(r"[0-9a-f]{64}", cache_login()["password"])
    assert login("u") != login("u")


def test_api_credentials() -> None:
    made = api_credentials()
    [key] = json.loads(made["apiAccessKeys"])
    assert len(made["jwtSecret"]) >= 32
    assert re.fullmatch(r"WFKEY[A-Z2-7]{16}", key["accessKeyId"])
    assert len(key["secretAccessKey"]) == 40
    assert key["organization"] == "default"


def test_data_stores_get_the_stored_passwords() -> None:
    instance = deployed("dev")[0].one("Instance")
    assert instance["password"] == contents("dev")["database-admin"]["password"]
    [user] = [made for made in deployed("production")[0].of("elasticache/user:User") if made.name.endswith("-engine")]
    stored = contents("production")["cache"]
    assert (user.inputs["userName"], user.inputs["passwords"]) == (stored["username"], [stored["password"]])
