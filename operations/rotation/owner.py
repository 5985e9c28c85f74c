"""Whose secret it is, where a stack in another region stands by: which stack may change it, and when.

What belongs to the data is made by the first region's stack; the other one has Secrets Manager's copies, which can only
be read. The database takes a new password only where it is written to, by the stack that serves.
"""

from __future__ import annotations

from typing import NamedTuple

from operations.clients import Clients
from operations.errors import RefusedError

OF_THE_DATABASE = ("database-admin", "database-user")


class Holder(NamedTuple):
    """A stack that is asked to change a secret.

    Attributes:
        name: the stack's name.
        stands_by: whether it stands by for the stack of another region.
        primary: the name of the first region's stack, whose copies it has; empty where it is that one itself, or alone.
    """

    name: str
    stands_by: bool = False
    primary: str = ""


def require_owner(clients: Clients, holder: Holder, secret: str, arn: str) -> None:
    """Refuse, and say what to do instead, where a stack can't change a secret with this ARN now."""
    origin = clients.secrets.describe_secret(SecretId=arn).get("PrimaryRegion") or clients.region
    of_database = secret in OF_THE_DATABASE
    if origin != clients.region:
        raise RefusedError(_of_copy(holder, secret, str(origin), serves=of_database and not holder.stands_by))
    if of_database and holder.stands_by:
        raise RefusedError(
            f"Stack {holder.name} stands by, and its database takes no writes: the {secret} password changes once it "
            f"serves again. Run `failback --from OTHER --to {holder.name}`, with the stack that serves as OTHER, then "
            "this again."
        )


def _of_copy(holder: Holder, secret: str, origin: str, *, serves: bool) -> str:
    primary = holder.primary or f"the stack of {origin}"
    what = (
        f"Stack {holder.name} has a copy of this secret, which can only be read; the original is in {origin}, with "
        f"stack {primary}"
    )
    rotate = f"`rotate --stack {primary} --secret {secret}`"
    if serves:
        # The first region's stack stands by meanwhile, and no task of it reaches the database.
        return f"{what}, which stands by. Run `failback --from {holder.name} --to {primary}`, then {rotate}."
    return f"{what}. Run {rotate}; the copy follows by itself."
