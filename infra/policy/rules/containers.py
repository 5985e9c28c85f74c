"""Rules of containers: the registry, the cluster, the service and what a task definition says of its containers."""

import re
from collections.abc import Callable, Iterator, Mapping

from infra.policy.resources import UNKNOWN, Resource, mappings
from infra.policy.rule import (
    Check,
    Rule,
    StackRule,
    each_of,
    must_be,
    must_be_true,
    must_have,
    must_not_be,
    must_not_be_true,
)

_REPOSITORY = ("aws:ecr/repository:Repository",)
_SERVICE = ("aws:ecs/service:Service",)
_TASK = ("aws:ecs/taskDefinition:TaskDefinition",)

_SECRET_NAME = re.compile(r"(PASSWORD|PASSPHRASE|SECRET|TOKEN|KEYS?|CREDENTIALS|DSN)$")
_REFERENCE = re.compile(r"^(secretsmanager|vault):")
_ROOT = ("", "0", "root")

Container = Mapping[str, object]


def is_log_router(container: Container) -> bool:
    """The container of FireLens: ECS hands it the log over a socket and files of root's, which its image completes."""
    return bool(container.get("firelensConfiguration"))


def each_container(is_wrong: Callable[[Container], str]) -> Check:
    """A check of each container of a task definition; `is_wrong` says what is wrong with one, "" for nothing."""

    def check(resource: Resource) -> Iterator[str]:
        for container in mappings(resource.document("containerDefinitions")):
            if problem := is_wrong(container):
                yield f"container {container.get('name')} {problem}"

    return check


def runs_as_root(container: Container) -> str:
    """A container without a user, or whose user is root, by name or number."""
    user = str(container.get("user") or "").split(":")[0]
    return "runs as root" if user in _ROOT and not is_log_router(container) else ""


def shows_a_secret(container: Container) -> str:
    """Variables that are named as secrets are and hold a value; a reference that the engine follows is none."""
    names = [
        str(variable.get("name"))
        for variable in mappings(container.get("environment"))
        if _SECRET_NAME.search(str(variable.get("name"))) and not _REFERENCE.match(str(variable.get("value")))
    ]
    return f"has {', '.join(names)} in its environment" if names else ""


def keeps_no_logs(container: Container) -> str:
    """A container whose output goes nowhere."""
    return "" if container.get("logConfiguration") else "has no logConfiguration"


def can_write(container: Container) -> str:
    """A container that can change its own file system."""
    closed = container.get("readonlyRootFilesystem") is True or is_log_router(container)
    return "" if closed else "can write to its root file system"


def is_privileged(container: Container) -> str:
    """A container with the host's rights."""
    return "is privileged" if container.get("privileged") else ""


def has_no_digest(container: Container) -> str:
    """An image by a tag, which may be another image tomorrow."""
    return "" if "@sha256:" in str(container.get("image")) else "names its image by a tag"


def has_no_insights(resource: Resource) -> Iterator[str]:
    """A cluster without Container Insights."""
    settings = {entry.get("name"): entry.get("value") for entry in mappings(resource.items("settings"))}
    known = resource.get("settings") is not UNKNOWN
    if known and settings.get("containerInsights") not in ("enabled", "enhanced"):
        yield "containerInsights is not enabled"


RULES: tuple[Rule | StackRule, ...] = (
    Rule(
        "ECR.1",
        "Images are scanned when they are pushed.",
        "Set imageScanningConfiguration.scanOnPush to true.",
        _REPOSITORY,
        must_be_true("imageScanningConfiguration.scanOnPush"),
    ),
    Rule(
        "ECR.2",
        "The tags of images never move.",
        "Set imageTagMutability to IMMUTABLE.",
        _REPOSITORY,
        must_be("imageTagMutability", "IMMUTABLE"),
    ),
    StackRule(
        "ECR.3",
        "Old images expire.",
        "Add an aws.ecr.LifecyclePolicy for the repository.",
        _REPOSITORY,
        must_have("aws:ecr/lifecyclePolicy:LifecyclePolicy", "repository"),
    ),
    Rule(
        "ECS.2",
        "Tasks have no public addresses.",
        "Set networkConfiguration.assignPublicIp to false.",
        _SERVICE,
        must_not_be_true("networkConfiguration.assignPublicIp"),
    ),
    Rule(
        "ECS.3",
        "Tasks don't share the processes of their host.",
        "Leave pidMode out.",
        _TASK,
        must_not_be("pidMode", "host"),
    ),
    Rule(
        "ECS.4",
        "Containers are not privileged.",
        "Leave privileged out of the container definition.",
        _TASK,
        each_container(is_privileged),
    ),
    Rule(
        "ECS.5",
        "Containers can't write to their root file system.",
        "Set readonlyRootFilesystem to true and mount a volume where the container writes.",
        _TASK,
        each_container(can_write),
    ),
    Rule(
        "ECS.8",
        "No secret stands in a container's environment.",
        "Name the secret's ARN under secrets instead.",
        _TASK,
        each_container(shows_a_secret),
    ),
    Rule(
        "ECS.9",
        "Containers have a log configuration.",
        "Set logConfiguration of the container definition.",
        _TASK,
        each_container(keeps_no_logs),
    ),
    Rule(
        "ECS.10",
        "Services run on the latest platform of Fargate.",
        "Leave platformVersion out.",
        _SERVICE,
        must_be("platformVersion", None, "LATEST"),
    ),
    Rule(
        "ECS.12",
        "Clusters have Container Insights.",
        "Set containerInsights to enabled in the cluster's settings.",
        ("aws:ecs/cluster:Cluster",),
        has_no_insights,
    ),
    Rule(
        "ECS.17",
        "Tasks don't use the network of their host.",
        "Set networkMode to awsvpc.",
        _TASK,
        must_not_be("networkMode", "host"),
    ),
    Rule(
        "ECS.20",
        "Containers don't run as root.",
        "Set user of the container definition to another user than root.",
        _TASK,
        each_container(runs_as_root),
    ),
    Rule(
        "Workflow.1",
        "A deployment that fails goes back by itself.",
        "Set enable and rollback of deploymentCircuitBreaker to true.",
        _SERVICE,
        each_of(
            must_be_true("deploymentCircuitBreaker.enable"),
            must_be_true("deploymentCircuitBreaker.rollback"),
        ),
    ),
    Rule(
        "Workflow.2",
        "Tasks run an image by its digest.",
        "Name the image as REPOSITORY@sha256:….",
        _TASK,
        each_container(has_no_digest),
    ),
)
