"""Generated secrets: what is in them, and that no two stacks share one."""

import json
import re

import pytest

from engine.events.signing import signing_key
from engine.settings.model import decode_access_keys
from infra.aws.secrets import cache_login, login, new_access_key, token_key_content, webhook_key
from tests.infra.stacks import Properties, deploy_stack, deployed


def contents(environment: str) -> dict[str, Properties]:
    prefix = f"workflow-{environment}-secrets-"
    found: dict[str, Properties] = {}
    for version in deployed(environment)[0].of("SecretVersion"):
        found[version.name.removeprefix(prefix)] = json.loads(version.inputs["secretString"])
    return found


def test_secrets_of_a_stack() -> None:
    made = contents("production")
    assert made.keys() == {"database-admin", "database-user", "token-key", "access-keys", "cache"}
    assert made["database-admin"]["username"] == "workflow_admin"
    assert made["database-user"]["username"] == "workflow"
    assert made["database-admin"]["password"] != made["database-user"]["password"]
    for label in ("token-key", "access-keys"):
        assert contents("dev")[label] != made[label]


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


def test_keys_of_the_api_are_ones_that_it_takes() -> None:
    assert len(token_key_content()["jwtSecret"]) >= 32
    key = new_access_key()
    assert re.fullmatch(r"WFKEY[A-Z2-7]{16}", key["accessKeyId"])
    assert len(key["secretAccessKey"]) == 40
    assert key["organization"] == "default"


def test_the_access_keys_are_the_list_that_the_engine_reads() -> None:
    made = contents("dev")
    [key] = decode_access_keys(json.dumps(made["access-keys"]))
    assert re.fullmatch(r"WFKEY[A-Z2-7]{16}", key.access_key_id)
    assert made["token-key"].keys() == {"jwtSecret"}


def test_data_stores_get_the_stored_passwords() -> None:
    instance = deployed("dev")[0].one("Instance")
    assert instance["password"] == contents("dev")["database-admin"]["password"]
    [user] = [made for made in deployed("production")[0].of("elasticache/user:User") if made.name.endswith("-engine")]
    stored = contents("production")["cache"]
    assert (user.inputs["userName"], user.inputs["passwords"]) == (stored["username"], [stored["password"]])
