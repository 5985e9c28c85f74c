"""`rotate`: a new password for the engine's database user, without a restart of anything.

The password is put into its secret first, and then into the database, by the migrations of one task that is started for
it. Engines that run keep the password that they know; the first login that the database refuses makes them read the
secret again. Whoever starts in between runs the migrations before anything else.
"""

from __future__ import annotations

import json
import secrets
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from operations import outputs
from operations.clients import Clients
from operations.deployment import find_service, under_way
from operations.errors import BusyError, OperationError, RefusedError
from operations.outputs import Outputs
from operations.results import Result
from operations.stacks import open_stack
from operations.task_logs import last_lines
from tools.progress import say

if TYPE_CHECKING:
    from mypy_boto3_ecs.client import ECSClient
    from mypy_boto3_ecs.type_defs import ServiceTypeDef, TaskTypeDef
    from mypy_boto3_secretsmanager.client import SecretsManagerClient

LOOK_SECONDS = 2.0
TIMEOUT_SECONDS = 600.0
MIGRATE, ENGINE = "migrate", "engine"
LAST_LINES = 10


def rotate(root: Path, name: str) -> Result:
    """Give the database user of the stack `name` a new password.

    Raises:
        RefusedError: the stack has no service, so that no task can reach its database.
        BusyError: a deployment is under way, whose migrations could bring the old password back.
        OperationError: the database didn't take it. It still has the old one, which running engines go on with.
    """
    stack, clients = open_stack(root, name)
    found = outputs.read(stack)
    task = renew(replace(clients, region=found.region), found, name)
    return Result({"stack": name, "task": task}, f"The database user of stack {name} has a new password.\n")


def renew(clients: Clients, found: Outputs, name: str) -> str:
    """Put a new password into the secret and the database; gives the ID of the task that did. Raises as `rotate`."""
    if not found.service_name:
        raise RefusedError(f"Stack {name} has no service: only its tasks reach the database. Deploy an image first.")
    service = find_service(clients.ecs, found.cluster_name, found.service_name)
    if revision := under_way(service):
        raise BusyError(f"ECS is still deploying {revision}: rotate when it is done.")
    put_password(clients.secrets, found.database_user_secret_arn)
    say("the secret has a new password")
    task = _run_migrations(clients.ecs, found.cluster_name, service)
    identity = task["taskArn"].rsplit("/", 1)[-1]
    say(f"task {identity} takes it to the database")
    reason = _failure(_stopped(clients.ecs, found.cluster_name, task["taskArn"]))
    if reason:
        lines = last_lines(clients.logs, found.log_group_name, MIGRATE, identity, LAST_LINES)
        said = "".join(f"\n  {line}" for line in lines)
        raise OperationError(
            f"Task {identity} could not set the password ({reason}): running engines go on with the old one, "
            f"rotate again.{said}"
        )
    return identity


def put_password(client: SecretsManagerClient, arn: str) -> None:
    """Give a login's secret another password of 256 bits; Secrets Manager keeps the one before as AWSPREVIOUS."""
    login = json.loads(client.get_secret_value(SecretId=arn)["SecretString"])
    changed = {**login, "password": secrets.token_urlsafe(32)}
    client.put_secret_value(SecretId=arn, SecretString=json.dumps(changed, sort_keys=True))


def _run_migrations(client: ECSClient, cluster: str, service: ServiceTypeDef) -> TaskTypeDef:
    """Start one task as the service's are, whose engine ends at once."""
    answer = client.run_task(
        cluster=cluster,
        taskDefinition=service["taskDefinition"],
        launchType="FARGATE",
        networkConfiguration=service["networkConfiguration"],
        overrides={"containerOverrides": [{"name": ENGINE, "command": ["--version"]}]},
        startedBy="rotate",
    )
    if not answer["tasks"]:
        reasons = "; ".join(failure.get("reason", "no reason is given") for failure in answer["failures"])
        raise OperationError(f"ECS started no task: {reasons}. Running engines go on with the old password.")
    return answer["tasks"][0]


def _stopped(client: ECSClient, cluster: str, arn: str) -> TaskTypeDef:
    """The task when it has stopped."""
    deadline = time.monotonic() + TIMEOUT_SECONDS
    while time.monotonic() < deadline:
        [task] = client.describe_tasks(cluster=cluster, tasks=[arn])["tasks"]
        if task["lastStatus"] == "STOPPED":
            return task
        time.sleep(LOOK_SECONDS)
    raise OperationError(f"Task {arn} did not stop within {TIMEOUT_SECONDS:.0f} s: look at its log, then rotate again.")


def _failure(task: TaskTypeDef) -> str:
    """Why the migrations of a stopped task failed; empty where they didn't."""
    [migrate] = [container for container in task["containers"] if container["name"] == MIGRATE]
    code = migrate.get("exitCode")
    if code == 0:
        return ""
    return migrate.get("reason") or (
        f"exit code {code}" if code is not None else task.get("stoppedReason", "it never ran")
    )
