"""The stack outputs that the operations read."""

from __future__ import annotations

from typing import Literal

import msgspec

from operations.errors import OperationError
from operations.pulumi import PulumiStack


class Outputs(msgspec.Struct, frozen=True, rename="camel"):
    """The exports of the infrastructure program, by the names it gives them; empty where a stack has no such thing."""

    api_url: str
    region: str
    registry_url: str
    cluster_name: str
    database_endpoint: str
    database_arn: str = ""
    database_replica_of: str = ""
    database_admin_secret_arn: str = ""
    database_user_secret_arn: str = ""
    cache_secret_arn: str = ""
    cache_user_id: str = ""
    archive_copy_bucket: str = ""
    archive_copy_key_arn: str = ""
    log_group_name: str = ""
    service_name: str = ""
    task_definition_arn: str = ""
    management_url: str = ""
    access_keys_secret_arn: str = ""
    token_key_secret_arn: str = ""
    image_tag: str = ""
    image_digest: str = ""
    desired_count: int = 0
    task_architecture: Literal["X86_64", "ARM64"] = "X86_64"


def read(stack: PulumiStack) -> Outputs:
    """The outputs of `stack`.

    Raises:
        OperationError: the stack was never brought up whole.
    """
    try:
        return msgspec.convert(stack.outputs(), Outputs)
    except msgspec.ValidationError as error:
        advice = f"run `make up STACK={stack.name}`"
        raise OperationError(f"Stack {stack.name} is not up ({error}): {advice}.") from error
