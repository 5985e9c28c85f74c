"""What rotations do with a secret in Secrets Manager, whose content is a JSON object."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

from operations.clients import Clients
from operations.deployment import find_service, under_way
from operations.errors import BusyError
from operations.outputs import Outputs

if TYPE_CHECKING:
    from mypy_boto3_ecs.type_defs import ServiceTypeDef
    from mypy_boto3_secretsmanager.client import SecretsManagerClient

CURRENT, PENDING = "AWSCURRENT", "AWSPENDING"
"""The staging labels of a secret's value and of the one that is to come (Secrets Manager, "Rotation")."""


class Renewed(NamedTuple):
    """What was done, in a sentence, and what a program wants to know of it."""

    sentence: str
    details: Mapping[str, str] = {}


def settled_service(clients: Clients, found: Outputs) -> ServiceTypeDef:
    """The stack's service; raises BusyError while a deployment of it is under way."""
    service = find_service(clients.ecs, found.cluster_name, found.service_name)
    if revision := under_way(service):
        raise BusyError(f"ECS is still deploying {revision}: rotate when it is done.")
    return service


def read(client: SecretsManagerClient, arn: str, stage: str = CURRENT) -> dict[str, str]:
    """The content of a secret."""
    content: dict[str, str] = json.loads(client.get_secret_value(SecretId=arn, VersionStage=stage)["SecretString"])
    return content


def put(client: SecretsManagerClient, arn: str, content: Mapping[str, str], stage: str = CURRENT) -> str:
    """Store a content; gives its version. Secrets Manager keeps the one before as AWSPREVIOUS."""
    text = json.dumps(content, sort_keys=True)
    return client.put_secret_value(SecretId=arn, SecretString=text, VersionStages=[stage])["VersionId"]
