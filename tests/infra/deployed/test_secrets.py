"""No secret stands anywhere in plain text but in Secrets Manager."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from tests.infra.deployed.conftest import Stack
from tests.infra.deployed.stacks import STACKS, Deployed

PUBLIC = {"username", "accessKeyId", "organization"}
SHORTEST = 20
LEAST = 5
"""Passwords of the database's two users and of the cache's, the key of tokens, and an access key."""


def secret_values(stack: Deployed) -> Iterator[str]:
    """Every value that was generated for the stack."""
    client = stack.client("secretsmanager")
    for page in client.get_paginator("list_secrets").paginate():
        for secret in page["SecretList"]:
            if stack.owns(secret["Name"]):
                yield from leaves(json.loads(client.get_secret_value(SecretId=secret["ARN"])["SecretString"]))


def leaves(value: object) -> Iterator[str]:
    """The texts in a value that aren't public, also in those that are JSON themselves."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from () if key in PUBLIC else leaves(item)
    elif isinstance(value, list):
        for item in value:
            yield from leaves(item)
    elif isinstance(value, str) and value.startswith("["):
        yield from leaves(json.loads(value))
    else:
        yield str(value)


@pytest.mark.parametrize("name", STACKS)
def test_no_secret_is_in_the_state_the_logs_or_a_task_definition(stack: Stack, name: str) -> None:
    deployed = stack(name)
    values = set(secret_values(deployed))
    ecs = deployed.client("ecs")
    arn = deployed.outputs["taskDefinitionArn"]
    places = {
        "the exported state": json.dumps(deployed.exported()),
        "the event log": "\n".join(deployed.log),
        "the task definition": str(ecs.describe_task_definition(taskDefinition=arn)["taskDefinition"]),
        **{path.name: path.read_text() for path in deployed.state_files()},
    }

    assert len(values) >= LEAST
    assert min(map(len, values)) >= SHORTEST
    assert [(place, value[:3]) for place, text in places.items() for value in values if value in text] == []
    assert deployed.prefix in places["the event log"]
    assert len(places) > len(("state", "log", "definition"))
