"""The password of the engine's user of the cache.

ElastiCache lets a user have two passwords: while the secret changes both count. Connections that are open stay, and an
engine whose login is refused reads the secret again. However often this breaks off, the stored password counts.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from operations.clients import Clients
from operations.errors import OperationError, RefusedError
from operations.outputs import Outputs
from operations.rotation.secret import Renewed, put, read
from tools.progress import say

if TYPE_CHECKING:
    from mypy_boto3_elasticache.client import ElastiCacheClient

LOOK_SECONDS = 2.0
TIMEOUT_SECONDS = 600.0
PASSWORD_BYTES = 32


def renew(clients: Clients, found: Outputs, name: str) -> Renewed:
    """Give the user a new password, and store it.

    Raises:
        RefusedError: the cache of the stack has no users yet.
        OperationError: ElastiCache doesn't get done with the user.
    """
    user, arn = found.cache_user_id, found.cache_secret_arn
    if not user:
        raise RefusedError(f"The cache of stack {name} has no users yet: run `make up STACK={name}` first.")
    login = read(clients.secrets, arn)
    password = secrets.token_hex(PASSWORD_BYTES)
    _set_passwords(clients.elasticache, user, [login["password"], password])
    say(f"user {user} has a new password beside the old one")
    put(clients.secrets, arn, {**login, "password": password})
    say("the secret has it")
    _set_passwords(clients.elasticache, user, [password])
    return Renewed(f"The cache user of stack {name} has a new password.", {"user": user})


def _set_passwords(client: ElastiCacheClient, user: str, passwords: Sequence[str]) -> None:
    """Give a user these passwords alone, and wait until they count."""
    _await_active(client, user)
    client.modify_user(UserId=user, Passwords=passwords)
    _await_active(client, user)


def _await_active(client: ElastiCacheClient, user: str) -> None:
    deadline = time.monotonic() + TIMEOUT_SECONDS
    while (status := client.describe_users(UserId=user)["Users"][0]["Status"]) != "active":
        if time.monotonic() >= deadline:
            raise OperationError(
                f"ElastiCache has user {user} as {status} after {TIMEOUT_SECONDS:.0f} s; engines go on as before. "
                "Rotate again when it is active."
            )
        time.sleep(LOOK_SECONDS)
