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
