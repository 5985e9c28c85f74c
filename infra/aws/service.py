"""The service: an ECS cluster on Fargate and, once there is an image, the tasks of the engine.

A task first runs the migrations in a container of their own, where there are brokers makes their topics in another, and
then runs the engine. A deployment starts new tasks beside the old ones, waits until they are healthy, and goes back by
itself when they don't become so or an alarm goes off. Without an image there is no service: everything else is made, so
that an image can be pushed. A task costs about 9 USD a month (256/512) to 72 USD (2048/4096), Container Insights a few
more.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi_aws as aws
from pulumi import ComponentResource, CustomTimeouts, Input, Output, ResourceOptions

from infra.aws.archive import ArchivePlace
from infra.aws.autoscaling import Autoscaling, AutoscalingArgs
from infra.aws.cluster import ClusterArgs, capacity, make_cluster, run_commands
from infra.aws.containers import ENGINE, engine_containers, writable_paths
from infra.aws.events import Events
from infra.aws.load_balancer import LoadBalancer
from infra.aws.provider import Account
from infra.aws.roles import Roles, RolesArgs, put_events
from infra.aws.secrets import Secrets
from infra.aws.sidecars import make_sidecars, repository_arns, sidecar_containers
from infra.aws.task_definition import LogStream, container_definitions
from infra.contract import Contract
from infra.environment import Connections
from infra.settings import Settings


@dataclass(frozen=True)
class ServiceArgs:
    """What a service needs to know; `image` is a repository URL and digest, None when no image is set.

    Logs are encrypted with the key of `key_arn`, or with one of AWS. An alarm of `rollback_alarms`, by name, that goes
    off during a deployment takes it back; `log_metrics` is the namespace of the log's metrics.
    """

    settings: Settings
    contract: Contract
    account: Account
    image: Input[str] | None
    repository_arn: Input[str]
    subnet_ids: Sequence[Input[str]]
    security_group_id: Input[str]
    load_balancers: Sequence[LoadBalancer]
    database_endpoint: Input[str]
    replica_endpoints: Sequence[Input[str]]
    cache_endpoint: Input[str]
    secrets: Secrets
    rollback_alarms: Sequence[Input[str]]
    log_metrics: str
    archive: ArchivePlace | None = None
    events: Events | None = None
    key_arn: Input[str] | None = None


class Service(ComponentResource):
    """The cluster and, with an image, the service and its task definition."""

    cluster_name: Output[str]
    log_group_name: Output[str]
    service_name: Output[str] | None = None
    task_definition_arn: Output[str] | None = None

    def __init__(self, name: str, args: ServiceArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("workflow:aws:Service", name, None, opts)
        self._name, self._args, self._child = name, args, ResourceOptions(parent=self)
        settings = args.settings
        self._cluster = make_cluster(
            name, ClusterArgs(settings.compute, settings.service.log_retention_days, args.key_arn), self._child
        )
        logs = aws.cloudwatch.LogGroup(
            name,
            retention_in_days=settings.service.log_retention_days,
            kms_key_id=args.key_arn,
            opts=self._child,
        )
        self._sidecars = make_sidecars(name, args.account, settings, logs.name, self._child)
        self._roles = self._make_roles(logs)
        self.cluster_name = self._cluster.name
        self.log_group_name = logs.name
        if args.image is not None:
            task_definition = self._task_definition(args.image)
            service = self._service(task_definition)
            self.service_name = service.name
            self.task_definition_arn = task_definition.arn
            if settings.autoscaling.enabled:
                Autoscaling(f"{name}-autoscaling", self._autoscaling(service), self._child)
        self.register_outputs(
            {
                "clusterName": self.cluster_name,
                "logGroupName": self.log_group_name,
                "serviceName": self.service_name,
                "taskDefinitionArn": self.task_definition_arn,
            }
        )

    def _autoscaling(self, service: aws.ecs.Service) -> AutoscalingArgs:
        api = self._args.load_balancers[0]
        return AutoscalingArgs(
            cluster_name=self._cluster.name,
            service_name=service.name,
            load_balancer=api.arn_suffix,
            target_group=api.target_group_arn_suffix,
            log_metrics=self._args.log_metrics,
            settings=self._args.settings.autoscaling,
        )

    def _make_roles(self, logs: aws.cloudwatch.LogGroup) -> Roles:
        args = self._args
        secrets = args.secrets
        webhook = [secrets.webhook_arn] if secrets.webhook_arn is not None else []
        return Roles(
            self._name,
            RolesArgs(
                account=args.account,
                repository_arn=args.repository_arn,
                log_group_arn=logs.arn,
                injected_secret_arns=[secrets.database_admin_arn, *webhook],
                engine_secret_arns=[
                    secrets.database_user_arn,
                    secrets.token_key_arn,
                    secrets.access_keys_arn,
                    secrets.cache_arn,
                ],
                assumable_role_arns=args.settings.service.role_arns,
                sidecar_repository_arns=repository_arns(args.account, args.settings.sidecars.images),
                further=self._further_rights(),
                key_arn=args.key_arn,
            ),
            self._child,
        )

    def _further_rights(self) -> list[dict[str, object]]:
        """What the options that work from inside the task need."""
        commands = self._cluster.commands_log_arn
        return [
            *(run_commands(commands) if commands else []),
            *self._sidecars.statements(self._args.settings),
            *(self._args.archive.statements() if self._args.archive else []),
            *put_events(self._args.account, self._args.settings.events.bus),
            *(self._args.events.statements(self._args.contract) if self._args.events else []),
        ]

    def _task_definition(self, image: Input[str]) -> aws.ecs.TaskDefinition:
        args = self._args
        definitions = Output.all(
            image=image,
            log_group=self.log_group_name,
            database_endpoint=args.database_endpoint,
            replica_endpoints=Output.all(*args.replica_endpoints).apply(",".join),
            archive=args.archive.location if args.archive else "",
            cache_endpoint=args.cache_endpoint,
            database_user_arn=args.secrets.database_user_arn,
            database_admin_arn=args.secrets.database_admin_arn,
            token_key_arn=args.secrets.token_key_arn,
            access_keys_arn=args.secrets.access_keys_arn,
            cache_arn=args.secrets.cache_arn,
            webhook_arn=args.secrets.webhook_arn,
            kafka_brokers=args.events.brokers if args.events else "",
            **self._sidecars.addresses(),
        ).apply(self._containers)
        return aws.ecs.TaskDefinition(
            self._name,
            family=self._name,
            cpu=str(args.settings.service.cpu),
            memory=str(args.settings.service.memory),
            network_mode="awsvpc",
            requires_compatibilities=["FARGATE"],
            runtime_platform=aws.ecs.TaskDefinitionRuntimePlatformArgs(
                cpu_architecture=args.settings.compute.architecture, operating_system_family="LINUX"
            ),
            execution_role_arn=self._roles.execution_arn,
            task_role_arn=self._roles.task_arn,
            volumes=[aws.ecs.TaskDefinitionVolumeArgs(name=volume) for volume in writable_paths(args.settings)],
            container_definitions=definitions,
            opts=self._child,
        )

    def _containers(self, known: dict[str, str]) -> str:
        """The definitions of the task's containers, once all that they refer to is known. Canonical JSON."""
        args, settings = self._args, self._args.settings
        logs = LogStream(known.pop("log_group"), settings.provider.region)
        addresses = {name: known.pop(name) for name in self._sidecars.addresses()}
        sidecars = sidecar_containers(settings, args.account, logs, **addresses)
        image = known.pop("image")
        connections = Connections(account_id=args.account.id, **known)
        engine = engine_containers(settings, args.contract, image=image, logs=logs, connections=connections)
        return container_definitions(*engine, *sidecars)

    def _service(self, task_definition: aws.ecs.TaskDefinition) -> aws.ecs.Service:
        settings, compute = self._args.settings.service, self._args.settings.compute
        return aws.ecs.Service(
            self._name,
            cluster=self._cluster.arn,
            task_definition=task_definition.arn,
            capacity_provider_strategies=capacity(compute),
            # The one way to change the shares without a new service; nothing is deployed but by an update of it.
            force_new_deployment=True,
            enable_execute_command=compute.execute_command,
            desired_count=settings.desired_count,
            deployment_minimum_healthy_percent=settings.minimum_healthy_percent,
            deployment_maximum_percent=settings.maximum_percent,
            deployment_circuit_breaker=aws.ecs.ServiceDeploymentCircuitBreakerArgs(enable=True, rollback=True),
            alarms=self._rollback_alarms(),
            health_check_grace_period_seconds=settings.health_check_grace_period,
            network_configuration=aws.ecs.ServiceNetworkConfigurationArgs(
                assign_public_ip=False,
                subnets=list(self._args.subnet_ids),
                security_groups=[self._args.security_group_id],
            ),
            load_balancers=[
                aws.ecs.ServiceLoadBalancerArgs(
                    target_group_arn=balancer.target_group_arn,
                    container_name=ENGINE,
                    container_port=balancer.target_port,
                )
                for balancer in self._args.load_balancers
            ],
            enable_ecs_managed_tags=True,
            propagate_tags="SERVICE",
            wait_for_steady_state=True,
            opts=ResourceOptions(
                parent=self,
                ignore_changes=["desiredCount"] if self._args.settings.autoscaling.enabled else [],
                custom_timeouts=CustomTimeouts(create="20m", update="20m", delete="20m"),
            ),
        )

    def _rollback_alarms(self) -> aws.ecs.ServiceAlarmsArgs | None:
        names = list(self._args.rollback_alarms)
        return aws.ecs.ServiceAlarmsArgs(enable=True, rollback=True, alarm_names=names) if names else None
