"""What a stack of a second region has of the first one's: its secrets and its archive, as copies in its own region.

`share` writes the second stack's file; the others ask Secrets Manager how far its copies are.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from operations.clients import Clients
from operations.errors import BusyError, OperationError, RefusedError
from operations.outputs import Outputs
from operations.pulumi import PulumiStack
from operations.side import Side

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager.type_defs import ReplicationStatusTypeTypeDef

SECRETS = "replicatedSecrets"
LOOK_SECONDS = 2.0
TIMEOUT_SECONDS = 120.0


def originals(found: Outputs) -> dict[str, str]:
    """The ARNs of the secrets that belong to the data, by their names in `replicatedSecrets`."""
    return {
        "accessKeys": found.access_keys_secret_arn,
        "databaseAdmin": found.database_admin_secret_arn,
        "databaseUser": found.database_user_secret_arn,
        "tokenKey": found.token_key_secret_arn,
    }


def copy_of(arn: str, region: str) -> str:
    """The ARN of a secret's copy: the region alone differs ("Replicate AWS Secrets Manager secrets across Regions")."""
    parts = arn.split(":")
    return ":".join([*parts[:3], region, *parts[4:]])


def share(stack: PulumiStack, source: Side, region: str) -> list[str]:
    """Write into a stack's file what it has of the source's; the keys that said something else before.

    Secrets that this program knows by no such name are taken out: an older one may have had others.
    """
    found = source.found
    wanted = {
        "primaryStack": source.name,
        **{f"{SECRETS}.{name}": copy_of(arn, region) for name, arn in originals(found).items()},
        "replicatedArchive": found.archive_copy_bucket,
        "replicatedArchiveKey": found.archive_copy_key_arn,
    }
    known = _known(stack)
    changed = [key for key, value in wanted.items() if known.get(key, "") != value]
    for key in changed:
        stack.set_config(key, wanted[key], path="." in key)
    for key in known.keys() - wanted.keys():
        stack.remove_config(key)
    return changed


def _known(stack: PulumiStack) -> Mapping[str, str]:
    secrets: dict[str, str] = json.loads(stack.get_config(SECRETS) or "{}")
    plain = {key: stack.get_config(key) or "" for key in ("primaryStack", "replicatedArchive", "replicatedArchiveKey")}
    return {**plain, **{f"{SECRETS}.{name}": arn for name, arn in secrets.items()}}


def require_copies(source: Side, region: str) -> None:
    """Look whether there is a copy of each secret in a region.

    Raises:
        RefusedError: there is none of some, or AWS couldn't make it.
        BusyError: AWS is still making one.
    """
    name = source.name
    again = f"set standbyRegion: {region} in Pulumi.{name}.yaml, run `make up STACK={name}`, then this again"
    for secret, arn in originals(source.found).items():
        if not arn:
            raise RefusedError(f"Stack {name} was last updated by an older program: run `make up STACK={name}`.")
        status = {copy.get("Region"): copy for copy in _copies(source.clients, arn)}.get(region)
        if status is None:
            raise RefusedError(f"The secret {secret} of stack {name} has no copy in {region}: {again}.")
        if status.get("Status") == "InProgress":
            raise BusyError(f"AWS is still copying the secret {secret} of stack {name} to {region}: try again.")
        if status.get("Status") == "Failed":
            raise RefusedError(_failed(f"the secret {secret} of stack {name}", arn, status))


def await_in_step(clients: Clients, arn: str, what: str) -> None:
    """Return when every copy of a secret that was just changed has its new value; one that has no copies is so.

    Raises:
        OperationError: AWS couldn't copy it, or not within a while.
    """
    deadline = time.monotonic() + TIMEOUT_SECONDS
    while under_way := [copy for copy in _copies(clients, arn) if copy.get("Status") == "InProgress"]:
        if time.monotonic() >= deadline:
            regions = ", ".join(copy.get("Region", "") for copy in under_way)
            look = f"`aws secretsmanager describe-secret --secret-id {arn}` says when it is done"
            raise OperationError(f"AWS is still copying {what} to {regions} after {TIMEOUT_SECONDS:.0f} s: {look}.")
        time.sleep(LOOK_SECONDS)
    for copy in _copies(clients, arn):
        if copy.get("Status") == "Failed":
            raise OperationError(_failed(what, arn, copy))


def _failed(what: str, arn: str, status: ReplicationStatusTypeTypeDef) -> str:
    region, why = status.get("Region", ""), status.get("StatusMessage", "no reason is given")
    mend = f"`aws secretsmanager replicate-secret-to-regions --secret-id {arn} --add-replica-regions Region={region}"
    return (
        f"AWS could not copy {what} to {region} ({why}), so an engine there would have another one. Mend the reason; "
        f"then {mend} --force-overwrite-replica-secret` makes the copy anew."
    )


def _copies(clients: Clients, arn: str) -> Iterator[ReplicationStatusTypeTypeDef]:
    yield from clients.secrets.describe_secret(SecretId=arn).get("ReplicationStatus", [])
