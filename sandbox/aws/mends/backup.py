"""AWS Backup in moto 5.2.5.

A plan can't be changed and selects nothing, and a vault tells neither how many recovery points it holds nor, without
a key of the caller's, which of AWS's keys it has.
"""

from __future__ import annotations

import json
from functools import wraps

from moto.backup.exceptions import InvalidRequestException, ResourceNotFoundException
from moto.backup.models import BackupBackend, Plan, Vault
from moto.backup.responses import BackupResponse
from moto.core.responses import EmptyResult
from moto.moto_api._internal import mock_random

_create_vault = BackupBackend.create_backup_vault
_delete_plan = BackupBackend.delete_backup_plan


def apply() -> None:
    """Add the operations that there aren't, and give vaults the key that AWS keeps for them."""
    for operation in (update_backup_plan, create_backup_selection, get_backup_selection, delete_backup_selection):
        setattr(BackupResponse, operation.__name__, operation)
    BackupBackend.create_backup_vault = create_backup_vault  # type: ignore[method-assign]
    BackupBackend.delete_backup_plan = delete_backup_plan  # type: ignore[method-assign]


@wraps(_create_vault)
def create_backup_vault(
    self: BackupBackend,
    backup_vault_name: str,
    backup_vault_tags: dict[str, str],
    encryption_key_arn: str,
    creator_request_id: str,
) -> Vault:
    """CreateBackupVault: encrypted with AWS's key where none is given."""
    own = f"arn:aws:kms:{self.region_name}:{self.account_id}:key/aws-backup"
    key_arn = encryption_key_arn or own
    vault = _create_vault(self, backup_vault_name, backup_vault_tags, key_arn, creator_request_id)
    vault.__dict__["number_of_recovery_points"] = vault.num_of_recovery_points
    return vault


@wraps(_delete_plan)
def delete_backup_plan(self: BackupBackend, backup_plan_id: str) -> tuple[str, str, float, str]:
    """DeleteBackupPlan: not before what it selects is deleted."""
    plan = self.plans.get(backup_plan_id)
    if plan is not None and _selections(plan):
        raise InvalidRequestException(msg="The plan's selections must be deleted before the plan")
    return _delete_plan(self, backup_plan_id)


def update_backup_plan(self: BackupResponse) -> str:
    """UpdateBackupPlan: the plan as a whole, under a new version."""
    plan = _plan(self, self.path.rstrip("/").rsplit("/", 1)[-1])
    changed = Plan(json.loads(self.body)["BackupPlan"], plan.creator_request_id, self.backup_backend)
    plan.backup_plan, plan.version_id = changed.backup_plan, changed.version_id
    return json.dumps(plan.to_dict())


def create_backup_selection(self: BackupResponse) -> str:
    """CreateBackupSelection."""
    plan = _plan(self, self.path.split("/plans/")[1].split("/")[0])
    identity = str(mock_random.uuid4())
    _selections(plan)[identity] = json.loads(self.body)["BackupSelection"]
    return json.dumps({"BackupPlanId": plan.backup_plan_id, "SelectionId": identity})


def get_backup_selection(self: BackupResponse) -> str:
    """GetBackupSelection."""
    plan, identity = _addressed(self)
    selection = _selections(plan)[identity]
    return json.dumps({"BackupPlanId": plan.backup_plan_id, "SelectionId": identity, "BackupSelection": selection})


def delete_backup_selection(self: BackupResponse) -> EmptyResult:
    """DeleteBackupSelection."""
    plan, identity = _addressed(self)
    del _selections(plan)[identity]
    return EmptyResult()


def _addressed(self: BackupResponse) -> tuple[Plan, str]:
    plan_id, _, identity = self.path.split("/plans/")[1].split("/")[:3]
    plan = _plan(self, plan_id)
    if identity not in _selections(plan):
        raise ResourceNotFoundException(msg=f"Cannot find backup selection {identity}")
    return plan, identity


def _plan(self: BackupResponse, identity: str) -> Plan:
    return self.backup_backend.get_backup_plan(identity, None)


def _selections(plan: Plan) -> dict[str, object]:
    found: dict[str, object] = plan.__dict__.setdefault("selections", {})
    return found
