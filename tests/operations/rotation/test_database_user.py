"""A new database password: the secret first, then the database, and what is said where that fails."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

import pytest
from botocore.stub import ANY, Stubber

from operations.clients import Clients
from operations.errors import BusyError, OperationError, RefusedError
from operations.outputs import Outputs
from operations.rotation import database_user

SECRET = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:user"
TASK = "arn:aws:ecs:eu-west-1:123456789012:task/workflow-dev/0a1b"
NETWORK = {"awsvpcConfiguration": {"subnets": ["subnet-1"], "assignPublicIp": "DISABLED"}}
FOUND = Outputs(
    "https://api.example",
    "eu-west-1",
    "",
    "workflow-dev",
    "",
    database_user_secret_arn=SECRET,
    log_group_name="logs",
    service_name="engine",
)


class Account:
    """Clients with stubs, and what was put into the secret."""

    def __init__(self, clients: Clients) -> None:
        self.clients = clients
        self.ecs, self.secrets, self.logs = (Stubber(each) for each in (clients.ecs, clients.secrets, clients.logs))
        self.put: list[Mapping[str, str]] = []
        clients.secrets.meta.events.register("provide-client-params.secretsmanager.PutSecretValue", self._note)

    def _note(self, params: Mapping[str, str], **_: object) -> None:
        self.put.append(json.loads(params["SecretString"]))

    def serves(self, rollout: str = "COMPLETED") -> None:
        deployment = {"rolloutState": rollout, "taskDefinition": "a/td:7"}
        service = {
            "serviceName": "engine",
            "taskDefinition": "a/td:7",
            "networkConfiguration": NETWORK,
            "deployments": [deployment],
        }
        self.ecs.add_response("describe_services", {"services": [service]})

    def keeps(self, password: str) -> None:
        login = {"username": "workflow", "password": password}
        asked = {"SecretId": SECRET, "VersionStage": "AWSCURRENT"}
        self.secrets.add_response("get_secret_value", {"SecretString": json.dumps(login)}, asked)
        stored = {"SecretId": SECRET, "SecretString": ANY, "VersionStages": ["AWSCURRENT"]}
        self.secrets.add_response("put_secret_value", {"VersionId": "2" * 32}, stored)

    def starts(self, *, failure: str = "") -> None:
        wanted = {
            "cluster": "workflow-dev",
            "taskDefinition": "a/td:7",
            "launchType": "FARGATE",
            "networkConfiguration": NETWORK,
            "overrides": {"containerOverrides": [{"name": "engine", "command": ["--version"]}]},
            "startedBy": "rotate",
        }
        answer = {"tasks": [], "failures": [{"reason": failure}]} if failure else {"tasks": [{"taskArn": TASK}]}
        self.ecs.add_response("run_task", answer, wanted)

    def stops(self, **migrate: object) -> None:
        for status in ("PENDING", "STOPPED"):
            containers = [{"name": "migrate", **migrate}, {"name": "engine", "exitCode": 0}]
            task = {"taskArn": TASK, "lastStatus": status, "containers": containers, "stoppedReason": "no image"}
            self.ecs.add_response("describe_tasks", {"tasks": [task]})


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> Iterator[Account]:
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    monkeypatch.setattr(database_user, "LOOK_SECONDS", 0.0)
    monkeypatch.setattr(database_user, "last_lines", lambda *_: ["the database is away"])
    clients = Clients("eu-west-1", sandboxed=True)
    for service in ("ecs", "secrets", "logs"):
        monkeypatch.setattr(Clients, service, getattr(clients, service))
    made = Account(clients)
    with made.ecs, made.secrets, made.logs:
        yield made
        for stub in (made.ecs, made.secrets, made.logs):
            stub.assert_no_pending_responses()


def test_a_task_takes_the_new_password_to_the_database(account: Account) -> None:
    account.serves()
    account.keeps("old")
    account.starts()
    account.stops(exitCode=0)
    assert database_user.renew(account.clients, FOUND, "dev").details == {"task": "0a1b"}
    [login] = account.put
    assert login["username"] == "workflow"
    assert login["password"] != "old"
    assert len(login["password"]) == 43


@pytest.mark.parametrize(
    ("migrate", "said"),
    [({"exitCode": 1}, "exit code 1"), ({"reason": "OutOfMemory"}, "OutOfMemory"), ({}, "no image")],
)
def test_migrations_that_fail_leave_running_engines_alone(
    account: Account, migrate: Mapping[str, object], said: str
) -> None:
    account.serves()
    account.keeps("old")
    account.starts()
    account.stops(**migrate)
    with pytest.raises(OperationError, match=rf"0a1b could not set the password \({said}\)[^$]*the database is away"):
        database_user.renew(account.clients, FOUND, "dev")


def test_no_task_is_started(account: Account) -> None:
    account.serves()
    account.keeps("old")
    account.starts(failure="RESOURCE:CPU")
    with pytest.raises(OperationError, match="ECS started no task: RESOURCE:CPU"):
        database_user.renew(account.clients, FOUND, "dev")


def test_a_deployment_under_way_is_not_disturbed(account: Account) -> None:
    account.serves("IN_PROGRESS")
    with pytest.raises(BusyError, match="still deploying td:7"):
        database_user.renew(account.clients, FOUND, "dev")
    assert account.put == []


def test_a_stack_without_tasks_keeps_its_password(account: Account) -> None:
    with pytest.raises(RefusedError, match="Stack dev has no service"):
        database_user.renew(account.clients, Outputs("", "eu-west-1", "", "c", ""), "dev")
    assert account.put == []
