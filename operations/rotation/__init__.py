"""`rotate`: another value for one of a stack's secrets, without a restart of anything (decision 13)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from operations import outputs
from operations.clients import Clients
from operations.outputs import Outputs
from operations.results import Result
from operations.rotation import cache, database_admin, database_user, token_key
from operations.rotation.secret import Renewed
from operations.stacks import open_stack

Renew = Callable[[Clients, Outputs, str], Renewed]

SECRETS: Mapping[str, Renew] = {
    "database-user": database_user.renew,
    "database-admin": database_admin.renew,
    "cache": cache.renew,
    "token-key": token_key.renew,
}
"""What can be rotated, by the name that the command has for it."""


def rotate(root: Path, name: str, secret: str) -> Result:
    """Give the secret `secret`, a key of SECRETS, of the stack `name` another value.

    Raises:
        RefusedError: the stack has no such secret, or another region's stack owns it.
        BusyError: a deployment is under way, whose tasks could still start with the value before.
        OperationError: the new value isn't taken everywhere; the message says what counts now.
    """
    stack, clients = open_stack(root, name)
    found = outputs.read(stack)
    renewed = SECRETS[secret](replace(clients, region=found.region), found, name)
    return Result({"stack": name, "secret": secret, **renewed.details}, f"{renewed.sentence}\n")
