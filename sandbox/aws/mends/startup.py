"""What takes moto 5.2.5 seconds at every start and reset: machine images, and AWS's policies for every partition."""

from __future__ import annotations

import functools
from typing import Any

import orjson
from moto.ec2.models.amis import AmiBackend
from moto.iam.aws_managed_policies import aws_managed_policies_data
from moto.iam.models import AWSManagedPolicy, IAMBackend, ManagedPolicy

PARTITION = "aws"


def apply() -> None:
    """Load no images, since there are no EC2 instances, and the policies of the one partition there is."""
    setattr(AmiBackend, "_load_amis", _load_no_images)  # noqa: B010
    setattr(IAMBackend, "_init_aws_policies", _load_policies)  # noqa: B010


def _load_no_images(_: AmiBackend) -> None:
    """DescribeImages finds nothing."""


def _load_policies(self: IAMBackend) -> list[ManagedPolicy]:
    """ListPolicies, AttachRolePolicy: AWS's managed policies are there."""
    if self.region_name != PARTITION:
        return []
    return [
        AWSManagedPolicy.from_data(name, self.account_id, self.region_name, policy)
        for name, policy in _policies().items()
    ]


@functools.cache
def _policies() -> dict[str, dict[str, Any]]:
    policies: dict[str, dict[str, Any]] = orjson.loads(aws_managed_policies_data)
    return policies
