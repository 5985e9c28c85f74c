"""The environment that a container starts with: its image's, its definition's, its secrets', and the machine's."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import msgspec
from moto.backends import get_backend

from sandbox.compute.definition import ContainerDefinition, SecretReference
from sandbox.images import LocalImage

_ARN_PARTS = 7


class SecretError(Exception):
    """A secret that a container needs can't be fetched; the reason as ECS gives it, never the value."""


class Machine(NamedTuple):
    """What every container gets from the sandbox."""

    endpoint_url: str
    region: str
    address: str

    def environment(self) -> dict[str, str]:
        """The account's address and credentials, and HOST, the task's own loopback address."""
        return {
            "HOST": self.address,
            "AWS_ENDPOINT_URL": self.endpoint_url,
            "AWS_REGION": self.region,
            "AWS_DEFAULT_REGION": self.region,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
        }


def build(definition: ContainerDefinition, image: LocalImage, machine: Machine) -> dict[str, str]:
    """Everything in the environment of a container's process; raises SecretError."""
    program = Path((definition.entry_point or image.entrypoint)[0])
    return {
        "PATH": f"{program.parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
        "LANG": "C.UTF-8",
        "HOME": image.working_directory,
        **image.environment,
        **{variable.name: variable.value for variable in definition.environment},
        **{secret.name: _fetch(secret) for secret in definition.secrets},
        **machine.environment(),
    }


def _fetch(secret: SecretReference) -> str:
    """Read `arn:aws:secretsmanager:REGION:ACCOUNT:secret:NAME[:KEY[:STAGE[:VERSION]]]` (ECS, "Pass sensitive data")."""
    parts = secret.value_from.split(":")
    if parts[2:3] != ["secretsmanager"] or len(parts) < _ARN_PARTS:
        raise _error(secret, "only ARNs of Secrets Manager are known here")
    arn = ":".join(parts[:_ARN_PARTS])
    key, stage, version = ([*parts[_ARN_PARTS:], "", "", ""])[:3]
    backend = get_backend("secretsmanager")[parts[4]][parts[3]]
    try:
        found = backend.get_secret_value(arn, version, stage)
    except Exception as error:
        raise _error(secret, f"{type(error).__name__} from Secrets Manager") from error
    text = str(found.get("SecretString") or "")
    return _field(secret, text, key) if key else text


def _field(secret: SecretReference, text: str, key: str) -> str:
    try:
        document: Mapping[str, object] = msgspec.json.decode(text, type=dict[str, object])
    except msgspec.DecodeError:
        raise _error(secret, "the secret isn't a JSON object") from None
    if key not in document:
        raise _error(secret, f"retrieved secret did not contain json key {key}")
    value = document[key]
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def _error(secret: SecretReference, why: str) -> SecretError:
    return SecretError(
        "ResourceInitializationError: unable to pull secrets or registry auth: "
        f"{secret.name} from {secret.value_from}: {why}."
    )
