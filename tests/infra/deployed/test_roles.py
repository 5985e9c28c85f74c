"""What the roles in the account may do, and who may take them on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from infra.policy.statements import REASONS, Statement, statements
from tests.infra.deployed.conftest import Stack
from tests.infra.deployed.stacks import STACKS, Deployed

OF_THE_ACCOUNT_ALONE = ("backup.amazonaws.com", "s3.amazonaws.com")
"""Services that take on roles of the account alone that their own resource is in, and say no source."""


def roles(stack: Deployed) -> list[Mapping[str, Any]]:
    pages = stack.client("iam").get_paginator("list_roles").paginate()
    found = [role for page in pages for role in page["Roles"] if stack.owns(role["RoleName"])]
    assert found
    return found


def granted(stack: Deployed) -> Iterator[tuple[str, Statement]]:
    """Each statement that a role has, inline or attached, with the role's name."""
    iam = stack.client("iam")
    for name in [role["RoleName"] for role in roles(stack)]:
        for policy in iam.list_role_policies(RoleName=name)["PolicyNames"]:
            document = iam.get_role_policy(RoleName=name, PolicyName=policy)["PolicyDocument"]
            yield from ((name, statement) for statement in statements(document))
        for attached in iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"]:
            arn = attached["PolicyArn"]
            version = iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
            found = iam.get_policy_version(PolicyArn=arn, VersionId=version)["PolicyVersion"]["Document"]
            yield from ((name, statement) for statement in statements(found))


@pytest.mark.parametrize("name", STACKS)
def test_no_role_has_a_wildcard_without_a_reason(stack: Stack, name: str) -> None:
    found = list(granted(stack(name)))

    assert found
    assert [(name, *pair) for name, statement in found for pair in statement.wildcards()] == []


def test_each_reason_is_one_that_a_role_needs(stack: Stack) -> None:
    allowed = {
        (action, resource)
        for name in STACKS
        for _, statement in granted(stack(name))
        for action in statement.actions
        for resource in statement.resources
    }

    assert REASONS.keys() <= allowed


@pytest.mark.parametrize("name", STACKS)
def test_roles_are_taken_on_by_services_of_this_account(stack: Stack, name: str) -> None:
    for role in roles(stack(name)):
        for statement in role["AssumeRolePolicyDocument"]["Statement"]:
            assert statement["Principal"].keys() == {"Service"}
            if statement["Principal"]["Service"] not in OF_THE_ACCOUNT_ALONE:
                assert "aws:SourceAccount" in str(statement["Condition"])
