"""What moto 5.2.5 leaves undone: each is mended, for any client of the account."""

# ruff: noqa: ARG002 -- the data plane's parameters

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import pytest
from botocore.exceptions import ClientError

from sandbox.aws import Account
from sandbox.aws.mends import machine
from sandbox.seam import CacheAccess, Endpoint, NullDataPlane

DATABASE = {
    "DBInstanceIdentifier": "app",
    "DBInstanceClass": "db.t3.micro",
    "Engine": "postgres",
    "EngineVersion": "16.4",
    "AllocatedStorage": 20,
    "MasterUsername": "app",
    "MasterUserPassword": "a-password",
    "DBName": "orders",
}
CACHE = {
    "ReplicationGroupId": "cache",
    "ReplicationGroupDescription": "cache",
    "Engine": "redis",
    "NumCacheClusters": 2,
    "AuthToken": "sixteen-characters-at-least",
    "TransitEncryptionEnabled": True,
    "AutomaticFailoverEnabled": True,
}


@dataclass
class Recorder(NullDataPlane):
    """A data plane that remembers what it was told."""

    calls: list[tuple[object, ...]] = field(default_factory=list)
    broken: bool = False

    def database_created(
        self,
        region: str,
        identifier: str,
        *,
        engine_version: str,
        port: int,
        username: str,
        password: str,
        database: str | None,
        parameters: Mapping[str, str],
    ) -> Endpoint:
        if self.broken:
            raise OSError("no space left")
        self.calls.append(("created", identifier, engine_version, username, password, database, dict(parameters)))
        return Endpoint("127.77.2.1", port)

    def database_changed(
        self, region: str, identifier: str, *, password: str | None, parameters: Mapping[str, str] | None
    ) -> None:
        self.calls.append(("changed", identifier, password, None if parameters is None else dict(parameters)))

    def database_deleted(self, region: str, identifier: str) -> None:
        self.calls.append(("deleted", identifier))

    def cache_created(
        self, region: str, identifier: str, *, port: int, access: CacheAccess, transit_encryption: bool
    ) -> Endpoint:
        self.calls.append(("cache", identifier, port, access.token, transit_encryption))
        return Endpoint("127.77.3.1", port)

    def cache_deleted(self, region: str, identifier: str) -> None:
        self.calls.append(("cache deleted", identifier))

    def load_balancer_created(self, region: str, arn: str, *, internal: bool) -> str:
        self.calls.append(("balancer", internal))
        return "127.77.0.1"

    def load_balancer_deleted(self, region: str, arn: str) -> None:
        self.calls.append(("balancer deleted",))


@pytest.fixture
def plane(account: Account, monkeypatch: pytest.MonkeyPatch) -> Iterator[Recorder]:
    recorder = Recorder()
    monkeypatch.setattr(machine, "data_plane", recorder)
    yield recorder
    account.reset()


def test_database(account: Account, plane: Recorder) -> None:
    rds = account.client("rds")
    rds.create_db_parameter_group(DBParameterGroupName="app", DBParameterGroupFamily="postgres16", Description="app")
    setting = {"ParameterName": "max_connections", "ParameterValue": "50", "ApplyMethod": "immediate"}
    rds.modify_db_parameter_group(DBParameterGroupName="app", Parameters=[setting])
    made = rds.create_db_instance(**DATABASE, DBParameterGroupName="app")["DBInstance"]
    assert made["Endpoint"]["Address"] == "127.77.2.1"
    assert made["Endpoint"]["Port"] == 5432
    rds.modify_db_instance(DBInstanceIdentifier="app", MasterUserPassword="another")
    rds.modify_db_instance(DBInstanceIdentifier="app", BackupRetentionPeriod=3)
    rds.modify_db_parameter_group(DBParameterGroupName="app", Parameters=[{**setting, "ParameterValue": "60"}])
    rds.delete_db_instance(DBInstanceIdentifier="app", SkipFinalSnapshot=True)
    assert plane.calls == [
        ("created", "app", "16.4", "app", "a-password", "orders", {"max_connections": "50"}),
        ("changed", "app", "another", None),
        ("changed", "app", None, {"max_connections": "60"}),
        ("deleted", "app"),
    ]


def test_database_that_cannot_start(account: Account, plane: Recorder) -> None:
    plane.broken = True
    with pytest.raises(OSError, match="no space left"):
        account.client("rds").create_db_instance(**DATABASE)
    assert account.client("rds").describe_db_instances()["DBInstances"] == []


def test_database_ids_differ(account: Account, plane: Recorder) -> None:
    rds = account.client("rds")
    made = [
        rds.create_db_instance(**{**DATABASE, "DBInstanceIdentifier": name})["DBInstance"]["DbiResourceId"]
        for name in ("one", "two")
    ]
    assert len({*made}) == 2
    assert len(plane.calls) == 2


def test_parameters_of_a_database(account: Account) -> None:
    rds = account.client("rds")
    rds.create_db_parameter_group(DBParameterGroupName="app", DBParameterGroupFamily="postgres16", Description="app")
    setting = {"ParameterName": "work_mem", "ParameterValue": "4096", "ApplyMethod": "immediate"}
    rds.modify_db_parameter_group(DBParameterGroupName="app", Parameters=[setting])
    [found] = rds.describe_db_parameters(DBParameterGroupName="app", Source="user")["Parameters"]
    assert found["Source"] == "user"
    rds.reset_db_parameter_group(DBParameterGroupName="app", Parameters=[setting])
    assert rds.describe_db_parameters(DBParameterGroupName="app")["Parameters"] == []


def test_subnets_of_a_database(account: Account) -> None:
    rds = account.client("rds")
    subnets = [subnet["SubnetId"] for subnet in account.client("ec2").describe_subnets()["Subnets"]][:3]
    name = {"DBSubnetGroupName": "data"}
    rds.create_db_subnet_group(**name, DBSubnetGroupDescription="data", SubnetIds=subnets[:2])
    rds.modify_db_subnet_group(**name, SubnetIds=subnets)
    [found] = rds.describe_db_subnet_groups(**name)["DBSubnetGroups"]
    assert [subnet["SubnetIdentifier"] for subnet in found["Subnets"]] == subnets
    rds.delete_db_subnet_group(**name)


def test_cache(account: Account, plane: Recorder) -> None:
    client = account.client("elasticache")
    made = client.create_replication_group(**CACHE)["ReplicationGroup"]
    endpoint = made["NodeGroups"][0]["PrimaryEndpoint"]
    assert (endpoint["Address"], endpoint["Port"]) == ("127.77.3.1", 6379)
    assert made["MemberClusters"] == ["cache-001", "cache-002"]
    assert [node["CacheClusterId"] for node in client.describe_cache_clusters()["CacheClusters"]] == made[
        "MemberClusters"
    ]
    client.delete_replication_group(ReplicationGroupId="cache")
    assert client.describe_replication_groups()["ReplicationGroups"] == []
    assert client.describe_cache_clusters()["CacheClusters"] == []
    assert plane.calls == [
        ("cache", "cache", 6379, "sixteen-characters-at-least", True),
        ("cache deleted", "cache"),
    ]


def test_changes_of_a_cache(account: Account) -> None:
    client = account.client("elasticache")
    client.create_replication_group(**CACHE)
    client.modify_replication_group(
        ReplicationGroupId="cache", SnapshotWindow="01:00-02:00", PreferredMaintenanceWindow="sun:03:00-sun:04:00"
    )
    assert client.describe_replication_groups()["ReplicationGroups"][0]["SnapshotWindow"] == "01:00-02:00"
    assert client.describe_cache_clusters()["CacheClusters"][0]["PreferredMaintenanceWindow"] == "sun:03:00-sun:04:00"


def test_parameters_of_a_cache(account: Account) -> None:
    client = account.client("elasticache")
    name = {"CacheParameterGroupName": "cache"}
    client.create_cache_parameter_group(**name, CacheParameterGroupFamily="redis7", Description="cache")
    with pytest.raises(client.exceptions.CacheParameterGroupAlreadyExistsFault):
        client.create_cache_parameter_group(**name, CacheParameterGroupFamily="redis7", Description="cache")
    policy = {"ParameterName": "maxmemory-policy", "ParameterValue": "allkeys-lru"}
    client.modify_cache_parameter_group(**name, ParameterNameValues=[policy])
    [found] = client.describe_cache_parameters(**name, Source="user")["Parameters"]
    assert found["ParameterValue"] == "allkeys-lru"
    client.reset_cache_parameter_group(**name, ResetAllParameters=True)
    assert client.describe_cache_parameters(**name)["Parameters"] == []
    client.delete_cache_parameter_group(**name)
    with pytest.raises(client.exceptions.CacheParameterGroupNotFoundFault):
        client.describe_cache_parameter_groups(**name)


def test_subnets_of_a_cache(account: Account) -> None:
    client, subnets = account.client("elasticache"), account.client("ec2").describe_subnets()["Subnets"]
    ids = [subnet["SubnetId"] for subnet in subnets]
    name = {"CacheSubnetGroupName": "cache"}
    client.create_cache_subnet_group(**name, CacheSubnetGroupDescription="cache", SubnetIds=ids[:1])
    client.modify_cache_subnet_group(**name, SubnetIds=ids[:2])
    [found] = client.describe_cache_subnet_groups(**name)["CacheSubnetGroups"]
    assert {subnet["SubnetIdentifier"] for subnet in found["Subnets"]} == {*ids[:2]}
    client.delete_cache_subnet_group(**name)
    assert client.describe_cache_subnet_groups()["CacheSubnetGroups"] == []


def test_load_balancer(account: Account, plane: Recorder) -> None:
    subnet = account.client("ec2").describe_subnets()["Subnets"][0]["SubnetId"]
    client = account.client("elbv2")
    made = client.create_load_balancer(Name="web", Subnets=[subnet], Scheme="internal")["LoadBalancers"][0]
    assert made["DNSName"] == "127.77.0.1"
    client.delete_load_balancer(LoadBalancerArn=made["LoadBalancerArn"])
    assert plane.calls == [("balancer", True), ("balancer deleted",)]


def test_nat_gateway_frees_its_address(account: Account) -> None:
    ec2 = account.client("ec2")
    subnet = ec2.describe_subnets()["Subnets"][0]["SubnetId"]
    address = ec2.allocate_address(Domain="vpc")["AllocationId"]
    gateway = ec2.create_nat_gateway(SubnetId=subnet, AllocationId=address)["NatGateway"]["NatGatewayId"]
    ec2.delete_nat_gateway(NatGatewayId=gateway)
    ec2.release_address(AllocationId=address)
    assert ec2.describe_addresses()["Addresses"] == []
    assert ec2.describe_network_interfaces()["NetworkInterfaces"] == []


def test_what_is_not_there_is_said_to_be_missing(account: Account) -> None:
    with pytest.raises(ClientError, match="NatGatewayNotFound"):
        account.client("ec2").delete_nat_gateway(NatGatewayId="nat-0123456789abcdef0")
    scaled = {"ServiceNamespace": "ecs", "ResourceId": "service/a/b", "ScalableDimension": "ecs:service:DesiredCount"}
    scaling = account.client("application-autoscaling")
    with pytest.raises(ClientError, match="ObjectNotFoundException"):
        scaling.deregister_scalable_target(**scaled)
    with pytest.raises(ClientError, match="ObjectNotFoundException"):
        scaling.delete_scaling_policy(PolicyName="p", **scaled)


def test_description_of_a_rule_between_groups(account: Account) -> None:
    ec2 = account.client("ec2")
    group = ec2.describe_security_groups()["SecurityGroups"][0]["GroupId"]
    pair = {"GroupId": group, "Description": "to itself"}
    permission = {"IpProtocol": "tcp", "FromPort": 80, "ToPort": 80, "UserIdGroupPairs": [pair]}
    made = ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[permission])["SecurityGroupRules"][0]
    [found] = ec2.describe_security_group_rules(SecurityGroupRuleIds=[made["SecurityGroupRuleId"]])[
        "SecurityGroupRules"
    ]
    assert found["Description"] == "to itself"


def test_tags_of_a_scalable_target(account: Account) -> None:
    account.client("ecs").create_cluster(clusterName="app")
    client = account.client("application-autoscaling")
    target = {
        "ServiceNamespace": "dynamodb",
        "ResourceId": "table/app",
        "ScalableDimension": "dynamodb:table:ReadCapacityUnits",
    }
    arn = client.register_scalable_target(**target, MinCapacity=1, MaxCapacity=2, Tags={"a": "1"})["ScalableTargetARN"]
    client.tag_resource(ResourceARN=arn, Tags={"b": "2"})
    client.untag_resource(ResourceARN=arn, TagKeys=["a"])
    assert client.list_tags_for_resource(ResourceARN=arn)["Tags"] == {"b": "2"}
    [found] = client.describe_scalable_targets(ServiceNamespace="dynamodb")["ScalableTargets"]
    assert found["RoleARN"].startswith(f"arn:aws:iam::{account.account_id}:role/")


def test_tags_of_a_new_bucket(account: Account) -> None:
    s3 = account.client("s3")
    s3.create_bucket(Bucket="exports", CreateBucketConfiguration={"Tags": [{"Key": "a", "Value": "1"}]})
    assert s3.get_bucket_tagging(Bucket="exports")["TagSet"] == [{"Key": "a", "Value": "1"}]
