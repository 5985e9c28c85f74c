"""`standby`: a stack follows another one in another region, for the first time or after it has served itself."""

from __future__ import annotations

from pathlib import Path

import msgspec

from operations import outputs, promotion
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

    A stack that has served is stopped first; its database stays in the account as it is, outside the stack, since it
    may hold what the other region never got. That is done once its name was typed; `typed` is it as an option has it.

    Raises:
        RefusedError: the stack `of` stands by itself or the other took over from it, another name was typed, or an
            update has yet to tell Pulumi that the database is kept.
        OperationError: a step failed; the same command goes on.
    """
    require_two(name, of)
    source = open_side(root, of)
    if source.stands_by:
        raise RefusedError(f"Stack {of} stands by itself: it can't be what {name} follows.")
    stack, _ = open_stack(root, name)
    if not stack.exists():
        raise RefusedError(f"There is no stack {name} yet: run `pulumi stack init {name}`.")
    kept = None
    if stack.get_config("databaseReplicaOf") != source.found.database_arn:
        kept = _leave_database(open_side(root, name), of, typed) if stack.outputs().get("databaseArn") else None
        _configure(stack, source)
    elif stack.get_config("standby") != "true":
        raise RefusedError(f"Stack {name} took over from {of}: let {of} stand by for it, or use `failback`.")
    stack.up(go_ahead)
    found = outputs.read(stack)
    say(f"stack {name} follows {of}, with the database {promotion.name_of(found.database_arn)}")
    return Result({"stack": name, "of": of, "database": found.database_arn, "kept": kept})


def _leave_database(side: Side, of: str, typed: str | None) -> str:
    """Stop what works with the database and take it out of the next update's reach; its ARN."""
    found = _find_database(side)
    if not found.retain_on_delete:
        advice = f"set standbyRegion and run `make up STACK={side.name}`"
        raise RefusedError(f"An update would delete the database {side.database} of {side.name}: {advice} first.")
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
        raise OperationError(f"The state of {side.name} has no database {side.database}.")
    return found[0]


def _configure(stack: PulumiStack, source: Side) -> None:
    """Write what makes it a standby, the database last: by that a command that goes on knows that all is written."""
    if source.stack.get_config("primaryStack") != stack.name:
        region = stack.get_config("region") or ""
        secrets = {
            "api": source.found.api_token_secret_arn,
            "databaseAdmin": source.found.database_admin_secret_arn,
            "databaseUser": source.found.database_user_secret_arn,
        }
        stack.set_config("primaryStack", source.name)
        for key, arn in secrets.items():
            stack.set_config(f"replicatedSecrets.{key}", _copy_of(arn, region), path=True)
        if source.found.archive_copy_bucket:
            stack.set_config("replicatedArchive", source.found.archive_copy_bucket)
            stack.set_config("replicatedArchiveKey", source.found.archive_copy_key_arn)
    stack.set_config("standby", "true")
    stack.set_config("databaseReplicaOf", source.found.database_arn)


def _copy_of(arn: str, region: str) -> str:
    """The ARN of a secret's copy: the region alone differs ("Replicate AWS Secrets Manager secrets across Regions")."""
    parts = arn.split(":")
    return ":".join([*parts[:3], region, *parts[4:]])
