"""Tasks and services as the ECS API shows them, on top of moto's: what the runner writes is what callers read.

moto 5.2.5 keeps one made-up container per task, advances a task's status by being asked, copies the desired count to
the running count, and knows one deployment per service and no events.
"""

import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime

from moto.backends import get_backend
from moto.ecs import models

from sandbox.compute.deployment import Deployment, DeploymentSettings

Backend = models.EC2ContainerServiceBackend

_MOST_EVENTS = 100
_MOST_STOPPED_TASKS = 100


@dataclass
class ContainerState:
    """A task's container as DescribeTasks shows it (API page Container)."""

    name: str
    image: str
    task_arn: str
    cpu: str
    memory: str | None
    container_arn: str
    last_status: str = "PENDING"
    exit_code: int | None = None
    reason: str | None = None
    health_status: str = "UNKNOWN"
    image_digest: str | None = None
    network_interfaces: list[dict[str, str]] = field(default_factory=list)


class Task(models.Task):
    """A task whose status is set by the runner alone (API page Task)."""

    containers: list[ContainerState]  # type: ignore[assignment]  # moto's own are made up
    attachments: list[dict[str, object]]  # type: ignore[assignment]  # one elastic network interface

    def __init__(self, *arguments: object, **options: object) -> None:
        self._last_status = "PROVISIONING"
        super().__init__(*arguments, **options)  # type: ignore[arg-type]  # whatever moto's own takes
        definition = self._backend.describe_task_definition(self.task_definition_arn)
        self.stop_code: str | None = None
        self.health_status = "UNKNOWN"
        self.connectivity = "CONNECTED"
        self.created_at = datetime.now(UTC)
        self.started_at: datetime | None = None
        self.stopping_at: datetime | None = None
        self.stopped_at: datetime | None = None
        self.cpu, self.memory = definition.cpu, definition.memory
        self.containers = [self._container(container) for container in definition.container_definitions]

    @property
    def last_status(self) -> str:
        """Where it is in its life cycle."""
        return self._last_status

    @last_status.setter
    def last_status(self, value: str) -> None:
        self._last_status = value

    def advance(self) -> None:
        """Being described moves nothing."""

    def request_stop(self, code: str, reason: str) -> None:
        """Ask the runner to stop it; the first reason stays."""
        if self.desired_status != "STOPPED":
            self.desired_status = "STOPPED"
            self.stop_code = code
            self.stopped_reason = reason
            self.stopping_at = datetime.now(UTC)

    def give_address(self, address: str) -> None:
        """Show the loopback address as the one of its network interface."""
        for detail in self._interface_details():
            if detail["name"] == "privateIPv4Address":
                detail["value"] = address
        for container in self.containers:
            container.network_interfaces = [{"privateIpv4Address": address}]

    def release_network_interface(self) -> None:
        """Delete the interface that was made for it, as ECS does when a task ends."""
        interfaces = get_backend("ec2")[self._account_id][self.region_name].enis
        for detail in self._interface_details():
            if detail["name"] == "networkInterfaceId":
                interfaces.pop(detail["value"], None)

    def _interface_details(self) -> list[dict[str, str]]:
        found = [attachment["details"] for attachment in self.attachments]
        return [detail for details in found if isinstance(details, list) for detail in details]

    def _container(self, definition: dict[str, object]) -> ContainerState:
        return ContainerState(
            name=str(definition["name"]),
            image=str(definition["image"]),
            task_arn=self.task_arn,
            cpu=str(definition.get("cpu") or 0),
            memory=str(definition["memory"]) if definition.get("memory") else None,
            container_arn=f"{self.task_arn.replace(':task/', ':container/')}/{uuid.uuid4()}",
        )


class Service(models.Service):
    """A service with the deployments and events that really happened (API page Service)."""

    deployments: list[Deployment]  # type: ignore[assignment]  # moto's is one dict; ours has the same fields

    def __init__(self, *arguments: object, **options: object) -> None:
        super().__init__(*arguments, **options)  # type: ignore[arg-type]  # whatever moto's own takes
        self.created_at = datetime.now(UTC)
        self.running_count = self.pending_count = 0
        self.deployment_configuration: dict[str, object] | None = None
        self.health_check_grace_period_seconds: int | None = None
        self.availability_zone_rebalancing = "ENABLED"  # what CreateService does where nothing is asked
        self.deployments = []
        self.begin_deployment()

    @property
    def primary(self) -> Deployment:
        """The deployment that is wanted now."""
        return self.deployments[0]

    @property
    def settings(self) -> DeploymentSettings:
        """How deployments go."""
        return DeploymentSettings.read(self.deployment_configuration)

    @property
    def backend(self) -> Backend:
        """The backend that it lives in."""
        return self._backend

    def begin_deployment(self) -> Deployment:
        """Make what the service asks for now its primary deployment; earlier ones become ACTIVE and are replaced."""
        deployment = Deployment(
            task_definition=str(self.task_definition),
            desired_count=self.desired_count,
            launch_type=self.launch_type,
            platform_version=self.platform_version,
            network_configuration=self.network_configuration or None,
        )
        return self.return_to(deployment)

    def return_to(self, deployment: Deployment) -> Deployment:
        """Make a deployment the primary one."""
        for other in self.deployments:
            other.status = "ACTIVE"
            other.updated_at = datetime.now(UTC)
        deployment.status = "PRIMARY"
        self.deployments = [deployment, *(other for other in self.deployments if other is not deployment)]
        return deployment

    def add_event(self, message: str) -> None:
        """Put a line on top of the events."""
        event = {"id": str(uuid.uuid4()), "createdAt": datetime.now(UTC), "message": f"(service {self.name}) {message}"}
        self.events = [event, *self.events][:_MOST_EVENTS]

    def create_task(self) -> Task:
        """Add a task of the primary deployment, for the runner to start."""
        definition = self._backend.describe_task_definition(self.primary.task_definition)
        task = Task(
            cluster=self._backend.clusters[self.cluster_name],
            task_definition=definition,
            container_instance_arn=None,
            resource_requirements=None,
            backend=self._backend,
            group=f"service:{self.name}",
            launch_type=self.launch_type or "FARGATE",
            started_by=self.primary.id,
            networking_configuration=self.network_configuration,
            platform_version=self.platform_version,
        )
        self._backend.tasks.setdefault(self.cluster_name, {})[task.task_arn] = task
        return task


def forget_old_tasks(backend: Backend) -> None:
    """Drop the oldest stopped tasks; ECS, too, shows them for a while only."""
    for tasks in backend.tasks.values():
        stopped = [arn for arn, task in list(tasks.items()) if task.last_status == "STOPPED"]
        for arn in stopped[:-_MOST_STOPPED_TASKS]:
            del tasks[arn]
