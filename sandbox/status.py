"""What runs in a sandbox, asked of its account as any AWS client would."""

from typing import TYPE_CHECKING

import boto3
import msgspec

from sandbox.state import SandboxState

if TYPE_CHECKING:
    from mypy_boto3_ecs.client import ECSClient
    from mypy_boto3_ecs.type_defs import TaskTypeDef


class TaskStatus(msgspec.Struct, frozen=True, rename="camel"):
    """A task: where it is, what it runs, why it stopped."""

    id: str
    status: str
    address: str
    task_definition: str
    stopped_reason: str
    containers: dict[str, str]


class ServiceStatus(msgspec.Struct, frozen=True, rename="camel"):
    """A service: its counts, its rollout, its last event, its tasks."""

    name: str
    status: str
    desired: int
    running: int
    pending: int
    rollout: str
    last_event: str
    tasks: list[TaskStatus]


class SandboxStatus(msgspec.Struct, frozen=True, rename="camel"):
    """Everything that `python -m sandbox status` shows."""

    running: bool
    pid: int
    incarnation: str
    aws_endpoint_url: str
    provider_port: int
    services: list[ServiceStatus]
    databases: dict[str, str]
    caches: dict[str, str]
    load_balancers: dict[str, list[str]]


def read_status(state: SandboxState, region: str) -> SandboxStatus:
    """Ask a running sandbox; addresses are `address:port`."""
    session = boto3.session.Session("test", "test", region_name=region)
    endpoint = state.aws_endpoint_url
    ecs = session.client("ecs", endpoint_url=endpoint)
    databases = session.client("rds", endpoint_url=endpoint).describe_db_instances()["DBInstances"]
    elbv2 = session.client("elbv2", endpoint_url=endpoint)
    caches = session.client("elasticache", endpoint_url=endpoint).describe_replication_groups()["ReplicationGroups"]
    return SandboxStatus(
        running=True,
        pid=state.pid,
        incarnation=state.incarnation,
        aws_endpoint_url=endpoint,
        provider_port=state.provider_port,
        services=[service for cluster in ecs.list_clusters()["clusterArns"] for service in _services(ecs, cluster)],
        databases={
            found["DBInstanceIdentifier"]: "{Address}:{Port}".format(**found["Endpoint"]) for found in databases
        },
        caches={
            found["ReplicationGroupId"]: "{Address}:{Port}".format(**found["NodeGroups"][0]["PrimaryEndpoint"])
            for found in caches
            if found.get("NodeGroups")
        },
        load_balancers={
            found["LoadBalancerName"]: [
                f"{found['DNSName']}:{listener['Port']}"
                for listener in elbv2.describe_listeners(LoadBalancerArn=found["LoadBalancerArn"])["Listeners"]
            ]
            for found in elbv2.describe_load_balancers()["LoadBalancers"]
        },
    )


def _services(ecs: "ECSClient", cluster: str) -> list[ServiceStatus]:
    arns = ecs.list_services(cluster=cluster)["serviceArns"]
    if not arns:
        return []
    return [
        ServiceStatus(
            name=service["serviceName"],
            status=service["status"],
            desired=service["desiredCount"],
            running=service["runningCount"],
            pending=service["pendingCount"],
            rollout=service["deployments"][0]["rolloutStateReason"] if service["deployments"] else "",
            last_event=service["events"][0]["message"] if service["events"] else "",
            tasks=_tasks(ecs, cluster, service["serviceName"]),
        )
        for service in ecs.describe_services(cluster=cluster, services=arns)["services"]
    ]


def _tasks(ecs: "ECSClient", cluster: str, service: str) -> list[TaskStatus]:
    arns = [
        *ecs.list_tasks(cluster=cluster, serviceName=service, desiredStatus="RUNNING")["taskArns"],
        *ecs.list_tasks(cluster=cluster, serviceName=service, desiredStatus="STOPPED")["taskArns"],
    ]
    return [_task(task) for task in ecs.describe_tasks(cluster=cluster, tasks=arns)["tasks"]] if arns else []


def _task(task: "TaskTypeDef") -> TaskStatus:
    details = [detail for attachment in task.get("attachments", []) for detail in attachment["details"]]
    return TaskStatus(
        id=task["taskArn"].rpartition("/")[2],
        status=task["lastStatus"],
        address=next((detail["value"] for detail in details if detail["name"] == "privateIPv4Address"), ""),
        task_definition=task["taskDefinitionArn"].rpartition("/")[2],
        stopped_reason=task.get("stoppedReason", ""),
        containers={
            container["name"]: container["lastStatus"]
            + (f" ({container['exitCode']})" if "exitCode" in container else "")
            for container in task["containers"]
        },
    )
