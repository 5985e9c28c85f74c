"""What moto 5.2.5 gets wrong in ECS calls: updates and deletions take effect at once there, and parameters are lost."""

from collections.abc import Callable
from functools import wraps

from botocore import xform_name
from moto.core.responses import ActionResult
from moto.ec2.models.elastic_network_interfaces import NetworkInterface
from moto.ecs import models
from moto.ecs.exceptions import ECSException, InvalidParameterException
from moto.ecs.responses import EC2ContainerServiceResponse

from sandbox.compute.model import Backend, Service, Task

_KEPT_PARAMETERS = (
    *("deploymentConfiguration", "healthCheckGracePeriodSeconds", "enableExecuteCommand", "enableECSManagedTags"),
    *("availabilityZoneRebalancing", "placementConstraints", "placementStrategy", "capacityProviderStrategy"),
    *("propagateTags", "platformVersion", "networkConfiguration", "loadBalancers", "serviceRegistries"),
)
_ROLLED_OUT = ("networkConfiguration", "loadBalancers", "platformVersion", "serviceRegistries")


def apply() -> None:
    """Mend moto; a second call changes nothing."""
    if models.Task is Task:
        return
    if not hasattr(NetworkInterface, "private_dns_name"):  # a task's, in a VPC without DNS host names
        setattr(NetworkInterface, "private_dns_name", "")  # noqa: B010  # mypy knows of none
    replacements = {"Task": Task, "Service": Service}
    for name, replacement in replacements.items():
        setattr(models, name, replacement)
    methods = {
        "update_service": _update_service,
        "delete_service": _delete_service,
        "list_services": _without_inactive(Backend.list_services),
        "list_tasks": _of_service(Backend.list_tasks),
        "stop_task": _stop_task,
        "_calculate_task_resource_requirements": staticmethod(_no_requirements),
    }
    for name, method in methods.items():
        setattr(Backend, name, method)
    for name in ("create_service", "update_service"):
        setattr(EC2ContainerServiceResponse, name, _keeping(getattr(EC2ContainerServiceResponse, name)))


def _no_requirements(task_definition: models.TaskDefinition) -> dict[str, object]:  # noqa: ARG001
    """RunTask: Fargate reserves nothing on instances, and containers may leave their memory out."""
    return {"CPU": 0, "MEMORY": 0, "PORTS": [], "PORTS_UDP": []}


def _update_service(self: Backend, service_properties: dict[str, object]) -> models.Service:
    """UpdateService: another task definition or a forced one begins a deployment; the rest is for the scheduler."""
    cluster = str(service_properties.get("cluster") or "default")
    service = self._get_service(cluster, str(service_properties["service"]).split("/")[-1])
    if service.status != "ACTIVE" or not isinstance(service, Service):
        raise ECSException("ServiceNotActiveException", f"Service {service.name} is {service.status}.")
    before = service.task_definition
    if service_properties.get("task_definition"):
        service.task_definition = self.describe_task_definition(str(service_properties["task_definition"])).arn
    desired = service_properties.get("desired_count")
    if isinstance(desired, int):
        service.desired_count = desired
    if service.task_definition != before or service_properties.get("force_new_deployment"):
        service.begin_deployment()
    return service


def _delete_service(self: Backend, cluster_name: str, service_name: str, force: bool) -> models.Service:  # noqa: FBT001
    """DeleteService: it drains, and is INACTIVE when its last task has stopped."""
    service = self._get_service(cluster_name, service_name)
    if service.desired_count > 0 and not force:
        raise InvalidParameterException("The service cannot be stopped while it is scaled above 0.")
    service.desired_count = 0
    if service.status == "ACTIVE":
        service.status = "DRAINING"
    return service


def _without_inactive(list_services: Callable[..., list[str]]) -> Callable[..., list[str]]:
    @wraps(list_services)
    def listed(self: Backend, *arguments: object, **options: object) -> list[str]:
        gone = {service.arn for service in self.services.values() if service.status == "INACTIVE"}
        return [arn for arn in list_services(self, *arguments, **options) if arn not in gone]

    return listed


def _of_service(list_tasks: Callable[..., list[models.Task]]) -> Callable[..., list[models.Task]]:
    """ListTasks: by service, and the running ones where no status is given."""

    @wraps(list_tasks)
    def listed(
        self: Backend,
        cluster_str: str | None = None,
        container_instance: str | None = None,
        family: str | None = None,
        started_by: str | None = None,
        service_name: str | None = None,
        desiredStatus: str | None = None,  # noqa: N803
    ) -> list[models.Task]:
        wanted = desiredStatus or "RUNNING"
        tasks = list_tasks(self, cluster_str, container_instance, family, started_by, None, wanted)
        group = f"service:{service_name.split('/')[-1]}" if service_name else None
        return [task for task in tasks if group in (None, task.group)]

    return listed


def _stop_task(self: Backend, cluster_str: str, task_str: str, reason: str) -> models.Task:
    """StopTask: the runner sends SIGTERM, waits, then sends SIGKILL."""
    cluster = self._get_cluster(cluster_str)
    wanted = task_str.rpartition("/")[2]
    for arn, task in self.tasks.get(cluster.name, {}).items():
        if arn.endswith(f"/{wanted}") and isinstance(task, Task):
            task.request_stop("UserInitiated", reason or "Task stopped by user")
            return task
    raise InvalidParameterException("The referenced task was not found.")


def _keeping(
    answer: Callable[[EC2ContainerServiceResponse], ActionResult],
) -> Callable[[EC2ContainerServiceResponse], ActionResult]:
    """Keep the parameters that moto reads past; some of them begin a new deployment."""

    @wraps(answer)
    def keep(self: EC2ContainerServiceResponse) -> ActionResult:
        answered = answer(self)
        service = answered.result["service"] if isinstance(answered.result, dict) else None
        if isinstance(service, Service):
            _keep_parameters(self, service)
        return answered

    return keep


def _keep_parameters(request: EC2ContainerServiceResponse, service: Service) -> None:
    rolled_out = False
    for name in _KEPT_PARAMETERS:
        attribute, value = xform_name(name), request._get_param(name)  # noqa: SLF001
        if value is not None:
            rolled_out |= name in _ROLLED_OUT and getattr(service, attribute, None) != value
            setattr(service, attribute, value)
    if rolled_out:
        service.begin_deployment()
