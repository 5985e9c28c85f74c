"""What a service needs around it in an account, made through boto3 as a user's program would."""

import sys
import time
import uuid
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, cast

from sandbox.images import LocalImage, push
from sandbox.sandbox import Sandbox

if TYPE_CHECKING:
    from mypy_boto3_ec2.client import EC2Client
    from mypy_boto3_ecr.client import ECRClient
    from mypy_boto3_ecs.client import ECSClient
    from mypy_boto3_ecs.type_defs import ServiceTypeDef, TaskTypeDef
    from mypy_boto3_elbv2.client import ElasticLoadBalancingv2Client
    from mypy_boto3_elbv2.type_defs import LoadBalancerAttributeTypeDef, TargetGroupAttributeTypeDef
    from mypy_boto3_logs.client import CloudWatchLogsClient
    from mypy_boto3_secretsmanager.client import SecretsManagerClient

PROGRAMS = Path(__file__).parent / "programs"
REGION = "us-east-1"


class Stack:
    """A cluster, a registry with one repository, a load balancer on port 8080 and a target group."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.name = f"t{uuid.uuid4().hex[:8]}"
        self.ecs = cast("ECSClient", sandbox.account.client("ecs"))
        self.elbv2 = cast("ElasticLoadBalancingv2Client", sandbox.account.client("elbv2"))
        self.ec2 = cast("EC2Client", sandbox.account.client("ec2"))
        self.ecr = cast("ECRClient", sandbox.account.client("ecr"))
        self.logs = cast("CloudWatchLogsClient", sandbox.account.client("logs"))
        self.secrets = cast("SecretsManagerClient", sandbox.account.client("secretsmanager"))
        self.ecs.create_cluster(clusterName=self.name)
        made = self.ecr.create_repository(repositoryName=self.name, imageTagMutability="IMMUTABLE")
        self.repository = made["repository"]["repositoryUri"]

    @cached_property
    def vpc(self) -> str:
        """A VPC of its own."""
        return self.ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]

    @cached_property
    def subnets(self) -> list[str]:
        """Two subnets."""
        return [self._subnet(number, zone) for number, zone in enumerate("ab")]

    def _subnet(self, number: int, zone: str) -> str:
        made = self.ec2.create_subnet(
            VpcId=self.vpc, CidrBlock=f"10.0.{number}.0/24", AvailabilityZone=f"{REGION}{zone}"
        )
        return made["Subnet"]["SubnetId"]

    @cached_property
    def load_balancer(self) -> str:
        """ARN of the load balancer."""
        made = self.elbv2.create_load_balancer(Name=self.name, Subnets=self.subnets)
        return made["LoadBalancers"][0]["LoadBalancerArn"]

    @property
    def url(self) -> str:
        """Where the load balancer answers."""
        found = self.elbv2.describe_load_balancers(LoadBalancerArns=[self.load_balancer])["LoadBalancers"][0]
        return f"http://{found['DNSName']}:8080"

    def target_group(self, *, drains_seconds: int = 5, **options: object) -> str:
        """A target group that is checked quickly; `options` are those of CreateTargetGroup."""
        settings: dict[str, object] = {
            "HealthCheckPath": "/health",
            "HealthCheckIntervalSeconds": 5,
            "HealthCheckTimeoutSeconds": 2,
            "UnhealthyThresholdCount": 2,
            **options,
        }
        arn = self.elbv2.create_target_group(
            Name=f"g{uuid.uuid4().hex[:8]}",
            Protocol="HTTP",
            Port=8080,
            VpcId=self.vpc,
            TargetType="ip",
            **settings,  # type: ignore[arg-type]
        )["TargetGroups"][0]["TargetGroupArn"]
        key = "deregistration_delay.timeout_seconds"
        delay: TargetGroupAttributeTypeDef = {"Key": key, "Value": str(drains_seconds)}
        self.elbv2.modify_target_group_attributes(TargetGroupArn=arn, Attributes=[delay])
        return arn

    def listen(self, target_group: str) -> str:
        """A listener on 8080 that forwards; its ARN."""
        made = self.elbv2.create_listener(
            LoadBalancerArn=self.load_balancer,
            Protocol="HTTP",
            Port=8080,
            DefaultActions=[{"Type": "forward", "TargetGroupArn": target_group}],
        )
        return made["Listeners"][0]["ListenerArn"]

    def idle_timeout(self, seconds: int) -> None:
        """Set the load balancer's idle timeout."""
        timeout: LoadBalancerAttributeTypeDef = {"Key": "idle_timeout.timeout_seconds", "Value": str(seconds)}
        self.elbv2.modify_load_balancer_attributes(LoadBalancerArn=self.load_balancer, Attributes=[timeout])

    def push(self, tag: str, program: str = "server.py", **environment: str) -> str:
        """Put an image of a test program into the registry; its reference."""
        image = LocalImage((sys.executable, program), str(PROGRAMS), {"VERSION": tag, **environment})
        push(self.name, tag, image, endpoint_url=self.sandbox.aws_endpoint_url, region=REGION)
        return f"{self.repository}:{tag}"

    def define(self, *containers: dict[str, object]) -> str:
        """Register a task definition; its ARN."""
        made = self.ecs.register_task_definition(
            family=self.name,
            requiresCompatibilities=["FARGATE"],
            networkMode="awsvpc",
            cpu="256",
            memory="512",
            containerDefinitions=list(containers),  # type: ignore[arg-type]
        )
        return made["taskDefinition"]["taskDefinitionArn"]

    def serve(self, task_definition: str, count: int = 1, target_group: str | None = None, **options: object) -> None:
        """Create the service; `options` are those of CreateService."""
        balancers = [{"targetGroupArn": target_group, "containerName": "main", "containerPort": 8080}]
        self.ecs.create_service(
            cluster=self.name,
            serviceName="service",
            taskDefinition=task_definition,
            desiredCount=count,
            launchType="FARGATE",
            loadBalancers=balancers if target_group else [],  # type: ignore[arg-type]
            networkConfiguration=self.network,  # type: ignore[arg-type]
            **options,  # type: ignore[arg-type]
        )

    def update(self, **options: object) -> None:
        """UpdateService."""
        self.ecs.update_service(cluster=self.name, service="service", **options)  # type: ignore[arg-type]

    @property
    def network(self) -> object:
        """A networkConfiguration."""
        return {"awsvpcConfiguration": {"subnets": self.subnets, "securityGroups": []}}

    def service(self) -> "ServiceTypeDef":
        """DescribeServices."""
        return self.ecs.describe_services(cluster=self.name, services=["service"])["services"][0]

    def events(self) -> str:
        """All messages of the service, oldest first."""
        return "\n".join(event["message"] for event in reversed(self.service()["events"]))

    def tasks(self, status: str = "RUNNING") -> "list[TaskTypeDef]":
        """The cluster's tasks by desired status."""
        arns = self.ecs.list_tasks(cluster=self.name, desiredStatus=status)["taskArns"]  # type: ignore[arg-type]
        return self.ecs.describe_tasks(cluster=self.name, tasks=arns)["tasks"] if arns else []

    def steady(self) -> bool:
        """One deployment, completed, with all its tasks."""
        service = self.service()
        deployments = service["deployments"]
        return (
            len(deployments) == 1
            and deployments[0]["rolloutState"] == "COMPLETED"
            and service["runningCount"] == service["desiredCount"]
        )

    def wait_steady(self) -> None:
        """Wait for a steady state."""
        wait_for(self.steady, self.events)

    def delete(self) -> None:
        """Delete what makes processes and listeners, and wait for their end."""
        if self.ecs.list_services(cluster=self.name)["serviceArns"]:
            self.ecs.delete_service(cluster=self.name, service="service", force=True)
        for task in self.tasks():
            self.ecs.stop_task(cluster=self.name, task=task["taskArn"])
        wait_for(lambda: all(task["lastStatus"] == "STOPPED" for task in self.tasks("STOPPED")))
        if "load_balancer" in self.__dict__:
            for listener in self.elbv2.describe_listeners(LoadBalancerArn=self.load_balancer)["Listeners"]:
                self.elbv2.delete_listener(ListenerArn=listener["ListenerArn"])
            self.elbv2.delete_load_balancer(LoadBalancerArn=self.load_balancer)


def wait_for(done: Callable[[], object], why: Callable[[], object] = lambda: "", seconds: float = 120.0) -> None:
    """Wait until `done` is true; fails with what `why` says. Longer than the busiest machine takes."""
    deadline = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < deadline, f"not reached in {seconds} s: {why()}"
        time.sleep(0.05)


def container(image: str, **options: object) -> dict[str, object]:
    """A container definition named main."""
    return {"name": "main", "image": image, "essential": True, "portMappings": [{"containerPort": 8080}], **options}
