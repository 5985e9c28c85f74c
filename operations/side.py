"""One of the two stacks of which one serves and the other stands by in another region."""

from __future__ import annotations

import sys
from dataclasses import dataclass, replace
from pathlib import Path

from operations import outputs
from operations.clients import Clients
from operations.errors import RefusedError
from operations.outputs import Outputs
from operations.promotion import name_of
from operations.pulumi import PulumiStack
from operations.stacks import open_stack


@dataclass(frozen=True)
class Side:
    """A stack that is up, and clients of its region."""

    stack: PulumiStack
    clients: Clients
    found: Outputs

    @property
    def name(self) -> str:
        """The stack's name."""
        return self.stack.name

    @property
    def database(self) -> str:
        """The identifier of its database."""
        return name_of(self.found.database_arn)

    @property
    def stands_by(self) -> bool:
        """Whether its file says so."""
        return self.stack.get_config("standby") == "true"

    def follows(self, other: Side) -> bool:
        """Whether its database was made as a replica of the other's, by an update that ended."""
        return self.found.database_replica_of == other.found.database_arn


def open_side(root: Path, name: str, *, backend: str | None = None) -> Side:
    """The stack `name`; `backend` is the URL of its state where it isn't the usual one."""
    stack, clients = open_stack(root, name, backend=backend)
    found = outputs.read(stack)
    if not found.database_arn:
        raise RefusedError(f"Stack {name} was last updated by an older program: run `make up STACK={name}`.")
    return Side(stack, replace(clients, region=found.region), found)


def require_two(one: str, other: str) -> None:
    """Refuse two names of the same stack."""
    if one == other:
        raise RefusedError(f"Stack {one} can't stand by for itself: name two stacks.")


def confirm(name: str, what: str, typed: str | None) -> None:
    """Refuse to go on unless the stack's name is typed; `typed` is what an option has in place of that."""
    if typed is None:
        sys.stderr.write(f"{what} Type {name} to go on: ")
        sys.stderr.flush()
        typed = sys.stdin.readline().strip()
    if typed != name:
        raise RefusedError(f"Nothing was changed: to go on, type the stack's name, {name}.")
