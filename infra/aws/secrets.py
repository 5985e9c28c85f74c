"""The stack's secrets, made once and kept in Secrets Manager.

Each value is generated when its secret is created and never looked at again: a secret that was rotated stays as it is.
Whatever needs a value takes it from the secret's version, so that it is the stored one even when an update that made it
stopped half-way. With a key of the stack's own only its roles can decrypt them. A secret costs 0.40 USD a month.

Where a stack in another region stands by, those that belong to the data are copied there by Secrets Manager, under a
key of AWS, at the same price; that stack is given the copies and makes alone the password of its cache and, where
events go to a web server, the key of their signatures.
"""

import base64
import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi_aws as aws
from pulumi import ComponentResource, Input, Output, ResourceOptions

from infra.data_store_settings import CACHE_USER
from infra.settings import Settings

Content = Mapping[str, str] | Sequence[Mapping[str, str]]
"""What a secret holds, as JSON."""


@dataclass(frozen=True)
class SecretsArgs:
    """What the secrets are made for; without a key they are encrypted with the one that AWS keeps for the account."""

    settings: Settings
    key_arn: Input[str] | None = None


class Secrets(ComponentResource):
    """ARNs of the secrets, and the values that data stores are created with (secret outputs)."""

    database_user_arn: Output[str]
    database_admin_arn: Output[str]
    database_admin_password: Output[str] | None
    token_key_arn: Output[str]
    access_keys_arn: Output[str]
    cache_arn: Output[str]
    cache_password: Output[str]
    webhook_arn: Output[str] | None

    def __init__(self, name: str, args: SecretsArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("workflow:aws:Secrets", name, None, opts)
        settings = args.settings
        self._name, self._child = name, ResourceOptions(parent=self)
        self._recovery_days, self._key_arn = settings.stack.secret_recovery_days, args.key_arn
        if settings.standby.primary:
            self._adopt(settings.standby.secrets)
        else:
            self._make(settings)
        cache = self._secret("cache", "Redis user of the engine", cache_login())
        self.cache_arn, self.cache_password = cache.secret_id, _entry(cache, "password")
        self.webhook_arn = self._webhook() if settings.events.publisher == "webhook" else None
        self.register_outputs(
            {
                "databaseAdminArn": self.database_admin_arn,
                "databaseUserArn": self.database_user_arn,
                "tokenKeyArn": self.token_key_arn,
                "accessKeysArn": self.access_keys_arn,
            }
        )

    def _make(self, settings: Settings) -> None:
        region = settings.standby.region
        admin = self._secret(
            "database-admin", "Database user of migrations", login(settings.database.admin_user), region
        )
        user = self._secret("database-user", "Database user of the engine", login(settings.database.user), region)
        # Two secrets: what Secrets Manager has as a secret's value before is what was rotated, whoever edits the other.
        token_key = self._secret("token-key", "Key of bearer tokens", token_key_content(), region)
        access_keys = self._secret("access-keys", "Access keys of the API", [new_access_key()], region)
        self.database_admin_arn, self.database_user_arn = admin.secret_id, user.secret_id
        self.database_admin_password = _entry(admin, "password")
        self.token_key_arn, self.access_keys_arn = token_key.secret_id, access_keys.secret_id

    def _adopt(self, arns: Mapping[str, str]) -> None:
        self.database_admin_arn = Output.from_input(arns["databaseAdmin"])
        self.database_user_arn = Output.from_input(arns["databaseUser"])
        self.database_admin_password = None
        self.token_key_arn = Output.from_input(arns["tokenKey"])
        self.access_keys_arn = Output.from_input(arns["accessKeys"])

    def _webhook(self) -> Output[str]:
        return self._secret("webhook", "Key of the signatures of events", webhook_key()).secret_id

    def _secret(
        self, label: str, description: str, content: Content, copied_to: str = ""
    ) -> aws.secretsmanager.SecretVersion:
        name = f"{self._name}-{label}"
        secret = aws.secretsmanager.Secret(
            name,
            description=description,
            kms_key_id=self._key_arn,
            recovery_window_in_days=self._recovery_days,
            replicas=[aws.secretsmanager.SecretReplicaArgs(region=copied_to)] if copied_to else None,
            opts=self._child,
        )
        return aws.secretsmanager.SecretVersion(
            name,
            secret_id=secret.arn,
            secret_string=Output.secret(json.dumps(content, sort_keys=True)),
            opts=ResourceOptions(parent=self, ignore_changes=["secretString"]),
        )


def login(username: str) -> dict[str, str]:
    """A database user and a new password of 256 bits."""
    return {"username": username, "password": secrets.token_urlsafe(32)}


def cache_login() -> dict[str, str]:
    """The engine's user of Redis and a new password: ElastiCache takes 16 to 128 characters."""
    return {"username": CACHE_USER, "password": secrets.token_hex(32)}


def webhook_key() -> dict[str, str]:
    """A new key of 256 bits, written as the Standard Webhooks specification has secrets."""
    return {"signingSecret": "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()}


def token_key_content() -> dict[str, str]:
    """A new key of bearer tokens, of 384 bits."""
    return {"jwtSecret": secrets.token_urlsafe(48)}


def new_access_key() -> dict[str, str]:
    """A new access key of the organization `default`, an item of API_ACCESS_KEYS."""
    return {
        "accessKeyId": "WFKEY" + base64.b32encode(secrets.token_bytes(10)).decode().rstrip("="),
        "secretAccessKey": secrets.token_urlsafe(30),
        "organization": "default",
    }


def _entry(version: aws.secretsmanager.SecretVersion, key: str) -> Output[str]:
    return Output.secret(version.secret_string.apply(lambda content: _read_entry(content or "{}", key)))


def _read_entry(content: str, key: str) -> str:
    entries: dict[str, str] = json.loads(content)
    return entries.get(key, "")
