"""Secrets (AWS Secrets Manager API Reference)."""

from __future__ import annotations

from sandbox.aws.api import Api
from sandbox.aws.definition import Autoname, ResourceType, Update
from sandbox.aws.values import Properties

RECOVERY_DAYS = 30
"""How long a deleted secret can be had back, where the program doesn't say."""


def _delete_secret(api: Api, identity: str, state: Properties) -> None:
    days = state.get("recoveryWindowInDays", RECOVERY_DAYS)
    how = {"RecoveryWindowInDays": days} if days else {"ForceDeleteWithoutRecovery": True}
    api.call("DeleteSecret", {"SecretId": identity, **how})


def _copy(api: Api, identity: str, old: Properties, new: Properties) -> None:
    """Copy the secret to the regions that were added, and take it away from those that were dropped."""
    before, after = (_regions(state.get("replicas")) for state in (old, new))
    if added := [region for region in after if region not in before]:
        regions = [{"Region": region} for region in added]
        api.call("ReplicateSecretToRegions", {"SecretId": identity, "AddReplicaRegions": regions})
    if dropped := [region for region in before if region not in after]:
        api.call("RemoveRegionsFromReplication", {"SecretId": identity, "RemoveReplicaRegions": dropped})


def _regions(copies: object) -> list[str]:
    return [str(copy["region"]) for copy in copies] if isinstance(copies, list) else []


def _never(_: Properties) -> bool:
    return False


TYPES = (
    ResourceType(
        type="aws:secretsmanager/secret:Secret",
        service="secretsmanager",
        create="CreateSecret",
        id="ARN",
        read="DescribeSecret",
        found="[@] | [?DeletedDate==`null`] | [0]",
        delete=None,
        updates=[Update("UpdateSecret")],
        key={"SecretId": "{id}"},
        local=frozenset({"forceOverwriteReplicaSecret", "recoveryWindowInDays"}),
        handled=frozenset({"replicas"}),
        change=_copy,
        autoname=Autoname("name", 512),
        before_delete=_delete_secret,
        replaces=frozenset({"name", "namePrefix"}),
        empty=frozenset({"policy"}),
    ),
    ResourceType(
        type="aws:secretsmanager/secretVersion:SecretVersion",
        service="secretsmanager",
        create="PutSecretValue",
        created="@",
        id="{secretId}|{VersionId}",
        read="GetSecretValue",
        found="@",
        # A version goes with its secret: AWS has no operation that deletes one.
        delete=None,
        key={"SecretId": "{secretId}", "VersionId": "{versionId}"},
        receive={"secretArn": "ARN", "secretId": "ARN"},
        computed={"hasSecretStringWo": _never},
        replaces=frozenset({"secretBinary", "secretId", "secretString", "versionStages"}),
    ),
)
