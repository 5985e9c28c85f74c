"""The password of the database's administrator, by which migrations alone log in.

ECS gives it to them when a task starts, so the secret changes right after RDS has taken the new password. Until then it
is kept beside the old one, as the version that is to come: whenever this breaks off, the next try goes on with it. A
task that starts in the seconds in between fails, and ECS starts another one.
"""

from __future__ import annotations

import secrets
import time
from typing import TYPE_CHECKING

from operations.clients import Clients
from operations.errors import OperationError, RefusedError
from operations.outputs import Outputs
from operations.promotion import name_of, source_of
from operations.rotation.secret import CURRENT, PENDING, Renewed, put, read, settled_service
from tools.progress import say

if TYPE_CHECKING:
    from mypy_boto3_rds.client import RDSClient
    from mypy_boto3_secretsmanager.client import SecretsManagerClient

LOOK_SECONDS = 5.0
TIMEOUT_SECONDS = 900.0
PASSWORD_BYTES = 32


def renew(clients: Clients, found: Outputs, name: str) -> Renewed:
    """Give the administrator a new password, and store it.

    Raises:
        RefusedError: the stack has no database, or the database follows another region's.
        BusyError: a deployment is under way, whose tasks run migrations.
        OperationError: RDS doesn't get done with it. Run again, it goes on with the same password.
    """
    arn = found.database_admin_secret_arn
    if not found.database_arn:
        raise RefusedError(f"Stack {name} has no database: run `make up STACK={name}` first.")
    database = name_of(found.database_arn)
    if source_of(clients.rds, database):
        raise RefusedError(
            f"The database {database} of stack {name} follows another region's, so it takes no password of its own: "
            "rotate by the stack that serves, or here after the failback."
        )
    if found.service_name:
        settled_service(clients, found)
    version = _pending(clients.secrets, arn) or _prepare(clients.secrets, arn)
    password = read(clients.secrets, arn, PENDING)["password"]
    clients.rds.modify_db_instance(DBInstanceIdentifier=database, MasterUserPassword=password, ApplyImmediately=True)
    _await_taken(clients.rds, database)
    say(f"database {database} has a new password of its administrator")
    _promote(clients.secrets, arn, version)
    return Renewed(f"The administrator of the database of stack {name} has a new password.", {"database": database})


def _prepare(client: SecretsManagerClient, arn: str) -> str:
    return put(client, arn, {**read(client, arn), "password": secrets.token_urlsafe(PASSWORD_BYTES)}, PENDING)


def _pending(client: SecretsManagerClient, arn: str) -> str | None:
    """The version that an earlier try was about to make the current one; one that is so by now needs no second try."""
    version = _with_label(client, arn, PENDING)
    return None if version == _with_label(client, arn, CURRENT) else version


def _promote(client: SecretsManagerClient, arn: str, version: str) -> None:
    before = _with_label(client, arn, CURRENT)
    client.update_secret_version_stage(
        SecretId=arn, VersionStage=CURRENT, MoveToVersionId=version, RemoveFromVersionId=before or ""
    )
    client.update_secret_version_stage(SecretId=arn, VersionStage=PENDING, RemoveFromVersionId=version)


def _with_label(client: SecretsManagerClient, arn: str, label: str) -> str | None:
    versions = client.describe_secret(SecretId=arn)["VersionIdsToStages"]
    return next((version for version, labels in versions.items() if label in labels), None)


def _await_taken(client: RDSClient, database: str) -> None:
    """Wait until RDS has given the administrator the password."""
    deadline = time.monotonic() + TIMEOUT_SECONDS
    while True:
        [found] = client.describe_db_instances(DBInstanceIdentifier=database)["DBInstances"]
        pending = "MasterUserPassword" in found.get("PendingModifiedValues", {})
        if found["DBInstanceStatus"] == "available" and not pending:
            return
        if time.monotonic() >= deadline:
            raise OperationError(
                f"RDS has database {database} as {found['DBInstanceStatus']} after {TIMEOUT_SECONDS:.0f} s: rotate "
                "again when it is available, that goes on with the same password."
            )
        time.sleep(LOOK_SECONDS)
