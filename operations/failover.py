"""`failover`: the stack that stands by serves from now on, and the other one doesn't."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from pathlib import Path

from operations import outputs, promotion
from operations.errors import OperationError, RefusedError
from operations.fence import fence
from operations.image_tag import current_tag
from operations.pulumi import GoAhead
from operations.release import find_digest
from operations.results import Result
from operations.side import Side, confirm, open_side, require_two
from operations.up import wait_for_service
from tools.progress import say


@dataclass(frozen=True)
class FailoverOptions:
    """How a failover goes about it.

    Attributes:
        lost: whether the region of the stack that serves can't be reached, so that nothing there can be stopped.
        typed: the name of the stack that is to serve, in place of typing it.
        backend: the URL of the state of the stack that serves, where it is in another bucket.
    """

    lost: bool = False
    typed: str | None = None
    backend: str | None = None


def failover(root: Path, origin: str, target: str, options: FailoverOptions) -> Result:
    """Let `target` serve in place of `origin`: stop the one, promote the other's database, start its tasks.

    Each step looks first whether it is done, so that the same command goes on after a break.

    Raises:
        RefusedError: the target doesn't stand by for the origin, has no image, or another name was typed; nothing was
            changed then.
        OperationError: a step failed. Before the promotion the origin works again; after it, the same command goes on.
    """
    require_two(origin, target)
    heir = open_side(root, target)
    first = None if options.lost else open_side(root, origin, backend=options.backend)
    replica = bool(promotion.source_of(heir.clients.rds, heir.database))
    tag = _require_ready(heir, origin, first, replica=replica)
    confirm(target, _warning(heir, origin, lost=options.lost and replica), options.typed)
    until = _stop_writes(first, heir, replica=replica)
    heir.stack.set_config("standby", "false")
    promotion.promote(heir.clients.rds, heir.database)
    _activate(heir)
    if first is None:
        say(f"before {origin} is touched again: `standby --stack {origin} --of {target}`, which stops its tasks")
    lost = until.isoformat() if until else None
    return Result({"stack": target, "from": origin, "imageTag": tag, "lostAfter": lost})


def _require_ready(heir: Side, origin: str, first: Side | None, *, replica: bool) -> str:
    """The tag of the image that the heir will run."""
    if first is not None and not heir.follows(first):
        raise RefusedError(_why_not_heir(heir, first))
    follow = f"`standby --stack {heir.name} --of {origin}`"
    if not replica and (heir.stands_by or not heir.found.database_replica_of):
        # One that was promoted for this failover belongs to a stack whose file says that it serves.
        raise RefusedError(
            f"The database {heir.database} of stack {heir.name} follows nothing and would be behind: {follow} makes a "
            f"replica. Only if {origin} is gone for good and this is the best that is left: set standby: false in "
            f"Pulumi.{heir.name}.yaml and run `make up STACK={heir.name}`."
        )
    tag = current_tag(heir.stack)
    if tag is None:
        raise RefusedError(
            f"Stack {heir.name} names no image: set imageTag in Pulumi.{heir.name}.yaml to what {origin} ran last, "
            "then run this again."
        )
    find_digest(heir.clients, heir.found, tag)
    return tag


def _why_not_heir(heir: Side, first: Side) -> str:
    if first.stands_by and first.follows(heir):
        return (
            f"Stack {heir.name} serves already, and {first.name} follows it: there is nothing to do. To let "
            f"{first.name} serve, run `failover --from {heir.name} --to {first.name}`."
        )
    return (
        f"Stack {heir.name} does not follow {first.name}: run `standby --stack {heir.name} --of {first.name}`, which "
        "takes as long as a new replica does, then this again."
    )


def _warning(heir: Side, origin: str, *, lost: bool) -> str:
    if not lost:
        return f"This stops {origin} and lets {heir.name} serve in its place."
    until = promotion.replayed_until(heir.clients.cloudwatch, heir.database)
    known = f"after {until:%Y-%m-%d %H:%M:%S} UTC" if until else "in a last while that nobody knows"
    return (
        f"This lets {heir.name} serve without {origin}: what was committed there {known} is lost, and tasks that still "
        "run there go on."
    )


def _stop_writes(first: Side | None, heir: Side, *, replica: bool) -> datetime.datetime | None:
    """Stop whoever writes and wait until the replica has all of it; how far it is, where nobody could be stopped.

    From then on the first stack's file says that it stands by: a command that goes on neither waits again, for a
    replica that is being promoted, nor lets the first one work again.
    """
    if first is None:
        return promotion.replayed_until(heir.clients.cloudwatch, heir.database) if replica else None
    fenced = fence(first.clients, first.found)
    if replica and not first.stands_by:
        try:
            promotion.wait_until_caught_up(heir.clients.cloudwatch, heir.database, datetime.datetime.now(datetime.UTC))
        except (OperationError, KeyboardInterrupt):
            fenced.lift()
            raise
    first.stack.set_config("standby", "true")
    return None


def _activate(heir: Side) -> None:
    say(f"starting the tasks of {heir.name}")
    heir.stack.up(GoAhead.AT_ONCE, held=False)  # no rule may stand in the way of it
    found = outputs.read(heir.stack)
    wait_for_service(found, heir.clients)
    say(f"stack {heir.name} serves: {found.api_url}")
