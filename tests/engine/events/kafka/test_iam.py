"""Tokens for Amazon MSK: a URL whose signature is the one that AWS would compute."""

from __future__ import annotations

import base64
import hashlib
import hmac
from typing import Final
from urllib.parse import parse_qsl, quote, urlsplit

import pytest
from aiokafka.errors import KafkaConnectionError
from botocore.credentials import ReadOnlyCredentials

from engine.events.kafka.connection import AwsLogin, Connection, Login, client_options
from engine.events.kafka.iam import IamTokens, signed_token
from engine.settings.secrets import Secret

KEY: Final = "AKIDEXAMPLE"
SECRET: Final = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
HOST: Final = "kafka.eu-west-1.amazonaws.com"


def url_of(token: str) -> str:
    """Read a token."""
    return base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)).decode()


def expected_signature(query: dict[str, str]) -> str:
    """Sign a query ("Create a signed AWS API request", with the query's parameters)."""
    canonical = "&".join(f"{quote(name, safe='-_.~')}={quote(query[name], safe='-_.~')}" for name in sorted(query))
    request = "\n".join(["GET", "/", canonical, f"host:{HOST}\n", "host", hashlib.sha256(b"").hexdigest()])
    scope = query["X-Amz-Credential"].partition("/")[2]
    digest = hashlib.sha256(request.encode()).hexdigest()
    text = "\n".join(["AWS4-HMAC-SHA256", query["X-Amz-Date"], scope, digest])
    key = f"AWS4{SECRET}".encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), hashlib.sha256)
    return hmac.digest(key, text.encode(), hashlib.sha256).hex()


@pytest.mark.parametrize("session", [None, "session+token/with=signs"])
def test_a_token_is_a_signed_url(session: str | None) -> None:
    url = urlsplit(url_of(signed_token(ReadOnlyCredentials(KEY, SECRET, session), "eu-west-1")))
    query = dict(parse_qsl(url.query))
    assert (url.scheme, url.netloc, url.path) == ("https", HOST, "/")
    assert query.pop("User-Agent") == "workflow-engine"
    assert (query["Action"], query["X-Amz-Expires"]) == ("kafka-cluster:Connect", "900")
    assert query["X-Amz-Credential"].startswith(f"{KEY}/")
    assert query["X-Amz-Credential"].endswith("/eu-west-1/kafka-cluster/aws4_request")
    assert query.get("X-Amz-Security-Token") == session
    signature = query.pop("X-Amz-Signature")
    assert signature == expected_signature(query)


async def test_tokens_are_of_the_processs_own_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", KEY)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    token = await IamTokens("eu-west-1").token()
    assert f"X-Amz-Credential={KEY}%2F" in url_of(token)
    assert SECRET not in url_of(token)


async def test_no_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/dev/null")
    with pytest.raises(KafkaConnectionError, match="there is no token for Amazon MSK: Unable to locate credentials"):
        await IamTokens("eu-west-1").token()


def test_clients_of_msk_bring_tokens() -> None:
    options = client_options(Connection(["b-1:9098"], tls=True, login=AwsLogin("eu-west-1")))
    assert (options["security_protocol"], options["sasl_mechanism"]) == ("SASL_SSL", "OAUTHBEARER")
    assert isinstance(options["sasl_oauth_token_provider"], IamTokens)


def test_clients_without_a_login() -> None:
    options = client_options(Connection(["b-1:9092", "b-2:9092"]))
    assert options["bootstrap_servers"] == ["b-1:9092", "b-2:9092"]
    assert options["security_protocol"] == "PLAINTEXT"
    assert not {"ssl_context", "sasl_mechanism"} & set(options)


def test_a_login_does_not_show_its_password() -> None:
    assert "s3cret" not in repr(Connection(["b-1:9092"], login=Login("plain", "engine", Secret("s3cret"))))
