"""`failback`: the stack that served before a failover serves again, and the other one stands by as before."""

from __future__ import annotations

from pathlib import Path

from operations.failover import FailoverOptions, failover
from operations.pulumi import GoAhead
from operations.results import Result
from operations.side import confirm, open_side, require_two
from operations.standby import stand_by


def failback(root: Path, origin: str, target: str, typed: str | None) -> Result:
    """Let `target` serve again in place of `origin`: follow it, take over from it, and be followed by it.

    The target is rebuilt as a standby, so it gets all that was done meanwhile, and the switch loses nothing. Whatever
    of this is done is not done again.

    Raises:
        RefusedError: another name was typed; nothing was changed then.
        OperationError: a step failed; the same command goes on.
    """
    require_two(origin, target)
    serving, returning = open_side(root, origin), open_side(root, target)
    confirm(target, f"This rebuilds {target} as a replica of {origin}, and then lets it serve in its place.", typed)
    if not (serving.stands_by and serving.follows(returning)):
        if not returning.follows(serving):
            stand_by(root, target, origin, GoAhead.PREVIEWED, target)
        failover(root, origin, target, FailoverOptions(typed=target))
    stand_by(root, origin, target, GoAhead.PREVIEWED, origin)
    return Result({"stack": target, "from": origin})
