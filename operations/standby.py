"""`standby`: a stack follows another one in another region, for the first time or after it has served itself."""

from __future__ import annotations

from pathlib import Path

import msgspec

from operations import outputs, promotion
from operations.copies import require_copies, share
from operations.errors import OperationError, RefusedError
from operations.fence import fence
from operations.pulumi import GoAhead, PulumiStack
from operations.results import Result
from operations.side import Side, confirm, open_side, require_two
from operations.stacks import open_stack
from tools.progress import say


class _Resource(msgspec.Struct, rename="camel"):
    urn: str
    protect: bool = False
    retain_on_delete: bool = False


class _Deployment(msgspec.Struct):
    resources: list[_Resource] = []


class _State(msgspec.Struct):
    deployment: _Deployment


def stand_by(root: Path, name: str, of: str, go_ahead: GoAhead, typed: str | None = None) -> Result:
    """Let the stack `name` stand by for the stack `of`, with a replica of its database and copies of its secrets.

    One that does so already gets what the other has to share since then: an archive, secrets that were made anew. One
    that has served is stopped first; its database stays in the account as it is, outside the stack, since it may hold
    what the other region never got. That is done once its name was typed; `typed` is it as an option has it.

    Raises:
        RefusedError: the stack `of` stands by itself, the other took over from it, its secrets have no copies in the
            region, another name was typed, or an update has yet to tell Pulumi that the database is kept.
        OperationError: a step failed; the same command goes on.
    """
    require_two(name, of)
    source = open_side(root, of)
    stack = _require_able(root, name, source)
    region = _require_shared(stack, source)
    kept = None
    if not _follows(stack, source) and stack.outputs().get("databaseArn"):
        kept = _leave_database(open_side(root, name), of, typed)
    if region is not None and (written := share(stack, source, region)):
        say(f"{name} is told of {of}: {', '.join(written)}")
    stack.set_config("standby", "true")
    # The last: by that a command that goes on knows that the database before is left behind.
    stack.set_config("databaseReplicaOf", source.found.database_arn)
    stack.up(go_ahead)
    found = outputs.read(stack)
    say(f"stack {name} follows {of}, with the database {promotion.name_of(found.database_arn)}")
    return Result({"stack": name, "of": of, "database": found.database_arn, "kept": kept})


def _require_able(root: Path, name: str, source: Side) -> PulumiStack:
    """The stack `name`, unless one of both is in a role that keeps it from following the other."""
    of = source.name
    if source.stands_by:
        raise RefusedError(
            f"Stack {of} stands by itself: it can't be what {name} follows. If {of} is to follow, run `standby --stack "
            f"{of} --of {name}`; if it is to serve, `failover --from {name} --to {of}`."
        )
    stack, _ = open_stack(root, name)
    if not stack.exists():
        raise RefusedError(
            f"There is no stack {name} in the state that Pulumi is logged in to: `bootstrap --stack {name}` says where "
            f"it belongs. Run `pulumi login` there, `pulumi stack init {name}` if it was never made, then this again."
        )
    if _follows(stack, source) and stack.get_config("standby") != "true":
        raise RefusedError(
            f"Stack {name} took over from {of}: run `standby --stack {of} --of {name}` to let {of} follow it, or "
            f"`failback --from {name} --to {of}` to let {of} serve again."
        )
    return stack


def _follows(stack: PulumiStack, source: Side) -> bool:
    """Whether the stack's file says that its database is a replica of the source's, or was made as one."""
    return stack.get_config("databaseReplicaOf") == source.found.database_arn


def _require_shared(stack: PulumiStack, source: Side) -> str | None:
    """The region that the source's secrets are copied to; None where they are this stack's own.

    After a failover the first stack follows the second one, which has the copies of the first one's.
    """
    owner = source.stack.get_config("primaryStack")
    if owner == stack.name:
        return None
    if owner:
        raise RefusedError(
            f"Stack {source.name} has its secrets from {owner}: {owner} alone can stand by for it, not {stack.name}."
        )
    region = stack.get_config("region")
    if not region:
        raise RefusedError(f"Pulumi.{stack.name}.yaml names no region: set aws:region to the second one.")
    require_copies(source, region)
    return region


def _leave_database(side: Side, of: str, typed: str | None) -> str:
    """Stop what works with the database and take it out of the next update's reach; its ARN."""
    found = _find_database(side)
    if not found.retain_on_delete:
        raise RefusedError(
            f"Stack {side.name} would lose its database {side.database} by an update, but it is to be kept beside the "
            f"replica: set standbyRegion in Pulumi.{side.name}.yaml to the region of {of}, run `make up "
            f"STACK={side.name}`, then this again."
        )
    confirm(side.name, f"This stops {side.name} for good: what it does now, {of} does from here on.", typed)
    fence(side.clients, side.found)
    if found.protect:
        side.stack.unprotect(found.urn)
    generation = int(side.stack.get_config("databaseGeneration") or "1") + 1
    side.stack.set_config("databaseGeneration", str(generation))
    say(f"the database {side.database} stays as it is, outside the stack: delete it once nobody misses anything")
    return side.found.database_arn


def _find_database(side: Side) -> _Resource:
    state = msgspec.json.decode(side.stack.exported(), type=_State)
    end = f"aws:rds/instance:Instance::{side.database}"
    found = [resource for resource in state.deployment.resources if resource.urn.endswith(end)]
    if not found:
        raise OperationError(
            f"The state of {side.name} has no database {side.database}, though its outputs name it: run `make up "
            f"STACK={side.name}`, then this again."
        )
    return found[0]
