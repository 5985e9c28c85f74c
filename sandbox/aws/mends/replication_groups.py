"""ElastiCache replication groups in moto 5.2.5.

There is no cache behind one, a group of several nodes has one, its nodes aren't cache clusters, few inputs can change,
nobody is asked who they are, and a deleted group stays for ever. ElastiCache has tokens and users with TLS alone; here
they need none, as the sandbox's Redis has no certificate.
"""

from __future__ import annotations

import inspect
from functools import wraps
from typing import Any

from moto.core.responses import ActionResult
from moto.elasticache.exceptions import InvalidParameterCombinationException, InvalidParameterValueException
from moto.elasticache.models import CacheCluster, ElastiCacheBackend, ReplicationGroup
from moto.elasticache.responses import ElastiCacheResponse

from sandbox.aws.mends import machine
from sandbox.aws.mends.cache_users import access_of, user_group

DEFAULT_VERSIONS = {"redis": "7.1", "valkey": "8.0"}
_create = ElastiCacheBackend.create_replication_group
_delete = ElastiCacheBackend.delete_replication_group
_modify = ElastiCacheResponse.modify_replication_group
_ACCESS = ("AuthToken", "AuthTokenUpdateStrategy", "UserGroupIdsToAdd", "UserGroupIdsToRemove")
_NODE_PARAMETERS = inspect.signature(CacheCluster).parameters


def apply() -> None:
    """Put a cache behind every group."""
    setattr(ElastiCacheBackend, "create_replication_group", create_replication_group)  # noqa: B010
    setattr(ElastiCacheBackend, "delete_replication_group", delete_replication_group)  # noqa: B010
    setattr(ElastiCacheResponse, "modify_replication_group", modify_replication_group)  # noqa: B010


def create_replication_group(self: ElastiCacheBackend, **given: Any) -> ReplicationGroup:  # noqa: ANN401 -- forty types
    """CreateReplicationGroup: start the cache and make a cache cluster for every node."""
    nodes = given.get("num_cache_clusters")
    if nodes and not given.get("replicas_per_node_group") and not given.get("num_node_groups"):
        given["replicas_per_node_group"] = int(nodes) - 1
    version = given.get("engine_version") or DEFAULT_VERSIONS.get(given.get("engine") or "redis", "7.1")
    parameters = given.get("cache_parameter_group_name") or f"default.redis{version.split('.')[0]}"
    given |= {"engine_version": version, "cache_parameter_group_name": parameters}
    given["preferred_maintenance_window"] = given.get("preferred_maintenance_window") or "sun:05:00-sun:06:00"
    for name in given.get("user_group_ids") or []:
        user_group(self, name)
    if given.get("auth_token") and given.get("user_group_ids"):
        raise InvalidParameterCombinationException("A replication group has either an auth token or user groups.")
    group = _create(self, **given)
    group.token = given.get("auth_token")  # type: ignore[attr-defined]
    try:
        endpoint = machine.data_plane.cache_created(
            self.region_name,
            group.replication_group_id,
            port=group.port,
            access=access_of(self, group),
            transit_encryption=group.transit_encryption_enabled,
        )
    except Exception:
        del self.replication_groups[group.replication_group_id]
        raise
    group.auto_minor_version_upgrade = str(given.get("auto_minor_version_upgrade", True)).lower() != "false"
    _place(group, endpoint.address)
    for member in group.member_clusters:
        self.cache_clusters[member] = _node(self, member, group, given)
    return group


def delete_replication_group(
    self: ElastiCacheBackend,
    replication_group_id: str,
    retain_primary_cluster: bool | None = None,  # noqa: FBT001
) -> ReplicationGroup:
    """DeleteReplicationGroup: stop the cache; the group and its nodes are gone."""
    known = self.replication_groups.get(replication_group_id)
    members = list(known.member_clusters) if known else []
    group = _delete(self, replication_group_id, retain_primary_cluster)
    machine.data_plane.cache_deleted(self.region_name, replication_group_id)
    for member in members:
        self.cache_clusters.pop(member, None)
    del self.replication_groups[replication_group_id]
    return group


@wraps(_modify)
def modify_replication_group(self: ElastiCacheResponse) -> ActionResult:
    """ModifyReplicationGroup: the inputs that moto reads past."""
    answer = _modify(self)
    backend = self.elasticache_backend
    group = backend.replication_groups[self._get_param("ReplicationGroupId")]
    if self._get_param("SnapshotWindow") is not None:
        group.snapshot_window = self._get_param("SnapshotWindow")
    if self._get_param("AutoMinorVersionUpgrade") is not None:
        group.auto_minor_version_upgrade = self._get_bool_param("AutoMinorVersionUpgrade")
    for member in group.member_clusters:
        _change_node(self, backend.cache_clusters[member])
    if any(self._get_param(name) for name in _ACCESS):
        _let_in(self, group)
    return answer


def _let_in(request: ElastiCacheResponse, group: ReplicationGroup) -> None:
    """Change whom a group lets in: whoever has another token, or the users of other groups."""
    backend, added = request.elasticache_backend, request._get_param("UserGroupIdsToAdd", [])  # noqa: SLF001
    for name in added:
        user_group(backend, name)
    token = request._get_param("AuthToken") or group.token  # type: ignore[attr-defined]  # noqa: SLF001
    if request._get_param("AuthTokenUpdateStrategy") == "DELETE":  # noqa: SLF001
        if not group.auth_token_enabled:
            raise InvalidParameterValueException("Auth token update strategy delete is not supported currently")
        token = None
    if token is not None and added:
        raise InvalidParameterCombinationException(
            "User group can't be associated with auth token enabled. Pass AuthStrategy delete to proceed."
        )
    gone = request._get_param("UserGroupIdsToRemove", [])  # noqa: SLF001
    group.user_group_ids = [name for name in group.user_group_ids if name not in gone] + list(added)
    group.token, group.auth_token_enabled = token, token is not None  # type: ignore[attr-defined]
    machine.data_plane.cache_changed(backend.region_name, group.replication_group_id, access_of(backend, group))


def _place(group: ReplicationGroup, address: str) -> None:
    """Let every endpoint of a group be the address that its cache listens on."""
    for node_group in group.node_groups:
        for name in ("primary_endpoint", "reader_endpoint"):
            node_group[name] = {"address": address, "port": group.port}
        for member in node_group["node_group_members"]:
            member["read_endpoint"] = {"address": address, "port": group.port}
    if group.cluster_enabled:
        group.configuration_endpoint = {"address": address, "port": group.port}


def _node(backend: ElastiCacheBackend, name: str, group: ReplicationGroup, given: dict[str, Any]) -> CacheCluster:
    known: dict[str, Any] = {parameter: given.get(parameter) for parameter in _NODE_PARAMETERS}
    known |= {
        "account_id": backend.account_id,
        "region_name": backend.region_name,
        "cache_cluster_id": name,
        "replication_group_id": group.replication_group_id,
        "engine": "redis",  # moto gives no other engine what all of them have
        "log_delivery_configurations": [],
        "network_type": group.network_type,
        "ip_discovery": group.ip_discovery,
    }
    node = CacheCluster(**known)
    node.engine = group.engine
    _describe_node(node)
    return node


def _describe_node(node: CacheCluster) -> None:
    """Give a node the structures of API page CacheCluster that moto leaves out."""
    groups = [{"security_group_id": name, "status": "active"} for name in node.security_group_ids]
    node.security_groups = groups  # type: ignore[attr-defined]
    status = {"cache_parameter_group_name": node.cache_parameter_group_name, "parameter_apply_status": "in-sync"}
    node.cache_parameter_group = status  # type: ignore[attr-defined]


def _change_node(request: ElastiCacheResponse, node: CacheCluster) -> None:
    for name, attribute in (
        ("CacheNodeType", "cache_node_type"),
        ("CacheParameterGroupName", "cache_parameter_group_name"),
        ("EngineVersion", "engine_version"),
        ("PreferredMaintenanceWindow", "preferred_maintenance_window"),
        ("SecurityGroupIds", "security_group_ids"),
    ):
        if request._get_param(name) is not None:  # noqa: SLF001
            setattr(node, attribute, request._get_param(name))  # noqa: SLF001
    _describe_node(node)
