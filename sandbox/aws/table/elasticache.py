"""Caches (Amazon ElastiCache API Reference)."""

from __future__ import annotations

from collections.abc import Mapping

from sandbox.aws.api import Api
from sandbox.aws.definition import Autoname, ResourceType, Update
from sandbox.aws.table.parameters import ParameterGroup
from sandbox.aws.values import Properties
from sandbox.aws.waiting import waiter


def _parameter(item: Mapping[str, object]) -> Properties:
    return {"ParameterName": item["name"], "ParameterValue": str(item["value"])}


_PARAMETERS = ParameterGroup(
    name="CacheParameterGroupName",
    describe="DescribeCacheParameters",
    modify="ModifyCacheParameterGroup",
    reset="ResetCacheParameterGroup",
    member="ParameterNameValues",
    api_parameter=_parameter,
)


def _access(inputs: Properties) -> Properties:
    """Return the parameters by which a new group knows whom to let in."""
    given = {"AuthToken": inputs.get("authToken"), "UserGroupIds": inputs.get("userGroupIds")}
    return {name: value for name, value in given.items() if value}


def _change_access(api: Api, identity: str, old: Properties, new: Properties) -> None:
    """Let others in by one call, as a token can't be beside user groups (ModifyReplicationGroup)."""
    if not old:
        return
    before, after = _strings(old.get("userGroupIds")), _strings(new.get("userGroupIds"))
    wanted: Properties = {
        "AuthToken": new.get("authToken") if new.get("authToken") != old.get("authToken") else None,
        "AuthTokenUpdateStrategy": new.get("authTokenUpdateStrategy") if _turns_token(old, new) else None,
        "UserGroupIdsToAdd": [name for name in after if name not in before],
        "UserGroupIdsToRemove": [name for name in before if name not in after],
    }
    arguments = {name: value for name, value in wanted.items() if value}
    if arguments:
        api.call("ModifyReplicationGroup", {"ReplicationGroupId": identity, "ApplyImmediately": True, **arguments})


def _turns_token(old: Properties, new: Properties) -> bool:
    return any(old.get(name) != new.get(name) for name in ("authToken", "authTokenUpdateStrategy"))


def _change_users(api: Api, identity: str, old: Properties, new: Properties) -> None:
    """Add and remove the users of a group; a new one has them from the start."""
    if not old:
        return
    before, after = _strings(old.get("userIds")), _strings(new.get("userIds"))
    wanted: Properties = {
        "UserIdsToAdd": [name for name in after if name not in before],
        "UserIdsToRemove": [name for name in before if name not in after],
    }
    api.call("ModifyUserGroup", {"UserGroupId": identity, **{name: value for name, value in wanted.items() if value}})


def _strings(value: object) -> list[str]:
    return [str(item) for item in value] if isinstance(value, list) else []


def _initial_users(inputs: Properties) -> Properties:
    members = _strings(inputs.get("userIds"))
    return {"UserIds": members} if members else {}


def _of_the_members(api: Api, group: Mapping[str, object], _: Properties) -> Properties:
    """Return what only the nodes of a replication group tell."""
    members = group.get("MemberClusters")
    if not isinstance(members, list) or not members:
        return {}
    found = api.call("DescribeCacheClusters", {"CacheClusterId": members[0]})["CacheClusters"]
    node = found[0] if isinstance(found, list) and found else {}
    parameters, groups = node.get("CacheParameterGroup") or {}, node.get("SecurityGroups") or []
    node_groups = group.get("NodeGroups")
    per_group = node_groups[0].get("NodeGroupMembers", []) if isinstance(node_groups, list) and node_groups else [None]
    return {
        "engineVersion": node.get("EngineVersion"),
        "engineVersionActual": node.get("EngineVersion"),
        "maintenanceWindow": node.get("PreferredMaintenanceWindow"),
        "parameterGroupName": parameters.get("CacheParameterGroupName"),
        "replicasPerNodeGroup": len(per_group) - 1,
        "securityGroupIds": [item["SecurityGroupId"] for item in groups] or None,
        "subnetGroupName": node.get("CacheSubnetGroupName"),
    }


TYPES = (
    ResourceType(
        type="aws:elasticache/subnetGroup:SubnetGroup",
        service="elasticache",
        create="CreateCacheSubnetGroup",
        id="CacheSubnetGroup.CacheSubnetGroupName",
        read="DescribeCacheSubnetGroups",
        found="CacheSubnetGroups[0]",
        delete="DeleteCacheSubnetGroup",
        updates=[Update("ModifyCacheSubnetGroup")],
        nouns=("CacheSubnetGroup",),
        receive={"subnetIds": "Subnets[].SubnetIdentifier"},
        autoname=Autoname("name", 255),
        replaces=frozenset({"name"}),
    ),
    ResourceType(
        type="aws:elasticache/parameterGroup:ParameterGroup",
        service="elasticache",
        create="CreateCacheParameterGroup",
        id="CacheParameterGroup.CacheParameterGroupName",
        read="DescribeCacheParameterGroups",
        found="CacheParameterGroups[0]",
        delete="DeleteCacheParameterGroup",
        nouns=("CacheParameterGroup",),
        handled=frozenset({"parameters"}),
        change=_PARAMETERS.change,
        reader=_PARAMETERS.read,
        autoname=Autoname("name", 255),
        replaces=frozenset({"description", "family", "name"}),
    ),
    ResourceType(
        type="aws:elasticache/user:User",
        service="elasticache",
        create="CreateUser",
        id="UserId",
        read="DescribeUsers",
        found="Users[0]",
        delete="DeleteUser",
        updates=[Update("ModifyUser")],
        key={"UserId": "{id}"},
        receive={
            "authenticationMode.passwordCount": "Authentication.PasswordCount",
            "authenticationMode.type": "Authentication.Type",
        },
        replaces=frozenset({"userId", "userName"}),
    ),
    ResourceType(
        type="aws:elasticache/userGroup:UserGroup",
        service="elasticache",
        create="CreateUserGroup",
        id="UserGroupId",
        read="DescribeUserGroups",
        found="UserGroups[0]",
        delete="DeleteUserGroup",
        updates=[Update("ModifyUserGroup")],
        key={"UserGroupId": "{id}"},
        handled=frozenset({"userIds"}),
        build=_initial_users,
        change=_change_users,
        receive={"userIds": "UserIds"},
        replaces=frozenset({"userGroupId"}),
    ),
    ResourceType(
        type="aws:elasticache/replicationGroup:ReplicationGroup",
        service="elasticache",
        create="CreateReplicationGroup",
        id="ReplicationGroup.ReplicationGroupId",
        read="DescribeReplicationGroups",
        found="ReplicationGroups[0]",
        delete="DeleteReplicationGroup",
        updates=[Update("ModifyReplicationGroup")],
        key={"ReplicationGroupId": "{id}"},
        nouns=("Cache", "Preferred"),
        handled=frozenset({"authToken", "authTokenUpdateStrategy", "userGroupIds"}),
        build=_access,
        change=_change_access,
        receive={
            "automaticFailoverEnabled": "AutomaticFailover",
            "configurationEndpointAddress": "ConfigurationEndpoint.Address",
            "dataTieringEnabled": "DataTiering",
            "globalReplicationGroupId": "GlobalReplicationGroupInfo.GlobalReplicationGroupId",
            "multiAzEnabled": "MultiAZ",
            "numCacheClusters": "length(MemberClusters)",
            "numNodeGroups": "length(NodeGroups)",
            "port": "NodeGroups[0].PrimaryEndpoint.Port || ConfigurationEndpoint.Port",
            "primaryEndpointAddress": "NodeGroups[0].PrimaryEndpoint.Address",
            "readerEndpointAddress": "NodeGroups[0].ReaderEndpoint.Address",
        },
        names={
            "logDeliveryConfigurations.destination": "DestinationDetails.CloudWatchLogsDetails.LogGroup",
        },
        reader=_of_the_members,
        local=frozenset({"applyImmediately", "finalSnapshotIdentifier"}),
        update_with={"ApplyImmediately": True},
        delete_with={"FinalSnapshotIdentifier": "{finalSnapshotIdentifier}"},
        autoname=Autoname("replicationGroupId", 40),
        ready=waiter("replication_group_available", "ReplicationGroupId", "id"),
        gone=waiter("replication_group_deleted", "ReplicationGroupId", "id"),
        replaces=frozenset(
            {
                "atRestEncryptionEnabled",
                "dataTieringEnabled",
                "durability",
                "globalReplicationGroupId",
                "kmsKeyId",
                "networkType",
                "nodeGroupConfigurations",
                "numNodeGroups",
                "port",
                "preferredCacheClusterAzs",
                "replicasPerNodeGroup",
                "replicationGroupId",
                "securityGroupNames",
                "snapshotArns",
                "snapshotName",
                "subnetGroupName",
                "transitEncryptionEnabled",
            }
        ),
        empty=frozenset(
            {
                "applyImmediately",
                "autoMinorVersionUpgrade",
                "configurationEndpointAddress",
                "durability",
                "globalReplicationGroupId",
                "nodeGroupConfigurations",
                "securityGroupIds",
                "securityGroupNames",
                "subnetGroupName",
                "transitEncryptionMode",
            }
        ),
    ),
)
