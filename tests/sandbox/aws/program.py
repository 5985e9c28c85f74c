"""A program with a resource of every type that the provider has."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import pulumi
import pulumi_aws as aws
from pulumi import ResourceOptions

from tests.sandbox.aws.edge_program import EdgeSettings, edge
from tests.sandbox.aws.option_program import make_options
from tests.sandbox.aws.watching import WatchSettings, watch

ASSUME_ROLE = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": {"Service": "ecs-tasks.amazonaws.com"}, "Action": "sts:AssumeRole"}
        ],
    }
)
EXPIRE = json.dumps(
    {
        "rules": [
            {
                "rulePriority": 1,
                "selection": {"tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": 5},
                "action": {"type": "expire"},
            }
        ]
    }
)


@dataclass(frozen=True)
class Settings:
    """What a test changes from one update to the next."""

    retention_days: int = 14
    idle_timeout: int = 60
    image: str = "busybox:1"
    health_path: str = "/health"
    database_name: str = "app"
    max_connections: str = "200"
    subnets_of_load_balancer: int = 2
    tags: Mapping[str, str] | None = None
    edge: EdgeSettings = field(default_factory=EdgeSettings)
    watch: WatchSettings = field(default_factory=WatchSettings)


def program(settings: Settings) -> Callable[[], None]:
    """Return the inline program for these settings."""

    def run() -> None:
        provider = aws.Provider(
            "aws", region="us-east-1", default_tags=aws.ProviderDefaultTagsArgs(tags={"stack": "test"})
        )
        network = _Network(provider, settings)
        balancer, group = _balancer(network, settings)
        _cache(network)
        _service(network, group, _database(network, settings), settings)
        edge(network.vpc.id, balancer, settings.edge, network.opts)
        make_options([subnet.id for subnet in network.subnets], network.group.id, network.opts)

    return run


class _Network:
    def __init__(self, provider: aws.Provider, settings: Settings) -> None:
        self.opts = ResourceOptions(provider=provider)
        invoke = pulumi.InvokeOptions(provider=provider)
        zones = aws.get_availability_zones(state="available", opts=invoke).names[:2]
        self.vpc = aws.ec2.Vpc(
            "net", cidr_block="10.0.0.0/16", enable_dns_hostnames=True, tags=settings.tags, opts=self.opts
        )
        gateway = aws.ec2.InternetGateway("net", vpc_id=self.vpc.id, opts=self.opts)
        table = aws.ec2.RouteTable("public", vpc_id=self.vpc.id, opts=self.opts)
        route = aws.ec2.Route(
            "public",
            route_table_id=table.id,
            destination_cidr_block="0.0.0.0/0",
            gateway_id=gateway.id,
            opts=self.opts,
        )
        self.subnets = [self._subnet(number, zone, table) for number, zone in enumerate(zones)]
        address = aws.ec2.Eip("nat", domain="vpc", opts=ResourceOptions(provider=provider, depends_on=[route]))
        aws.ec2.NatGateway("nat", allocation_id=address.id, subnet_id=self.subnets[0].id, opts=self.opts)
        aws.ec2.VpcEndpoint(
            "s3",
            vpc_id=self.vpc.id,
            service_name="com.amazonaws.us-east-1.s3",
            vpc_endpoint_type="Gateway",
            route_table_ids=[table.id],
            opts=self.opts,
        )
        self.group = aws.ec2.SecurityGroup("all", vpc_id=self.vpc.id, description="all", opts=self.opts)
        self._rules()

    def _subnet(self, number: int, zone: str, table: aws.ec2.RouteTable) -> aws.ec2.Subnet:
        subnet = aws.ec2.Subnet(
            f"public-{number}",
            vpc_id=self.vpc.id,
            cidr_block=f"10.0.{number}.0/24",
            availability_zone=zone,
            map_public_ip_on_launch=True,
            tags={"Name": f"public-{number}"},
            opts=self.opts,
        )
        aws.ec2.RouteTableAssociation(f"public-{number}", subnet_id=subnet.id, route_table_id=table.id, opts=self.opts)
        return subnet

    def _rules(self) -> None:
        aws.vpc.SecurityGroupIngressRule(
            "http",
            security_group_id=self.group.id,
            description="clients",
            cidr_ipv4="0.0.0.0/0",
            ip_protocol="tcp",
            from_port=80,
            to_port=80,
            opts=self.opts,
        )
        aws.vpc.SecurityGroupIngressRule(
            "within",
            security_group_id=self.group.id,
            referenced_security_group_id=self.group.id,
            ip_protocol="-1",
            opts=self.opts,
        )
        aws.vpc.SecurityGroupEgressRule(
            "out", security_group_id=self.group.id, cidr_ipv4="0.0.0.0/0", ip_protocol="-1", opts=self.opts
        )


def _balancer(network: _Network, settings: Settings) -> tuple[aws.lb.LoadBalancer, aws.lb.TargetGroup]:
    balancer = aws.lb.LoadBalancer(
        "web",
        load_balancer_type="application",
        internal=False,
        security_groups=[network.group.id],
        subnets=[subnet.id for subnet in network.subnets[: settings.subnets_of_load_balancer]],
        idle_timeout=settings.idle_timeout,
        drop_invalid_header_fields=True,
        opts=network.opts,
    )
    group = aws.lb.TargetGroup(
        "web",
        port=8080,
        protocol="HTTP",
        target_type="ip",
        vpc_id=network.vpc.id,
        deregistration_delay=15,
        health_check=aws.lb.TargetGroupHealthCheckArgs(path=settings.health_path, matcher="200-299", interval=15),
        opts=network.opts,
    )
    aws.lb.Listener(
        "web",
        load_balancer_arn=balancer.arn,
        port=80,
        protocol="HTTP",
        default_actions=[aws.lb.ListenerDefaultActionArgs(type="forward", target_group_arn=group.arn)],
        opts=network.opts,
    )
    aws.lb.Listener(
        "redirect",
        load_balancer_arn=balancer.arn,
        port=81,
        protocol="HTTP",
        default_actions=[
            aws.lb.ListenerDefaultActionArgs(
                type="redirect",
                redirect=aws.lb.ListenerDefaultActionRedirectArgs(port="443", protocol="HTTPS", status_code="HTTP_301"),
            )
        ],
        opts=network.opts,
    )
    pulumi.export("dnsName", balancer.dns_name)
    return balancer, group


def _database(network: _Network, settings: Settings) -> aws.rds.Instance:
    subnet_ids = [subnet.id for subnet in network.subnets]
    secret = aws.secretsmanager.Secret("database", recovery_window_in_days=0, opts=network.opts)
    version = aws.secretsmanager.SecretVersion(
        "database",
        secret_id=secret.id,
        secret_string=pulumi.Output.secret("only-for-the-test"),
        opts=network.opts,
    )
    parameters = aws.rds.ParameterGroup(
        "database",
        family="postgres16",
        parameters=[
            aws.rds.ParameterGroupParameterArgs(
                name="max_connections", value=settings.max_connections, apply_method="pending-reboot"
            ),
            aws.rds.ParameterGroupParameterArgs(name="rds.force_ssl", value="1"),
        ],
        opts=network.opts,
    )
    database = aws.rds.Instance(
        "database",
        engine="postgres",
        engine_version="16.4",
        instance_class="db.t4g.micro",
        allocated_storage=20,
        max_allocated_storage=100,
        db_name=settings.database_name,
        username="app",
        password=version.secret_string.apply(lambda value: value or ""),
        port=5432,
        db_subnet_group_name=aws.rds.SubnetGroup("database", subnet_ids=subnet_ids, opts=network.opts).name,
        parameter_group_name=parameters.name,
        vpc_security_group_ids=[network.group.id],
        storage_encrypted=True,
        backup_retention_period=7,
        enabled_cloudwatch_logs_exports=["postgresql"],
        performance_insights_enabled=True,
        skip_final_snapshot=True,
        opts=network.opts,
    )
    pulumi.export("database", database.endpoint)
    pulumi.export("databasePassword", database.password)
    return database


def _cache(network: _Network) -> None:
    subnet_ids = [subnet.id for subnet in network.subnets]
    parameters = aws.elasticache.ParameterGroup(
        "cache",
        family="redis7",
        parameters=[aws.elasticache.ParameterGroupParameterArgs(name="maxmemory-policy", value="allkeys-lru")],
        opts=network.opts,
    )
    cache = aws.elasticache.ReplicationGroup(
        "cache",
        description="cache",
        engine="redis",
        engine_version="7.1",
        node_type="cache.t4g.micro",
        num_cache_clusters=2,
        automatic_failover_enabled=True,
        multi_az_enabled=True,
        subnet_group_name=aws.elasticache.SubnetGroup("cache", subnet_ids=subnet_ids, opts=network.opts).name,
        parameter_group_name=parameters.name,
        security_group_ids=[network.group.id],
        at_rest_encryption_enabled=True,
        transit_encryption_enabled=True,
        user_group_ids=[_cache_users(network.opts)],
        port=6379,
        opts=network.opts,
    )
    pulumi.export("cache", cache.primary_endpoint_address)


def _cache_users(opts: pulumi.ResourceOptions) -> pulumi.Output[str]:
    engine = aws.elasticache.User(
        "engine",
        user_id="test-engine",
        user_name="engine",
        engine="redis",
        access_string="on ~rate:* -@all +incrby",
        passwords=[pulumi.Output.secret("sixteen-characters-at-least")],
        opts=opts,
    )
    nobody = aws.elasticache.User(
        "nobody",
        user_id="test-nobody",
        user_name="default",
        engine="redis",
        access_string="off ~* -@all",
        no_password_required=True,
        opts=opts,
    )
    members = [engine.user_id, nobody.user_id]
    return aws.elasticache.UserGroup(
        "users", user_group_id="test", engine="redis", user_ids=members, opts=opts
    ).user_group_id


def _repository(opts: pulumi.ResourceOptions) -> aws.ecr.Repository:
    scan = aws.ecr.RepositoryImageScanningConfigurationArgs(scan_on_push=True)
    repository = aws.ecr.Repository(
        "app", image_tag_mutability="IMMUTABLE", image_scanning_configuration=scan, force_delete=True, opts=opts
    )
    aws.ecr.LifecyclePolicy("app", repository=repository.name, policy=EXPIRE, opts=opts)
    return repository


def _role(repository: aws.ecr.Repository, opts: pulumi.ResourceOptions) -> aws.iam.Role:
    role = aws.iam.Role("app", assume_role_policy=ASSUME_ROLE, opts=opts)
    aws.iam.RolePolicyAttachment(
        "app",
        role=role.name,
        policy_arn="arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy",
        opts=opts,
    )
    aws.iam.RolePolicy(
        "app",
        role=role.id,
        policy=repository.arn.apply(
            lambda arn: json.dumps(
                {
                    "Version": "2012-10-17",
                    "Statement": [{"Effect": "Allow", "Action": "ecr:BatchGetImage", "Resource": arn}],
                }
            )
        ),
        opts=opts,
    )
    return role


def _cluster(opts: pulumi.ResourceOptions) -> aws.ecs.Cluster:
    cluster = aws.ecs.Cluster(
        "app", settings=[aws.ecs.ClusterSettingArgs(name="containerInsights", value="enabled")], opts=opts
    )
    aws.ecs.ClusterCapacityProviders(
        "app", cluster_name=cluster.name, capacity_providers=["FARGATE", "FARGATE_SPOT"], opts=opts
    )
    return cluster


def _task_definition(
    role: aws.iam.Role,
    logs: aws.cloudwatch.LogGroup,
    database: aws.rds.Instance,
    image: str,
    opts: pulumi.ResourceOptions,
) -> aws.ecs.TaskDefinition:
    return aws.ecs.TaskDefinition(
        "app",
        family="app",
        cpu="256",
        memory="512",
        network_mode="awsvpc",
        requires_compatibilities=["FARGATE"],
        execution_role_arn=role.arn,
        runtime_platform=aws.ecs.TaskDefinitionRuntimePlatformArgs(
            cpu_architecture="X86_64", operating_system_family="LINUX"
        ),
        volumes=[aws.ecs.TaskDefinitionVolumeArgs(name="tmp")],
        container_definitions=pulumi.Output.json_dumps(
            [
                {
                    "name": "app",
                    "image": image,
                    "essential": True,
                    "portMappings": [{"containerPort": 8080, "protocol": "tcp"}],
                    "environment": [{"name": "DATABASE", "value": database.endpoint}],
                    "logConfiguration": {"logDriver": "awslogs", "options": {"awslogs-group": logs.name}},
                }
            ]
        ),
        opts=opts,
    )


def _service(network: _Network, group: aws.lb.TargetGroup, database: aws.rds.Instance, settings: Settings) -> None:
    opts = network.opts
    role = _role(_repository(opts), opts)
    logs = aws.cloudwatch.LogGroup("app", retention_in_days=settings.retention_days, opts=opts)
    cluster = _cluster(opts)
    definition = _task_definition(role, logs, database, settings.image, opts)
    service = aws.ecs.Service(
        "app",
        cluster=cluster.arn,
        task_definition=definition.arn,
        desired_count=0,
        capacity_provider_strategies=[
            aws.ecs.ServiceCapacityProviderStrategyArgs(capacity_provider="FARGATE", base=1, weight=100)
        ],
        network_configuration=aws.ecs.ServiceNetworkConfigurationArgs(
            subnets=[subnet.id for subnet in network.subnets],
            security_groups=[network.group.id],
            assign_public_ip=False,
        ),
        load_balancers=[
            aws.ecs.ServiceLoadBalancerArgs(target_group_arn=group.arn, container_name="app", container_port=8080)
        ],
        health_check_grace_period_seconds=30,
        deployment_minimum_healthy_percent=100,
        deployment_maximum_percent=200,
        deployment_circuit_breaker=aws.ecs.ServiceDeploymentCircuitBreakerArgs(enable=True, rollback=True),
        enable_execute_command=True,
        enable_ecs_managed_tags=True,
        propagate_tags="SERVICE",
        availability_zone_rebalancing="ENABLED",
        wait_for_steady_state=True,
        opts=opts,
    )
    watch(cluster, service, logs, settings.watch, opts)
