"""`rotate`: another value for one of a stack's secrets, without a restart of anything (decision 13)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from operator import attrgetter
from pathlib import Path
from typing import NamedTuple

from operations import copies, outputs
from operations.clients import Clients
from operations.errors import OperationError, RefusedError
from operations.outputs import Outputs
from operations.results import Result
from operations.rotation import cache, database_admin, database_user, token_key
from operations.rotation.owner import Holder, require_owner
from operations.rotation.secret import Renewed
from operations.stacks import open_stack


class Kind(NamedTuple):
    """How a secret gets another value, and which of a stack's it is."""

    renew: Callable[[Clients, Outputs, str], Renewed]
    arn: Callable[[Outputs], str]


SECRETS: Mapping[str, Kind] = {
    "database-user": Kind(database_user.renew, attrgetter("database_user_secret_arn")),
    "database-admin": Kind(database_admin.renew, attrgetter("database_admin_secret_arn")),
    "cache": Kind(cache.renew, attrgetter("cache_secret_arn")),
    "token-key": Kind(token_key.renew, attrgetter("token_key_secret_arn")),
}
"""What can be rotated, by the name that the command has for it."""


def rotate(root: Path, name: str, secret: str) -> Result:
    """Give the secret `secret`, a key of SECRETS, of the stack `name` another value.

    A copy in another region that AWS couldn't make is a failure in the result: the new value counts all the same.

    Raises:
        RefusedError: the stack has no such secret, or it can't change it now.
        BusyError: a deployment is under way, whose tasks could still start with the value before.
        OperationError: the new value isn't taken everywhere; the message says what counts now.
    """
    stack, clients = open_stack(root, name)
    found, kind = outputs.read(stack), SECRETS[secret]
    clients, arn = replace(clients, region=found.region), kind.arn(found)
    if not arn:
        raise RefusedError(f"Stack {name} was last updated by an older program: run `make up STACK={name}`.")
    holder = Holder(name, stack.get_config("standby") == "true", stack.get_config("primaryStack") or "")
    require_owner(clients, holder, secret, arn)
    renewed = kind.renew(clients, found, name)
    failure = None
    try:
        copies.await_in_step(clients, arn, f"the {secret} secret of stack {name}")
    except OperationError as error:
        failure = OperationError(f"{renewed.sentence} But {error}")
    return Result({"stack": name, "secret": secret, **renewed.details}, f"{renewed.sentence}\n", failure=failure)
