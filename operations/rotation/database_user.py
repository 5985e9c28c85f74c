"""The password of the engine's database user.

The password is put into its secret first, and then into the database, by the migrations of one task that is started for
it. Engines that run keep the password that they know; the first login that the database refuses makes them read the
secret again. Whoever starts in between runs the migrations before anything else.
"""

from __future__ import annotations

import secrets
import time
from typing import TYPE_CHECKING

from operations.clients import Clients
from operations.errors import OperationError, RefusedError
from operations.outputs import Outputs
from operations.rotation.secret import Renewed, put, read, settled_service
from operations.task_logs import last_lines
from tools.progress import say

if TYPE_CHECKING:
    from mypy_boto3_ecs.client import ECSClient
    from mypy_boto3_ecs.type_defs import ServiceTypeDef, TaskTypeDef

LOOK_SECONDS = 2.0
TIMEOUT_SECONDS = 600.0
MIGRATE, ENGINE = "migrate", "engine"
LAST_LINES = 10
PASSWORD_BYTES = 32


def renew(clients: Clients, found: Outputs, name: str) -> Renewed:
    """Put a new password into the secret and the database.

    Raises:
        RefusedError: the stack has no service, so that no task can reach its database.
        BusyError: a deployment is under way, whose migrations could bring the old password back.
        OperationError: the database didn't take it. It still has the old one, which running engines go on with.
    """
    if not found.service_name:
        raise RefusedError(f"Stack {name} has no service: only its tasks reach the database. Deploy an image first.")
    service = settled_service(clients, found)
    arn = found.database_user_secret_arn
    put(clients.secrets, arn, {**read(clients.secrets, arn), "password": secrets.token_urlsafe(PASSWORD_BYTES)})
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
    return Renewed(f"The database user of stack {name} has a new password.", {"task": identity})


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
