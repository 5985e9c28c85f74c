"""ElastiCache subnet and parameter groups in moto 5.2.5: the former can't change or go, the latter don't exist."""

from __future__ import annotations

from dataclasses import dataclass, field

from moto.core.exceptions import ServiceException
from moto.core.responses import ActionResult, EmptyResult
from moto.elasticache.models import CacheSubnetGroup, ElastiCacheBackend
from moto.elasticache.responses import ElastiCacheResponse


@dataclass
class CacheParameterGroup:
    """A parameter group (API page CacheParameterGroup)."""

    cache_parameter_group_name: str
    cache_parameter_group_family: str
    description: str
    arn: str
    is_global: bool = False
    parameters: dict[str, str] = field(default_factory=dict)


class CacheParameterGroupNotFound(ServiceException):
    """The group doesn't exist."""

    code = "CacheParameterGroupNotFound"

    def __init__(self, name: str) -> None:
        super().__init__(f"CacheParameterGroup {name} not found.")


class CacheParameterGroupAlreadyExists(ServiceException):
    """The name is taken."""

    code = "CacheParameterGroupAlreadyExists"

    def __init__(self, name: str) -> None:
        super().__init__(f"CacheParameterGroup {name} already exists.")


def apply() -> None:
    """Add the operations."""
    for operation in (
        delete_cache_subnet_group,
        modify_cache_subnet_group,
        create_cache_parameter_group,
        describe_cache_parameter_groups,
        modify_cache_parameter_group,
        reset_cache_parameter_group,
        describe_cache_parameters,
        delete_cache_parameter_group,
    ):
        setattr(ElastiCacheResponse, operation.__name__, operation)
    setattr(ElastiCacheBackend, "list_tags_for_resource", _list_tags)  # noqa: B010


def parameter_groups(backend: ElastiCacheBackend) -> dict[str, CacheParameterGroup]:
    """Return a backend's parameter groups by name."""
    groups: dict[str, CacheParameterGroup] = backend.__dict__.setdefault("cache_parameter_groups", {})
    return groups


def delete_cache_subnet_group(self: ElastiCacheResponse) -> EmptyResult:
    """DeleteCacheSubnetGroup."""
    name = self._get_param("CacheSubnetGroupName")
    self.elasticache_backend.describe_cache_subnet_groups(name)
    del self.elasticache_backend.cache_subnet_groups[name]
    return EmptyResult()


def modify_cache_subnet_group(self: ElastiCacheResponse) -> ActionResult:
    """ModifyCacheSubnetGroup."""
    name, backend = self._get_param("CacheSubnetGroupName"), self.elasticache_backend
    group = backend.describe_cache_subnet_groups(name)[0]
    changed = CacheSubnetGroup(
        backend.account_id,
        backend.region_name,
        name,
        self._get_param("CacheSubnetGroupDescription") or group.cache_subnet_group_description,
        self._get_param("SubnetIds") or group.subnet_ids,
        group.tags,
    )
    backend.cache_subnet_groups[name] = changed
    return ActionResult({"CacheSubnetGroup": changed})


def create_cache_parameter_group(self: ElastiCacheResponse) -> ActionResult:
    """CreateCacheParameterGroup."""
    name, backend = self._get_param("CacheParameterGroupName"), self.elasticache_backend
    groups = parameter_groups(backend)
    if name in groups:
        raise CacheParameterGroupAlreadyExists(name)
    arn = f"arn:aws:elasticache:{backend.region_name}:{backend.account_id}:parametergroup:{name}"
    groups[name] = CacheParameterGroup(
        name, self._get_param("CacheParameterGroupFamily"), self._get_param("Description"), arn
    )
    backend.tagging_service.tag_resource(arn, self._get_param("Tags", []))
    return ActionResult({"CacheParameterGroup": groups[name]})


def describe_cache_parameter_groups(self: ElastiCacheResponse) -> ActionResult:
    """DescribeCacheParameterGroups."""
    name = self._get_param("CacheParameterGroupName")
    found = [_group(self)] if name else list(parameter_groups(self.elasticache_backend).values())
    return ActionResult({"CacheParameterGroups": found})


def modify_cache_parameter_group(self: ElastiCacheResponse) -> ActionResult:
    """ModifyCacheParameterGroup."""
    group = _group(self)
    for parameter in self._get_param("ParameterNameValues", []):
        group.parameters[parameter["ParameterName"]] = parameter["ParameterValue"]
    return ActionResult({"CacheParameterGroupName": group.cache_parameter_group_name})


def reset_cache_parameter_group(self: ElastiCacheResponse) -> ActionResult:
    """ResetCacheParameterGroup: the named parameters, or all, are the engine's defaults again."""
    group = _group(self)
    if self._get_bool_param("ResetAllParameters"):
        group.parameters.clear()
    for parameter in self._get_param("ParameterNameValues", []):
        group.parameters.pop(parameter["ParameterName"], None)
    return ActionResult({"CacheParameterGroupName": group.cache_parameter_group_name})


def describe_cache_parameters(self: ElastiCacheResponse) -> ActionResult:
    """DescribeCacheParameters: those that a user has set."""
    parameters = [
        {"ParameterName": name, "ParameterValue": value, "Source": "user", "IsModifiable": True}
        for name, value in _group(self).parameters.items()
    ]
    return ActionResult({"Parameters": parameters})


def delete_cache_parameter_group(self: ElastiCacheResponse) -> EmptyResult:
    """DeleteCacheParameterGroup."""
    del parameter_groups(self.elasticache_backend)[_group(self).cache_parameter_group_name]
    return EmptyResult()


def _group(self: ElastiCacheResponse) -> CacheParameterGroup:
    name = self._get_param("CacheParameterGroupName")
    groups = parameter_groups(self.elasticache_backend)
    if name not in groups:
        raise CacheParameterGroupNotFound(name)
    return groups[name]


def _list_tags(self: ElastiCacheBackend, arn: str) -> dict[str, list[dict[str, str]]]:
    """ListTagsForResource: of parameter groups, too."""
    return self.tagging_service.list_tags_for_resource(arn)
