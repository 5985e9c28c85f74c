"""An AWS account in a thread (moto's server) that the tasks under test call."""

import uuid
from collections.abc import Iterator

import pytest
from moto.moto_api import state_manager

from engine.tasks.aws import AwsTasks, Clients, RolePolicy
from tests.engine.tasks.aws.support import REGION, boto
from tests.support.moto_server import running_account

CREDENTIALS = {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing", "AWS_DEFAULT_REGION": REGION}


@pytest.fixture(scope="session")
def moto_url() -> Iterator[str]:
    with running_account() as url:
        yield url


@pytest.fixture(autouse=True)
def account(moto_url: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """Let every AWS client of the test, the engine's too, call moto; gives its URL."""
    for name, value in (CREDENTIALS | {"AWS_ENDPOINT_URL": moto_url}).items():
        monkeypatch.setenv(name, value)
    return moto_url


@pytest.fixture
def clients() -> Iterator[Clients]:
    made = Clients(RolePolicy(own_credentials=True), region=REGION)
    yield made
    made.close()


@pytest.fixture
def tasks(clients: Clients) -> AwsTasks:
    return AwsTasks(clients, first_poll_seconds=0.001)


@pytest.fixture
def fargate() -> Iterator[dict[str, object]]:
    """Parameters of RunTask; moto's tasks take a step to their end each time that they are asked about."""
    state_manager.set_transition("ecs::task", {"progression": "manual", "times": 1})
    name = f"orders-{uuid.uuid4().hex}"
    ecs = boto("ecs")
    cluster = ecs.create_cluster(clusterName=name)["cluster"]["clusterArn"]
    ecs.register_task_definition(
        family=name,
        networkMode="awsvpc",
        requiresCompatibilities=["FARGATE"],
        containerDefinitions=[{"name": "one", "image": "busybox", "memory": 128}],
    )
    subnet = boto("ec2").describe_subnets()["Subnets"][0]
    [group] = boto("ec2").describe_security_groups(
        Filters=[{"Name": "vpc-id", "Values": [subnet["VpcId"]]}, {"Name": "group-name", "Values": ["default"]}]
    )["SecurityGroups"]
    network = {"AwsvpcConfiguration": {"Subnets": [subnet["SubnetId"]], "SecurityGroups": [group["GroupId"]]}}
    yield {"Cluster": cluster, "TaskDefinition": name, "LaunchType": "FARGATE", "NetworkConfiguration": network}
    state_manager.unset_transition("ecs::task")
