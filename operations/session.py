"""A command in a running task (ECS Exec), or one of its ports on this machine, through AWS Systems Manager.

The session itself is AWS's program `session-manager-plugin`. What opens it, a token among it, is handed over in the
environment and not on a command line, which the plugin takes since version 1.2.497.0.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec

from operations import deployment
from operations.clients import Clients
from operations.errors import OperationError, RefusedError
from operations.outputs import Outputs
from tools.progress import say

if TYPE_CHECKING:
    from mypy_boto3_ecs.type_defs import TaskTypeDef

PLUGIN = "session-manager-plugin"
SESSION = "AWS_SSM_START_SESSION_RESPONSE"
FORWARDING = "AWS-StartPortForwardingSession"


@dataclass(frozen=True)
class Target:
    """A container of a running task; `runtime` is the ID that its agent knows it by."""

    cluster: str
    task: str
    container: str
    runtime: str

    @property
    def name(self) -> str:
        """What Systems Manager calls it."""
        return f"ecs:{self.cluster}_{self.task}_{self.runtime}"


def find_target(clients: Clients, found: Outputs, task: str | None, container: str) -> Target:
    """The container of the task whose ID starts with `task`, or of the newest one.

    Raises:
        RefusedError: the service doesn't allow ECS Exec, or no such task runs.
    """
    ecs, cluster = clients.ecs, found.cluster_name
    if not found.service_name:
        raise RefusedError("The stack has no service yet: push an image and set imageTag.")
    if not deployment.find_service(ecs, cluster, found.service_name).get("enableExecuteCommand"):
        raise RefusedError(f"Service {found.service_name} does not allow ECS Exec: set executeCommand and bring it up.")
    running = [each.task for each in deployment.tasks(ecs, cluster, found.service_name)]
    chosen = next((each for each in running if each.startswith(task or "")), None)
    if chosen is None:
        known = ", ".join(running) or "none"
        raise RefusedError(f"No task {task or ''} of {found.service_name} runs (running: {known}).".replace("  ", " "))
    [described] = ecs.describe_tasks(cluster=cluster, tasks=[chosen])["tasks"]
    return Target(cluster, chosen, container, _runtime(described, container))


def run_command(clients: Clients, target: Target, command: str) -> int:
    """Run `command` in the container, on this terminal; its session's exit code."""
    say(f"{target.container} of task {target.task}: {command}")
    answer = clients.ecs.execute_command(
        cluster=target.cluster, task=target.task, container=target.container, interactive=True, command=command
    )
    session = answer["session"]
    opened = {
        "SessionId": session["sessionId"],
        "StreamUrl": session["streamUrl"],
        "TokenValue": session["tokenValue"],
    }
    return _plug_in(clients, opened, {"Target": target.name})


def forward(clients: Clients, target: Target, port: int, local_port: int) -> int:
    """Make the task's `port` answer at `local_port` of this machine until Ctrl-C; the session's exit code."""
    say(f"port {port} of task {target.task} at http://127.0.0.1:{local_port} until Ctrl-C")
    parameters = {"portNumber": [str(port)], "localPortNumber": [str(local_port)]}
    answer = clients.ssm.start_session(Target=target.name, DocumentName=FORWARDING, Parameters=parameters)
    opened = {name: answer[name] for name in ("SessionId", "StreamUrl", "TokenValue")}
    return _plug_in(clients, opened, {"Target": target.name, "DocumentName": FORWARDING, "Parameters": parameters})


def require_plugin() -> str:
    """The plugin's path; raises RefusedError where it isn't on PATH."""
    found = shutil.which(PLUGIN)
    if found is None:
        raise RefusedError(f"{PLUGIN} is not on PATH: install AWS's Session Manager plugin, 1.2.497.0 or newer.")
    return found


def _plug_in(clients: Clients, opened: Mapping[str, str], request: Mapping[str, object]) -> int:
    command = [
        require_plugin(),
        SESSION,
        clients.ssm.meta.region_name,
        "StartSession",
        clients.profile or "",
        msgspec.json.encode(request).decode(),
        clients.ssm.meta.endpoint_url,
    ]
    environment = {**os.environ, SESSION: msgspec.json.encode(opened).decode()}
    with subprocess.Popen(command, env=environment) as process:  # noqa: S603 - our own command
        return _outlive_interrupts(process)


def _outlive_interrupts(process: subprocess.Popen[bytes]) -> int:
    """Wait for the plugin: a Ctrl-C on the terminal reaches it as well, and is for what runs in the task."""
    while True:
        try:
            return process.wait()
        except KeyboardInterrupt:
            continue


def _runtime(task: TaskTypeDef, container: str) -> str:
    for each in task.get("containers", []):
        if each.get("name") == container and each.get("runtimeId"):
            return each["runtimeId"]
    raise OperationError(f"Container {container} of task {task['taskArn'].rsplit('/', 1)[-1]} does not run.")
