"""The runner over a real account, with real processes."""

import json
import os
import signal
import urllib.request
from typing import TYPE_CHECKING

from tests.sandbox.stack import REGION, Stack, container, wait_for

if TYPE_CHECKING:
    from mypy_boto3_ecs.type_defs import ContainerOverrideTypeDef

LOGS = {"awslogs-group": "/no", "awslogs-region": REGION}
SHELL = {"entryPoint": ["/bin/sh", "-c"]}


def _ask(address: str) -> dict[str, object]:
    with urllib.request.urlopen(f"http://{address}:8080/", timeout=10) as answer:
        found: dict[str, object] = json.load(answer)
        return found


def _address(stack: Stack, number: int = 0) -> str:
    details = stack.tasks()[number]["attachments"][0]["details"]
    return next(detail["value"] for detail in details if detail["name"] == "privateIPv4Address")


def test_a_service_runs_with_its_environment_and_secrets(stack: Stack) -> None:
    arn = stack.secrets.create_secret(Name=stack.name, SecretString='{"key": "hush"}')["ARN"]
    main = container(
        stack.push("v1"),
        environment=[{"name": "VERSION", "value": "from the definition"}],
        secrets=[{"name": "SECRET", "valueFrom": f"{arn}:key::"}],
    )
    stack.serve(stack.define(main))
    stack.wait_steady()
    address = _address(stack)
    wait_for(lambda: _listens(stack))
    told = _ask(address)
    assert (told["version"], told["secret"], told["host"]) == ("from the definition", "hush", address)
    assert told["endpoint"] == stack.sandbox.aws_endpoint_url
    (task,) = stack.tasks()
    assert (task["lastStatus"], task["containers"][0]["lastStatus"]) == ("RUNNING", "RUNNING")
    assert task["startedBy"] == stack.service()["deployments"][0]["id"]


def _listens(stack: Stack) -> bool:
    log = stack.sandbox.directory / "logs" / "service"
    return any("listening" in file.read_text() for file in log.glob("*/main.log") if file.parent.name in _ids(stack))


def _ids(stack: Stack) -> set[str]:
    return {task["taskArn"].rpartition("/")[2] for task in stack.tasks()}


def test_containers_start_in_the_order_of_their_dependencies(stack: Stack) -> None:
    image = stack.push("v1")
    order = stack.sandbox.directory / stack.name
    migrate = {
        "name": "migrate",
        "image": image,
        "essential": False,
        "command": [f"sleep 0.2; echo migrate >> {order}"],
    }
    main = container(image, command=[f"echo main >> {order}; sleep 60"], **SHELL)
    main["dependsOn"] = [{"containerName": "migrate", "condition": "SUCCESS"}]
    stack.serve(stack.define(migrate | SHELL, main))
    stack.wait_steady()
    wait_for(lambda: order.read_text() == "migrate\nmain\n")
    (task,) = stack.tasks()
    assert {c["name"]: (c["lastStatus"], c.get("exitCode")) for c in task["containers"]} == {
        "migrate": ("STOPPED", 0),
        "main": ("RUNNING", None),
    }


def test_a_failing_migration_stops_the_task_with_the_reason(stack: Stack) -> None:
    image = stack.push("v1")
    migrate = {"name": "migrate", "image": image, "essential": False, "command": ["exit 3"]} | SHELL
    main = container(image, dependsOn=[{"containerName": "migrate", "condition": "SUCCESS"}])
    stack.serve(stack.define(migrate, main))
    wait_for(lambda: [task for task in stack.tasks("STOPPED") if task["lastStatus"] == "STOPPED"])
    task = stack.tasks("STOPPED")[0]
    assert task["stopCode"] == "TaskFailedToStart"
    assert "container migrate exited with code 3" in task["stoppedReason"]
    assert {c["name"]: c.get("exitCode") for c in task["containers"]} == {"migrate": 3, "main": None}
    assert "container migrate exited with code 3" in stack.events()


def test_a_missing_image_and_a_missing_secret_are_told_as_ecs_does(stack: Stack) -> None:
    image = stack.push("v1")
    missing = f"arn:aws:secretsmanager:{REGION}:123456789012:secret:nothing-abcdef"
    definitions = [
        stack.define(container(image.replace("v1", "v9"))),
        stack.define(container(image, secrets=[{"name": "SECRET", "valueFrom": missing}])),
        stack.define(container(image, logConfiguration={"logDriver": "awslogs", "options": LOGS})),
    ]
    for definition in definitions:
        stack.ecs.run_task(
            cluster=stack.name,
            taskDefinition=definition,
            launchType="FARGATE",
            networkConfiguration=stack.network,  # type: ignore[arg-type]
        )
    wait_for(lambda: len(stack.tasks("STOPPED")) == 3)
    reasons = {task["taskDefinitionArn"]: task["stoppedReason"] for task in stack.tasks("STOPPED")}
    assert reasons[definitions[0]].startswith("CannotPullContainerError")
    assert reasons[definitions[1]].startswith("ResourceInitializationError: unable to pull secrets")
    assert "The specified log group does not exist: /no" in reasons[definitions[2]]


def test_a_killed_task_is_replaced(stack: Stack) -> None:
    stack.serve(stack.define(container(stack.push("v1"))))
    stack.wait_steady()
    wait_for(lambda: _listens(stack))
    first = _address(stack)
    os.kill(int(str(_ask(first)["pid"])), signal.SIGKILL)
    wait_for(lambda: stack.tasks() and _address(stack) != first)
    wait_for(lambda: stack.tasks("STOPPED") and stack.tasks("STOPPED")[0]["lastStatus"] == "STOPPED")
    (task,) = stack.tasks("STOPPED")
    assert (task["stopCode"], task["containers"][0]["exitCode"]) == ("EssentialContainerExited", 137)
    assert task["stoppedReason"] == "Essential container in task exited"
    wait_for(lambda: _listens(stack))
    stack.wait_steady()


def test_scaling_out_and_in_gives_every_task_its_own_address(stack: Stack) -> None:
    stack.serve(stack.define(container(stack.push("v1"))))
    stack.wait_steady()
    stack.update(desiredCount=3)
    wait_for(lambda: stack.service()["runningCount"] == 3)
    assert len({_address(stack, number) for number in range(3)}) == 3
    stack.update(desiredCount=0)
    wait_for(lambda: len([task for task in stack.tasks("STOPPED") if task["lastStatus"] == "STOPPED"]) == 3)
    assert stack.service()["runningCount"] == 0
    codes = {task["containers"][0]["exitCode"] for task in stack.tasks("STOPPED")}
    assert codes <= {0, 143}


def test_a_one_off_task_runs_with_overrides_and_ends(stack: Stack) -> None:
    stack.logs.create_log_group(logGroupName=f"/{stack.name}")
    options = {"awslogs-group": f"/{stack.name}", "awslogs-region": REGION, "awslogs-stream-prefix": "job"}
    main = container(stack.push("v1"), logConfiguration={"logDriver": "awslogs", "options": options}, **SHELL)
    change: ContainerOverrideTypeDef = {
        "name": "main",
        "command": ["echo $WHAT; exit 4"],
        "environment": [{"name": "WHAT", "value": "released"}],
    }
    started = stack.ecs.run_task(
        cluster=stack.name,
        taskDefinition=stack.define(main),
        launchType="FARGATE",
        networkConfiguration=stack.network,  # type: ignore[arg-type]
        overrides={"containerOverrides": [change]},
    )["tasks"][0]
    assert started["lastStatus"] == "PROVISIONING"
    wait_for(lambda: stack.tasks("STOPPED") and stack.tasks("STOPPED")[0]["lastStatus"] == "STOPPED")
    (task,) = stack.tasks("STOPPED")
    assert (task["containers"][0]["exitCode"], task["stopCode"]) == (4, "EssentialContainerExited")
    stream = f"job/main/{task['taskArn'].rpartition('/')[2]}"
    events = stack.logs.get_log_events(logGroupName=f"/{stack.name}", logStreamName=stream)["events"]
    assert [event["message"] for event in events] == ["released"]


def test_stop_task_ends_with_sigkill_after_the_stop_timeout(stack: Stack) -> None:
    stubborn = container(
        stack.push("v1"), command=["trap '' TERM; echo ready; while true; do sleep 0.1; done"], stopTimeout=1
    )
    stack.ecs.run_task(
        cluster=stack.name,
        taskDefinition=stack.define(stubborn | SHELL),
        launchType="FARGATE",
        networkConfiguration=stack.network,  # type: ignore[arg-type]
    )
    wait_for(lambda: stack.tasks() and "ready" in _log(stack, stack.tasks()[0]["taskArn"]))
    stack.ecs.stop_task(cluster=stack.name, task=stack.tasks()[0]["taskArn"], reason="enough")
    wait_for(lambda: stack.tasks("STOPPED")[0]["lastStatus"] == "STOPPED")
    (task,) = stack.tasks("STOPPED")
    assert (task["stoppedReason"], task["stopCode"]) == ("enough", "UserInitiated")
    assert task["containers"][0]["exitCode"] == 137


def _log(stack: Stack, task_arn: str) -> str:
    """What a one-off task has written."""
    log = stack.sandbox.directory / "logs" / stack.name / task_arn.rpartition("/")[2] / "main.log"
    return log.read_text() if log.exists() else ""


def test_health_checks_make_a_task_healthy_or_replace_it(stack: Stack) -> None:
    image, switch = stack.push("v1"), stack.sandbox.directory / f"{stack.name}.ill"
    check = {"command": ["CMD-SHELL", f"test ! -e {switch}"], "interval": 1, "timeout": 2, "retries": 2}
    main = container(image, healthCheck=check)
    waiting = {"name": "after", "image": image, "essential": False, "command": ["exit 0"]} | SHELL
    waiting["dependsOn"] = [{"containerName": "main", "condition": "HEALTHY"}]
    stack.serve(stack.define(main, waiting))
    stack.wait_steady()
    assert stack.tasks()[0]["healthStatus"] == "HEALTHY"
    first = stack.tasks()[0]["taskArn"]
    switch.touch()
    wait_for(lambda: first in [task["taskArn"] for task in stack.tasks("STOPPED")])
    switch.unlink()
    assert stack.tasks("STOPPED")[0]["stoppedReason"] == "Task failed container health checks"
    stack.wait_steady()


def test_a_program_that_is_missing_fails_the_task(stack: Stack) -> None:
    stack.ecs.run_task(
        cluster=stack.name,
        taskDefinition=stack.define(container(stack.push("v1"), entryPoint=["/no/such/program"])),
        launchType="FARGATE",
        networkConfiguration=stack.network,  # type: ignore[arg-type]
    )
    wait_for(lambda: stack.tasks("STOPPED") and stack.tasks("STOPPED")[0]["lastStatus"] == "STOPPED")
    (task,) = stack.tasks("STOPPED")
    assert "/no/such/program can't be started: No such file or directory." in _log(stack, task["taskArn"])


def test_a_deleted_service_drains_and_disappears_from_the_list(stack: Stack) -> None:
    stack.serve(stack.define(container(stack.push("v1"))), count=2)
    stack.wait_steady()
    stack.ecs.delete_service(cluster=stack.name, service="service", force=True)
    assert stack.service()["status"] == "DRAINING"
    wait_for(lambda: stack.service()["status"] == "INACTIVE")
    assert stack.ecs.list_services(cluster=stack.name)["serviceArns"] == []
    assert all(task["lastStatus"] == "STOPPED" for task in stack.tasks("STOPPED"))
    mine = {"Name": "subnet-id", "Values": stack.subnets}
    interfaces = stack.ec2.describe_network_interfaces(Filters=[mine])["NetworkInterfaces"]  # type: ignore[list-item]
    assert interfaces == []
