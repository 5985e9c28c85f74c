"""Keys that change while the engine runs: what still counts, what counts already, and how often they are read."""

import asyncio
import json
import time
from collections.abc import Iterator

import boto3
import pytest
import requests
from moto import mock_aws

from engine.api.auth import credentials as module
from engine.api.auth.bearer import UnknownKeyError, sign_token, verify_token
from engine.api.auth.credentials import Credentials
from engine.settings import load_settings
from engine.settings.secrets import PREVIOUS, NoSuchVersionError, UnresolvedSecretError, Version, read_version
from tests.engine.api.live import LiveEngine

FIRST, SECOND, THIRD = (f"{word} secret of thirty-two characters" for word in ("first", "second", "third"))
REFERENCE = "secretsmanager:arn:aws:secretsmanager:eu-west-1:123456789012:secret:api"


def access_keys(*names: str) -> str:
    return json.dumps([{"accessKeyId": name, "secretAccessKey": "of eight characters"} for name in names])


class Stored:
    """What Secrets Manager has of each key; counts how often it is asked."""

    def __init__(self) -> None:
        self.values = {"jwt": FIRST, "keys": access_keys("AKOLD")}
        self.before: dict[str, str] = {}
        self.changed = time.time()
        self.asked = 0
        self.broken = False

    def put(self, key: str, value: str) -> None:
        self.before[key], self.values[key] = self.values[key], value
        self.changed = time.time()

    def read(self, reference: str, stage: str = "AWSCURRENT") -> Version:
        self.asked += 1
        if self.broken:
            raise UnresolvedSecretError("a secret that can be read: it is throttled")
        key = reference.partition("#")[2]
        if stage != PREVIOUS:
            return Version(self.values[key], self.changed)
        if key not in self.before:
            raise NoSuchVersionError("none before")
        return Version(self.before[key], 0.0)


def known(credentials: Credentials) -> tuple[str, ...]:
    """The keys that a token may be signed with now."""
    return credentials.token_secrets


@pytest.fixture(autouse=True)
def _patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is stored is read in time, however busy the machine is."""
    monkeypatch.setattr(module, "LONGEST_WAIT_SECONDS", 60.0)


@pytest.fixture
def stored() -> Stored:
    return Stored()


@pytest.fixture
def credentials(stored: Stored) -> Credentials:
    environment = {"JWT_SECRET": f"{REFERENCE}#jwt", "API_ACCESS_KEYS": f"{REFERENCE}#keys", "JWT_EXPIRY": "1h"}
    return Credentials(load_settings(environment, resolve=lambda at: stored.read(at).value), stored.read)


async def test_the_key_before_counts_beside_the_new_one(credentials: Credentials, stored: Stored) -> None:
    stored.put("jwt", SECOND)
    assert known(credentials) == (FIRST,)
    assert await credentials.read_again()
    assert known(credentials) == (SECOND, FIRST)
    for secret in (FIRST, SECOND):
        token = sign_token(secret, organization="acme", subject="ada", lifetime_seconds=60)
        assert verify_token(token, credentials.token_secrets, longest_lifetime_seconds=60).organization == "acme"
    token = sign_token(THIRD, organization="acme", subject="ada", lifetime_seconds=60)
    with pytest.raises(UnknownKeyError, match="Signature verification failed"):
        verify_token(token, credentials.token_secrets, longest_lifetime_seconds=60)


async def test_it_counts_no_longer_than_its_tokens_live(credentials: Credentials, stored: Stored) -> None:
    stored.put("jwt", SECOND)
    stored.changed -= 3000
    await credentials.read_again()
    assert known(credentials) == (SECOND, FIRST)
    later = Credentials(load_settings({"JWT_SECRET": f"{REFERENCE}#jwt"}, resolve=lambda _: FIRST), stored.read)
    stored.changed -= 24 * 3600
    await later.read_again()
    assert known(later) == (SECOND,)


async def test_access_keys_come_and_go(credentials: Credentials, stored: Stored) -> None:
    assert credentials.access_keys.keys() == {"AKOLD"}
    stored.put("keys", access_keys("AKNEW"))
    await credentials.read_again()
    assert credentials.access_keys.keys() == {"AKNEW"}


async def test_strangers_do_not_make_it_read_each_time(credentials: Credentials, stored: Stored) -> None:
    asked = stored.asked
    assert [await credentials.read_again() for _ in range(5)] == [True, False, False, False, False]
    assert stored.asked == asked + 3


async def test_it_keeps_fresh(credentials: Credentials, stored: Stored, monkeypatch: pytest.MonkeyPatch) -> None:
    stored.put("jwt", SECOND)
    await credentials.keep_fresh()
    assert known(credentials) == (FIRST,)
    monkeypatch.setattr(module, "STALE_AFTER_SECONDS", 0.0)
    await credentials.keep_fresh()
    assert known(credentials) == (SECOND, FIRST)


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("jwt", "short", "32 characters"),
        ("keys", '{"no": "list"}', "list of access keys"),
        ("keys", access_keys("AKNEW", "AKNEW"), "comes twice"),
        ("", "", "throttled"),
    ],
)
async def test_what_can_not_be_used_changes_nothing(
    credentials: Credentials, stored: Stored, key: str, value: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    stored.broken = not key
    if key:
        stored.put(key, value)
    await credentials.read_again()
    assert known(credentials) == (FIRST,)
    assert credentials.access_keys.keys() == {"AKOLD"}
    assert said in capsys.readouterr().out


@pytest.mark.parametrize(("broken", "counts"), [("keys", ((SECOND, FIRST), {"AKOLD"})), ("jwt", ((FIRST,), {"AKNEW"}))])
async def test_what_can_not_be_used_of_the_one_does_not_keep_back_the_other(
    credentials: Credentials, stored: Stored, broken: str, counts: tuple[tuple[str, ...], set[str]]
) -> None:
    stored.put("jwt", SECOND)
    stored.put("keys", access_keys("AKNEW"))
    stored.put(broken, "short")
    await credentials.read_again()
    assert (known(credentials), set(credentials.access_keys)) == counts


async def test_plain_keys_are_never_read_again(stored: Stored) -> None:
    settings = load_settings({"JWT_SECRET": FIRST, "API_ACCESS_KEYS": access_keys("AKOLD")})
    credentials = Credentials(settings, stored.read)
    assert not await credentials.read_again()
    assert (known(credentials), stored.asked) == ((FIRST,), 0)


@pytest.fixture
def arn(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with mock_aws():
        content = json.dumps({"jwtSecret": FIRST})
        yield boto3.client("secretsmanager", "eu-west-1").create_secret(Name="api", SecretString=content)["ARN"]


def test_a_running_engine_takes_both_keys_after_a_rotation(arn: str) -> None:
    reference = f"secretsmanager:{arn}#jwtSecret"
    with LiveEngine(AUTHENTICATION="required", JWT_SECRET=reference) as engine:

        def status(secret: str) -> int:
            token = sign_token(secret, organization="acme", subject="ada", lifetime_seconds=60)
            headers = {"Authorization": f"Bearer {token}"}
            return requests.get(f"{engine.api}/api/v1/workflow-definitions", headers=headers, timeout=5).status_code

        assert status(FIRST) == 200
        changed = json.dumps({"jwtSecret": SECOND})
        boto3.client("secretsmanager", "eu-west-1").put_secret_value(SecretId=arn, SecretString=changed)
        assert [status(FIRST), status(SECOND), status(FIRST), status(THIRD)] == [200, 200, 200, 401]


def test_an_edit_of_the_access_keys_does_not_end_the_time_of_the_token_key_before(arn: str) -> None:
    client = boto3.client("secretsmanager", "eu-west-1")
    keys = client.create_secret(Name="keys", SecretString=access_keys("AKOLD"))["ARN"]
    references = {"JWT_SECRET": f"secretsmanager:{arn}#jwtSecret", "API_ACCESS_KEYS": f"secretsmanager:{keys}"}
    client.put_secret_value(SecretId=arn, SecretString=json.dumps({"jwtSecret": SECOND}))
    for name in ("AKNEW", "AKNEWER"):
        client.put_secret_value(SecretId=keys, SecretString=access_keys(name))

    credentials = Credentials(load_settings(references))
    asyncio.run(_read(credentials))

    assert known(credentials) == (SECOND, FIRST)
    assert credentials.access_keys.keys() == {"AKNEWER"}


async def _read(credentials: Credentials) -> None:
    assert await credentials.read_again()


def test_versions_of_a_secret(arn: str) -> None:
    reference = f"secretsmanager:{arn}#jwtSecret"
    with pytest.raises(NoSuchVersionError, match="AWSPREVIOUS"):
        read_version(reference, PREVIOUS)
    changed = json.dumps({"jwtSecret": SECOND})
    boto3.client("secretsmanager", "eu-west-1").put_secret_value(SecretId=arn, SecretString=changed)
    assert (read_version(reference).value, read_version(reference, PREVIOUS).value) == (SECOND, FIRST)
    assert read_version(reference).created == pytest.approx(time.time(), abs=60)
