"""The pipeline's roles, made in an account of moto's with the policies that AWS manages."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from moto import mock_aws

from operations import pipeline_roles
from operations.errors import RefusedError
from operations.pipeline_roles import ISSUER, Pipeline

if TYPE_CHECKING:
    from mypy_boto3_iam.client import IAMClient

KEY = "arn:aws:kms:us-east-1:123456789012:key/1"
OWN_ROLES = "arn:aws:iam::123456789012:role/workflow-dev-*"


def pipeline(repository: str = "acme/workflow") -> Pipeline:
    return Pipeline(repository, "main", "dev", "aws", "123456789012", "workflow-state", KEY)


@pytest.fixture
def iam(monkeypatch: pytest.MonkeyPatch) -> Iterator[IAMClient]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with mock_aws(config={"iam": {"load_aws_managed_policies": True}}):
        yield boto3.client("iam", region_name="us-east-1")


def trust(iam: IAMClient, use: str) -> dict[str, Any]:
    document: Any = iam.get_role(RoleName=f"workflow-ci-dev-{use}")["Role"]["AssumeRolePolicyDocument"]
    [statement] = document["Statement"]
    found: dict[str, Any] = statement
    return found


def inline(iam: IAMClient, use: str) -> list[dict[str, Any]]:
    document: Any = iam.get_role_policy(RoleName=f"workflow-ci-dev-{use}", PolicyName="workflow")["PolicyDocument"]
    statements: list[dict[str, Any]] = document["Statement"]
    return statements


def test_only_jobs_of_the_stacks_environment_deploy(iam: IAMClient) -> None:
    roles = pipeline_roles.ensure(iam, pipeline())

    assert roles["deploy"] == "arn:aws:iam::123456789012:role/workflow-ci-dev-deploy"
    statement = trust(iam, "deploy")
    assert statement["Action"] == "sts:AssumeRoleWithWebIdentity"
    assert statement["Principal"] == {"Federated": f"arn:aws:iam::123456789012:oidc-provider/{ISSUER}"}
    assert statement["Condition"] == {
        "StringEquals": {f"{ISSUER}:aud": "sts.amazonaws.com", f"{ISSUER}:sub": ["repo:acme/workflow:environment:dev"]}
    }


def test_pull_requests_and_the_branch_only_look(iam: IAMClient) -> None:
    pipeline_roles.ensure(iam, pipeline())

    subjects = trust(iam, "preview")["Condition"]["StringEquals"][f"{ISSUER}:sub"]
    assert subjects == ["repo:acme/workflow:pull_request", "repo:acme/workflow:ref:refs/heads/main"]
    attached = iam.list_attached_role_policies(RoleName="workflow-ci-dev-preview")["AttachedPolicies"]
    assert [policy["PolicyName"] for policy in attached] == ["ReadOnlyAccess"]
    [denied] = [statement for statement in inline(iam, "preview") if statement["Effect"] == "Deny"]
    assert "secretsmanager:GetSecretValue" in denied["Action"]


def test_iam_is_open_for_the_stacks_own_roles_alone(iam: IAMClient) -> None:
    pipeline_roles.ensure(iam, pipeline())

    statements = inline(iam, "deploy")
    for statement in statements:
        assert all(action.startswith("iam:") and "*" not in action for action in statement["Action"])
        assert statement["Resource"] in (OWN_ROLES, "arn:aws:iam::123456789012:role/aws-service-role/*")
    [passing] = [statement for statement in statements if statement["Action"] == ["iam:PassRole"]]
    assert "ecs-tasks.amazonaws.com" in passing["Condition"]["StringEquals"]["iam:PassedToService"]


def test_again_brings_them_back(iam: IAMClient) -> None:
    pipeline_roles.ensure(iam, pipeline())
    owner = {"Effect": "Allow", "Principal": {"AWS": "123456789012"}, "Action": "sts:AssumeRole"}
    other = json.dumps({"Version": "2012-10-17", "Statement": [owner]})
    iam.update_assume_role_policy(RoleName="workflow-ci-dev-deploy", PolicyDocument=other)

    pipeline_roles.ensure(iam, pipeline())

    assert "environment:dev" in str(trust(iam, "deploy"))
    assert len(iam.list_open_id_connect_providers()["OpenIDConnectProviderList"]) == 1


def test_a_repository_of_today_has_ids(iam: IAMClient) -> None:
    pipeline_roles.ensure(iam, pipeline("acme@1/workflow@2"))

    assert "repo:acme@1/workflow@2:environment:dev" in str(trust(iam, "deploy"))


@pytest.mark.parametrize("name", ["workflow", "acme/*", "acme/work flow", "https://github.example/acme/workflow"])
def test_what_is_no_repository_is_refused(iam: IAMClient, name: str) -> None:
    with pytest.raises(RefusedError, match="is no GitHub repository: OWNER/REPOSITORY"):
        pipeline_roles.ensure(iam, pipeline(name))
