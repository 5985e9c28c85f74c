"""Container definitions in AWS's form: complete, ordered, and the same for the same input."""

import json
from dataclasses import replace
from typing import Any

from infra.aws.task_definition import Container, HealthCheck, LogStream, container_definitions

BARE = Container(
    name="engine",
    image="registry/engine@sha256:1",
    command=("serve",),
    essential=True,
    environment={"B": "2", "A": "1"},
    secrets={"Z": "arn:z:key::", "Y": "arn:y:key::"},
    logs=LogStream("logs", "eu-west-1"),
    open_files=1024,
)


def definition(container: Container) -> dict[str, Any]:
    [only] = json.loads(container_definitions(container))
    assert isinstance(only, dict)
    return only


def test_whole_definition() -> None:
    container = replace(
        BARE,
        ports=(8081, 8080),
        depends_on={"migrate": "SUCCESS"},
        health_check=HealthCheck(("CMD", "check"), interval=7, timeout=3, retries=2, start_period=9),
        stop_timeout=90,
    )
    assert definition(container) == {
        "command": ["serve"],
        "cpu": 0,
        "dependsOn": [{"condition": "SUCCESS", "containerName": "migrate"}],
        "environment": [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}],
        "essential": True,
        "healthCheck": {"command": ["CMD", "check"], "interval": 7, "retries": 2, "startPeriod": 9, "timeout": 3},
        "image": "registry/engine@sha256:1",
        "linuxParameters": {"capabilities": {"drop": ["ALL"]}, "initProcessEnabled": True},
        "logConfiguration": {
            "logDriver": "awslogs",
            "options": {"awslogs-group": "logs", "awslogs-region": "eu-west-1", "awslogs-stream-prefix": "task"},
        },
        "mountPoints": [{"containerPath": "/tmp", "readOnly": False, "sourceVolume": "tmp"}],
        "name": "engine",
        "portMappings": [
            {"containerPort": 8080, "hostPort": 8080, "protocol": "tcp"},
            {"containerPort": 8081, "hostPort": 8081, "protocol": "tcp"},
        ],
        "readonlyRootFilesystem": True,
        "secrets": [{"name": "Y", "valueFrom": "arn:y:key::"}, {"name": "Z", "valueFrom": "arn:z:key::"}],
        "stopTimeout": 90,
        "systemControls": [],
        "ulimits": [{"hardLimit": 1024, "name": "nofile", "softLimit": 1024}],
        "user": "1000",
        "volumesFrom": [],
    }


def test_what_is_left_out_is_absent_and_not_null() -> None:
    bare = definition(BARE)
    assert not {"dependsOn", "healthCheck", "startTimeout", "stopTimeout"} & bare.keys()
    assert "null" not in container_definitions(BARE)
    assert bare["portMappings"] == []


def test_same_text_whatever_the_order_of_the_input() -> None:
    one = replace(BARE, environment={"A": "1", "B": "2"}, secrets={"Y": "y", "Z": "z"}, ports=(1, 2))
    other = replace(BARE, environment={"B": "2", "A": "1"}, secrets={"Z": "z", "Y": "y"}, ports=(2, 1))
    assert container_definitions(one) == container_definitions(other)


def test_containers_keep_their_order() -> None:
    text = container_definitions(replace(BARE, name="migrate"), replace(BARE, name="engine"))
    assert [definition["name"] for definition in json.loads(text)] == ["migrate", "engine"]


def test_parsing_and_rendering_again_gives_the_same_text() -> None:
    text = container_definitions(replace(BARE, ports=(8080,), start_timeout=120))
    assert json.dumps(json.loads(text), sort_keys=True, separators=(",", ":")) == text
