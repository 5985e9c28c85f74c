"""RDS in moto 5.2.5: no database behind instances, a made-up address, one resource ID for all.

A subnet group that is changed is lost.
"""

from __future__ import annotations

import secrets
import string
from collections.abc import Mapping
from typing import Any

from moto.ec2.models.subnets import Subnet
from moto.rds.models import DBInstance, DBParameterGroup, DBSubnetGroup, RDSBackend

from sandbox.aws.mends import machine

_ID_LETTERS = string.ascii_uppercase + string.digits
_FORGOTTEN = {
    "backup_target": "backup_target",
    "database_insights_mode": "database_insights_mode",
    "dedicated_log_volume": "dedicated_log_volume",
    "enable_performance_insights": "performance_insights_enabled",
    "engine_lifecycle_support": "engine_lifecycle_support",
    "network_type": "network_type",
    "performance_insights_kms_key_id": "performance_insights_kms_key_id",
    "performance_insights_retention_period": "performance_insights_retention_period",
}
_create = RDSBackend.create_db_instance
_create_replica = RDSBackend.create_db_instance_read_replica
_promote = RDSBackend.promote_read_replica
_modify = RDSBackend.modify_db_instance
_delete = RDSBackend.delete_db_instance
_update_group = RDSBackend.modify_db_parameter_group
_modify_subnet_group = RDSBackend.modify_db_subnet_group
_made_up_address = DBInstance.address


def apply() -> None:
    """Put a database behind every instance of RDS for PostgreSQL."""
    for name, method in (
        ("create_db_instance", create_db_instance),
        ("create_db_instance_read_replica", create_db_instance_read_replica),
        ("promote_read_replica", promote_read_replica),
        ("modify_db_instance", modify_db_instance),
        ("delete_db_instance", delete_db_instance),
        ("modify_db_parameter_group", modify_db_parameter_group),
        ("modify_db_subnet_group", modify_db_subnet_group),
    ):
        setattr(RDSBackend, name, method)
    setattr(DBInstance, "address", property(_address))  # noqa: B010


def create_db_instance(self: RDSBackend, db_kwargs: dict[str, Any]) -> DBInstance:
    """CreateDBInstance: start the database; the instance exists only if that works."""
    instance = _create(self, db_kwargs)
    _keep(instance, db_kwargs)
    instance.dbi_resource_id = _resource_id()
    try:
        endpoint = machine.data_plane.database_created(
            self.region_name,
            instance.db_instance_identifier,
            engine_version=instance.engine_version,
            port=int(instance.port or 5432),
            username=str(instance.master_username),
            password=str(db_kwargs.get("master_user_password") or ""),
            database=instance.db_name,
            parameters=_parameters(instance),
        )
    except Exception:
        del self.databases[instance.db_instance_identifier]
        raise
    instance.sandbox_address = endpoint.address  # type: ignore[attr-defined]
    return instance


def create_db_instance_read_replica(self: RDSBackend, db_kwargs: dict[str, Any]) -> DBInstance:
    """CreateDBInstanceReadReplica: an instance of its own by name and settings, which answers at its source's address.

    moto makes it a copy that shares its source's lists, name, resource ID and state, and looks for what it is given in
    the source's region; `backend`, set first, is where it belongs.
    """
    replica = _create_replica(self, {"backend": self, **db_kwargs})
    replica.replicas, replica.tags = [], db_kwargs.get("tags") or []
    replica.dbi_resource_id = _resource_id()
    replica.db_instance_identifier = db_kwargs["db_instance_identifier"]
    replica.source_db_instance_identifier = db_kwargs["source_db_instance_identifier"]
    replica.backup_retention_period = 0
    _keep(replica, db_kwargs)
    return replica


def promote_read_replica(self: RDSBackend, db_kwargs: dict[str, Any]) -> DBInstance:
    """PromoteReadReplica: the instance follows nothing any more; it still answers at its source's address."""
    instance = _promote(self, db_kwargs)
    instance.source_db_instance_identifier = None
    instance.sandbox_shares_data = True  # type: ignore[attr-defined]
    return instance


def _resource_id() -> str:
    return f"db-{''.join(secrets.choice(_ID_LETTERS) for _ in range(26))}"


def modify_db_instance(self: RDSBackend, db_instance_identifier: str, db_kwargs: dict[str, Any]) -> DBInstance:
    """ModifyDBInstance: a new password or parameter group takes effect at once."""
    instance = _modify(self, db_instance_identifier, db_kwargs)
    _keep(instance, db_kwargs)
    password = db_kwargs.get("master_user_password")
    parameters = _parameters(instance) if "db_parameter_group_name" in db_kwargs else None
    if password is not None or parameters is not None:
        machine.data_plane.database_changed(
            self.region_name, instance.db_instance_identifier, password=password, parameters=parameters
        )
    return instance


def delete_db_instance(
    self: RDSBackend,
    db_instance_identifier: str,
    final_db_snapshot_identifier: str | None = None,
    skip_final_snapshot: bool | None = False,  # noqa: FBT001, FBT002
    delete_automated_backups: bool | None = True,  # noqa: FBT001, FBT002
) -> DBInstance:
    """DeleteDBInstance: stop the database."""
    instance = _delete(
        self, db_instance_identifier, final_db_snapshot_identifier, skip_final_snapshot, delete_automated_backups
    )
    if not instance.is_replica and not getattr(instance, "sandbox_shares_data", False):
        machine.data_plane.database_deleted(self.region_name, db_instance_identifier)
    return instance


def modify_db_parameter_group(
    self: RDSBackend, db_parameter_group_name: str, parameters: list[dict[str, Any]]
) -> DBParameterGroup:
    """ModifyDBParameterGroup: parameters that were set have the source `user`, and the group's instances get them."""
    sourced = [{**parameter, "Source": "user", "IsModifiable": True} for parameter in parameters]
    group = _update_group(self, db_parameter_group_name, sourced)
    for instance in self.databases.values():
        if instance.db_parameter_group_name == db_parameter_group_name:
            machine.data_plane.database_changed(
                self.region_name, instance.db_instance_identifier, password=None, parameters=_parameters(instance)
            )
    return group


def _keep(instance: DBInstance, given: Mapping[str, Any]) -> None:
    """Keep the parameters that moto reads past."""
    for parameter, attribute in _FORGOTTEN.items():
        if parameter in given:
            setattr(instance, attribute, given[parameter])


def modify_db_subnet_group(
    self: RDSBackend, subnet_name: str, description: str, subnets: list[Subnet]
) -> DBSubnetGroup:
    """ModifyDBSubnetGroup: moto takes the group out and forgets to put it back."""
    group = _modify_subnet_group(self, subnet_name, description, subnets)
    self.subnet_groups[subnet_name] = group
    return group


def _address(self: DBInstance) -> str:
    return str(getattr(self, "sandbox_address", None) or _made_up_address.fget(self))  # type: ignore[attr-defined]


def _parameters(instance: DBInstance) -> Mapping[str, str]:
    groups = instance.db_parameter_groups()
    return {
        name: str(parameter["ParameterValue"])
        for group in groups
        for name, parameter in group.parameters.items()
        if parameter.get("ParameterValue") is not None
    }
