"""Roles that GitHub Actions takes on by OpenID Connect: one that deploys a stack, one that only looks at it.

No key is stored: GitHub signs a token that says which repository and which environment or event a job is of, and IAM
lets that job alone have the role (GitHub documentation, "Configuring OpenID Connect in Amazon Web Services").
The deploying role is for jobs in the GitHub environment that is named after the stack, where approvals are asked for;
the other one is for pull requests and for nightly looks from the default branch.
"""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from operations.errors import RefusedError
from tools.progress import say

if TYPE_CHECKING:
    from mypy_boto3_iam.client import IAMClient

ISSUER = "token.actions.githubusercontent.com"
AUDIENCE = "sts.amazonaws.com"
_REPOSITORY = re.compile(r"[A-Za-z0-9-]+(@[0-9]+)?/[A-Za-z0-9_.-]+(@[0-9]+)?")
SESSION_SECONDS = 2 * 60 * 60
"""Longest session: a first deployment with a database and a slow rollback behind it."""

SERVICES = ("backup", "ecs-tasks", "lambda", "monitoring.rds", "s3", "synthetics", "vpc-flow-logs")
"""Services that the program's roles are for, which the deploying role may hand them to."""

LINKED = (
    "backup",
    "ecs",
    "ecs.application-autoscaling",
    "elasticache",
    "elasticloadbalancing",
    "kafka",
    "kafka.application-autoscaling",
    "rds",
)
"""Services whose own roles an account has once they were used."""


@dataclass(frozen=True)
class Pipeline:
    """Whose jobs may have the roles, and of which stack.

    Attributes:
        repository: OWNER/REPOSITORY, or OWNER@ID/REPOSITORY@ID as GitHub writes it for repositories made since
            July 2026.
        branch: the branch whose scheduled jobs may look.
        stack: the stack.
        partition: what ARNs start with after `arn:`.
        account: the account's ID.
        bucket: the bucket of the state.
        key_arn: the key of the state's secrets.
    """

    repository: str
    branch: str
    stack: str
    partition: str
    account: str
    bucket: str
    key_arn: str

    def arn(self, rest: str) -> str:
        """An ARN of IAM in the account."""
        return f"arn:{self.partition}:iam::{self.account}:{rest}"


def ensure(iam: IAMClient, pipeline: Pipeline) -> dict[str, str]:
    """Make both roles or bring them to what they should be; their ARNs by what they are for: deploy and preview.

    Raises:
        RefusedError: the repository isn't one by its name.
    """
    if not _REPOSITORY.fullmatch(pipeline.repository):
        raise RefusedError(f"{pipeline.repository!r} is no GitHub repository: OWNER/REPOSITORY, or OWNER@ID/NAME@ID.")
    _ensure_issuer(iam, pipeline)
    deploying = [f"environment:{pipeline.stack}"]
    looking = ["pull_request", f"ref:refs/heads/{pipeline.branch}"]
    return {
        "deploy": _ensure_role(iam, pipeline, "deploy", deploying, "PowerUserAccess", _deploying(pipeline)),
        "preview": _ensure_role(iam, pipeline, "preview", looking, "ReadOnlyAccess", _looking(pipeline)),
    }


def _ensure_issuer(iam: IAMClient, pipeline: Pipeline) -> None:
    arn = pipeline.arn(f"oidc-provider/{ISSUER}")
    if any(each["Arn"] == arn for each in iam.list_open_id_connect_providers()["OpenIDConnectProviderList"]):
        say(f"OpenID Connect provider {ISSUER} is there")
        return
    # IAM trusts this issuer's certificates by its own list of authorities: no thumbprint is looked at.
    iam.create_open_id_connect_provider(Url=f"https://{ISSUER}", ClientIDList=[AUDIENCE], ThumbprintList=["f" * 40])
    say(f"OpenID Connect provider {ISSUER} made")


def _ensure_role(
    iam: IAMClient, pipeline: Pipeline, use: str, subjects: Sequence[str], managed: str, inline: object
) -> str:
    name = f"workflow-ci-{pipeline.stack}-{use}"
    trust = json.dumps(trust_policy(pipeline, subjects))
    with contextlib.suppress(iam.exceptions.EntityAlreadyExistsException):
        iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust, MaxSessionDuration=SESSION_SECONDS)
    iam.update_assume_role_policy(RoleName=name, PolicyDocument=trust)
    iam.attach_role_policy(RoleName=name, PolicyArn=f"arn:{pipeline.partition}:iam::aws:policy/{managed}")
    iam.put_role_policy(RoleName=name, PolicyName="workflow", PolicyDocument=json.dumps(inline))
    say(f"role {name} for {', '.join(subjects)} of {pipeline.repository}")
    return pipeline.arn(f"role/{name}")


def trust_policy(pipeline: Pipeline, subjects: Sequence[str]) -> dict[str, object]:
    """Lets the repository's jobs of these kinds, and no others, have a role."""
    condition = {
        "StringEquals": {
            f"{ISSUER}:aud": AUDIENCE,
            f"{ISSUER}:sub": [f"repo:{pipeline.repository}:{subject}" for subject in subjects],
        }
    }
    principal = {"Federated": pipeline.arn(f"oidc-provider/{ISSUER}")}
    return _document(
        {
            "Effect": "Allow",
            "Principal": principal,
            "Action": "sts:AssumeRoleWithWebIdentity",
            "Condition": condition,
        }
    )


def _deploying(pipeline: Pipeline) -> dict[str, object]:
    """What PowerUserAccess leaves out: the stack's own roles, and no others."""
    roles = pipeline.arn(f"role/workflow-{pipeline.stack}-*")
    manage = (
        "CreateRole", "DeleteRole", "DeleteRolePolicy", "GetRole", "GetRolePolicy", "ListAttachedRolePolicies",
        "ListInstanceProfilesForRole", "ListRolePolicies", "PutRolePolicy", "TagRole", "UntagRole",
        "UpdateAssumeRolePolicy", "UpdateRole", "UpdateRoleDescription",
    )  # fmt: skip
    attach = ("AttachRolePolicy", "DetachRolePolicy")
    passed = [f"{service}.amazonaws.com" for service in SERVICES]
    linked = [f"{service}.amazonaws.com" for service in LINKED]
    of_service_roles = {"ArnLike": {"iam:PolicyARN": f"arn:{pipeline.partition}:iam::aws:policy/service-role/*"}}
    return _document(
        _allow([f"iam:{action}" for action in manage], roles),
        _allow([f"iam:{action}" for action in attach], roles, of_service_roles),
        _allow(["iam:PassRole"], roles, {"StringEquals": {"iam:PassedToService": passed}}),
        _allow(
            ["iam:CreateServiceLinkedRole"],
            pipeline.arn("role/aws-service-role/*"),
            {"StringEquals": {"iam:AWSServiceName": linked}},
        ),
    )


def _looking(pipeline: Pipeline) -> dict[str, object]:
    """What ReadOnlyAccess leaves out: the key of the state's secrets. What the account holds in secret stays so."""
    bucket = f"arn:{pipeline.partition}:s3:::{pipeline.bucket}"
    return _document(
        _allow(["kms:Decrypt"], pipeline.key_arn),
        # A look at the account takes the state's lock, as an update does.
        _allow(["s3:PutObject", "s3:DeleteObject"], f"{bucket}/.pulumi/locks/*"),
        {"Effect": "Deny", "Action": ["secretsmanager:GetSecretValue", "ssm:GetParameter*"], "Resource": "*"},
    )


def _allow(actions: Sequence[str], resource: str, condition: object = None) -> dict[str, object]:
    statement: dict[str, object] = {"Effect": "Allow", "Action": list(actions), "Resource": resource}
    return {**statement, "Condition": condition} if condition else statement


def _document(*statements: dict[str, object]) -> dict[str, object]:
    return {"Version": "2012-10-17", "Statement": list(statements)}
