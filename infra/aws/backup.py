"""AWS Backup: a recovery point of the database every day, in a vault that is not the database's own.

RDS's backups go with the instance and stay in its region; these outlive it, and by option a copy of each is kept in a
second region under a key of its own. The plan finds the database by its tag. Costs 0.095 USD for a GB and month in
each region, and what the copies are transferred for.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import msgspec
import pulumi_aws as aws
from pulumi import ComponentResource, Input, Output, ResourceOptions

from infra.aws.encryption import EncryptionKey, EncryptionKeyArgs
from infra.aws.provider import Account, make_provider
from infra.aws.roles import allow
from infra.settings import PROJECT, Settings

TAG = "backup"
"""The tag that a plan selects by; its value is the start of the stack's names."""

DAILY = "cron(0 0 * * ? *)"
START_MINUTES = 480
"""How long AWS Backup may take to begin: it waits for the hours of RDS's own backup and maintenance to pass."""

COMPLETION_MINUTES = 1440
SNAPSHOT_ACTIONS = (
    "rds:AddTagsToResource", "rds:CopyDBSnapshot", "rds:CreateDBSnapshot", "rds:DeleteDBSnapshot",
    "rds:DescribeDBInstances", "rds:DescribeDBSnapshots", "rds:ListTagsForResource",
)  # fmt: skip
"""What a backup of an instance takes ("AWS managed policies for AWS Backup", AWSBackupServiceRolePolicyForBackup)."""

KEY_ACTIONS = (
    "kms:CreateGrant", "kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey",
    "kms:GenerateDataKeyWithoutPlaintext", "kms:ReEncryptFrom", "kms:ReEncryptTo",
)  # fmt: skip


@dataclass(frozen=True)
class BackupsArgs:
    """What the plan needs to know; with `copies`, the provider of the second region, each backup is copied there."""

    account: Account
    settings: Settings
    key_arn: Input[str] | None = None
    copies: aws.Provider | None = None


class Backups(ComponentResource):
    """The vault, the plan and the role that it is carried out with; by `vault_names` metrics go, a copy's last."""

    vault_name: Output[str]
    vault_names: Sequence[Output[str]]

    def __init__(self, name: str, args: BackupsArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("workflow:aws:Backups", name, None, opts)
        self._name, self._args, self._child = name, args, ResourceOptions(parent=self)
        self._vaults: list[Output[str]] = []
        self._keys: list[Input[str]] = [] if args.key_arn is None else [args.key_arn]
        vault = self._vault(name, args.key_arn, None)
        copy = self._copy_vault(args.copies) if args.copies else None
        plan = self._plan(vault, copy)
        aws.backup.Selection(
            name,
            plan_id=plan.id,
            iam_role_arn=self._role(),
            selection_tags=[
                aws.backup.SelectionSelectionTagArgs(type="STRINGEQUALS", key=TAG, value=args.settings.prefix)
            ],
            opts=self._child,
        )
        self.vault_name = vault.name
        self.vault_names = [vault.name, copy.name] if copy else [vault.name]
        self.register_outputs({"vaultName": self.vault_name})

    def _vault(self, name: str, key_arn: Input[str] | None, provider: aws.Provider | None) -> aws.backup.Vault:
        protected = self._args.settings.stack.deletion_protection
        vault = aws.backup.Vault(
            name,
            kms_key_arn=key_arn,
            force_destroy=not protected,
            opts=ResourceOptions(parent=self, provider=provider, protect=protected),
        )
        self._vaults.append(vault.arn)
        return vault

    def _copy_vault(self, provider: aws.Provider) -> aws.backup.Vault:
        """The vault of the second region. What RDS copies there takes a key of that region."""
        there = replace(self._args.account, region=self._args.settings.backup.copy_region)
        options = ResourceOptions(parent=self, providers=[provider])
        key = EncryptionKey(f"{self._name}-copy-key", EncryptionKeyArgs(there, self._args.settings), options)
        self._keys.append(key.arn)
        return self._vault(f"{self._name}-copy", key.arn, provider)

    def _plan(self, vault: aws.backup.Vault, copy: aws.backup.Vault | None) -> aws.backup.Plan:
        settings, days = self._args.settings, self._args.settings.backup.days
        copies = [
            aws.backup.PlanRuleCopyActionArgs(
                destination_vault_arn=found.arn, lifecycle=aws.backup.PlanRuleCopyActionLifecycleArgs(delete_after=days)
            )
            for found in [copy]
            if found is not None
        ]
        rule = aws.backup.PlanRuleArgs(
            rule_name="daily",
            target_vault_name=vault.name,
            schedule=DAILY,
            start_window=START_MINUTES,
            completion_window=COMPLETION_MINUTES,
            lifecycle=aws.backup.PlanRuleLifecycleArgs(delete_after=days),
            copy_actions=copies or None,
            recovery_point_tags={"project": PROJECT, "stack": settings.name},
        )
        return aws.backup.Plan(self._name, rules=[rule], opts=self._child)

    def _role(self) -> Output[str]:
        role = aws.iam.Role(
            self._name,
            description="Backs the database up",
            assume_role_policy=trust_policy(),
            opts=self._child,
        )
        statements = role_statements(self._args, self._vaults, self._keys)
        policy = Output.json_dumps({"Version": "2012-10-17", "Statement": statements}, sort_keys=True)
        inline = aws.iam.RolePolicy(self._name, role=role.name, policy=policy, opts=self._child)
        # The role counts as there once it may do something, or the first backup fails for lack of rights.
        return Output.all(role.arn, inline.id).apply(lambda made: str(made[0]))


def copies_provider(settings: Settings, tags: Mapping[str, str]) -> aws.Provider | None:
    """The provider of the region that backups are copied to; None where they aren't."""
    region = settings.backup.copy_region
    if not region:
        return None
    there = msgspec.structs.replace(settings.provider, region=region)
    return make_provider(f"{settings.prefix}-copies", there, tags)


def backup_tag(settings: Settings) -> dict[str, str]:
    """The tag of a database that is backed up; a standby's is a copy of one that is."""
    return {TAG: settings.prefix} if settings.backup.days and not settings.standby.standby else {}


def role_statements(
    args: BackupsArgs, vault_arns: list[Output[str]], key_arns: list[Input[str]]
) -> list[dict[str, object]]:
    """What AWS Backup may do: snapshots of the stack's databases, and what goes into its vaults."""
    account, prefix = args.account, args.settings.prefix
    regions = [region for region in (account.region, args.settings.backup.copy_region) if region]
    snapshots: list[Input[str]] = [
        f"arn:{account.partition}:rds:{region}:{account.id}:snapshot:awsbackup:*" for region in regions
    ]
    databases = f"arn:{account.partition}:rds:{account.region}:{account.id}:db:{prefix}-database*"
    statements = [
        allow(SNAPSHOT_ACTIONS, [databases, *snapshots]),
        allow(["backup:CopyIntoBackupVault", "backup:DescribeBackupVault"], vault_arns),
        # The one action that has no resource to name.
        allow(["tag:GetResources"], ["*"]),
    ]
    if key_arns:
        through = [f"{service}.{region}.amazonaws.com" for service in ("backup", "rds") for region in regions]
        use = allow(KEY_ACTIONS, key_arns)
        statements.append({**use, "Condition": {"StringEquals": {"kms:ViaService": through}}})
    return statements


def trust_policy() -> str:
    """Lets AWS Backup take the role on; it does so for plans of the role's own account, and says no source."""
    statement = {"Effect": "Allow", "Principal": {"Service": "backup.amazonaws.com"}, "Action": "sts:AssumeRole"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]}, sort_keys=True)
