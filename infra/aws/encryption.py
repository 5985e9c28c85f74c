"""The stack's own key, by option: what is encrypted with it can be read only through AWS services, in this account.

Without it AWS's keys encrypt the same data at no cost; with it the stack decides who may decrypt, every use shows in
CloudTrail, and whatever the key protects is gone when it is. The policy leaves administration to the account's IAM,
lets the services that keep the stack's data use the key on behalf of callers whom IAM allows it, and gives CloudWatch
and AWS Budgets the uses that no caller stands behind: the stack's log groups and alerts. Costs 1 USD a month, and 0.03
USD for 10,000 uses.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass

import pulumi_aws as aws
from pulumi import ComponentResource, Output, ResourceOptions

from infra.aws.provider import Account
from infra.settings import Settings

SHORTEST_DELETION_DAYS = 7
"""PendingWindowInDays of ScheduleKeyDeletion."""

ADMINISTRATION = (
    "kms:CancelKeyDeletion", "kms:CreateAlias", "kms:DeleteAlias", "kms:DescribeKey", "kms:DisableKey",
    "kms:DisableKeyRotation", "kms:EnableKey", "kms:EnableKeyRotation", "kms:GetKeyPolicy", "kms:GetKeyRotationStatus",
    "kms:ListGrants", "kms:ListKeyPolicies", "kms:ListKeyRotations", "kms:ListResourceTags", "kms:PutKeyPolicy",
    "kms:RevokeGrant", "kms:RotateKeyOnDemand", "kms:ScheduleKeyDeletion", "kms:TagResource", "kms:UntagResource",
    "kms:UpdateAlias", "kms:UpdateKeyDescription",
)  # fmt: skip
USE = ("kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*")
KEEPERS = ("backup", "ecr", "elasticache", "kafka", "rds", "s3", "secretsmanager", "sns")
"""Services that encrypt with the key for whoever calls them."""

GRANTED = ("backup", "ecr", "elasticache", "kafka", "rds")
"""Those of them that go on using it when the call is over, by a grant."""


@dataclass(frozen=True)
class EncryptionKeyArgs:
    """What the key is for; `label` tells it from the stack's other keys in its region, by the alias."""

    account: Account
    settings: Settings
    label: str = ""


class EncryptionKey(ComponentResource):
    """A key that AWS renews each year, and its alias."""

    arn: Output[str]

    def __init__(self, name: str, args: EncryptionKeyArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("workflow:aws:EncryptionKey", name, None, opts)
        settings = args.settings
        key = aws.kms.Key(
            name,
            description=f"Data of the workflow stack {settings.name}",
            enable_key_rotation=True,
            deletion_window_in_days=max(SHORTEST_DELETION_DAYS, settings.stack.secret_recovery_days),
            policy=key_policy(args.account, settings.prefix),
            # Neither the database nor its final snapshot is of any use without the key.
            opts=ResourceOptions(
                parent=self,
                protect=settings.stack.deletion_protection,
                retain_on_delete=settings.database.final_snapshot,
            ),
        )
        alias = f"alias/{settings.prefix}{args.label}"
        aws.kms.Alias(name, name=alias, target_key_id=key.key_id, opts=ResourceOptions(parent=self))
        self.arn = key.arn
        self.register_outputs({"arn": self.arn})


def key_policy(account: Account, prefix: str) -> str:
    """The key's policy as canonical JSON; the names of the stack's log groups and topics start with `prefix`."""
    here = f"{account.region}:{account.id}"
    owner = {"AWS": f"arn:{account.partition}:iam::{account.id}:root"}
    log_groups = [
        f"arn:{account.partition}:logs:{here}:log-group:{start}{prefix}-*"
        for start in ("", "/aws/rds/instance/", "/aws/lambda/cwsyn-")
    ]
    topics = f"arn:{account.partition}:sns:{here}:{prefix}-*"
    statements = [
        _allow("Administration", owner, ADMINISTRATION, {}),
        _allow("UseThroughServices", owner, USE, {"StringEquals": _through(account, KEEPERS)}),
        _allow(
            "GrantsToServices",
            owner,
            ("kms:CreateGrant", "kms:RetireGrant"),
            {"Bool": {"kms:GrantIsForAWSResource": "true"}, "StringEquals": _through(account, GRANTED)},
        ),
        _allow(
            "LogGroups",
            {"Service": f"logs.{account.region}.amazonaws.com"},
            USE,
            {"ArnLike": {"kms:EncryptionContext:aws:logs:arn": log_groups}},
        ),
        _allow(
            "Alerts",
            {"Service": ["budgets.amazonaws.com", "cloudwatch.amazonaws.com"]},
            ("kms:Decrypt", "kms:GenerateDataKey*"),
            {
                "ArnLike": {"kms:EncryptionContext:aws:sns:topicArn": topics},
                "StringEquals": {"aws:SourceAccount": account.id},
            },
        ),
    ]
    return json.dumps({"Version": "2012-10-17", "Statement": statements}, sort_keys=True)


def _through(account: Account, services: tuple[str, ...]) -> dict[str, object]:
    return {"kms:ViaService": [f"{service}.{account.region}.amazonaws.com" for service in services]}


def _allow(
    sid: str, principal: Mapping[str, object], actions: tuple[str, ...], condition: dict[str, object]
) -> dict[str, object]:
    statement: dict[str, object] = {
        "Sid": sid,
        "Effect": "Allow",
        "Principal": dict(principal),
        "Action": list(actions),
        "Resource": "*",  # the key that the policy belongs to
    }
    return {**statement, "Condition": condition} if condition else statement
