"""The repository, and images that must be there before anything is made."""

import json
from typing import Any

import pulumi
import pytest

from infra.aws.registry import lifecycle_policy
from tests.infra.stacks import DIGEST, Account, deploy_stack, deployed, settings_of


class Expired(Account):
    """An account whose registry refuses the caller."""

    def call(self, args: pulumi.runtime.MockCallArgs) -> tuple[dict[Any, Any], list[tuple[str, str]]]:
        if "getImage" in args.token:
            return {}, [("imageTag", "ExpiredTokenException: The security token included in the request is expired")]
        return super().call(args)


def test_repository() -> None:
    repository = deployed("production")[0].one("Repository")
    assert repository["name"] == "workflow-production"
    assert repository["imageTagMutability"] == "IMMUTABLE"
    assert repository["imageScanningConfiguration"] == {"scanOnPush": True}
    assert repository["encryptionConfigurations"] == [{"encryptionType": "AES256"}]
    assert repository["forceDelete"] is False
    assert deployed("dev")[0].one("Repository")["forceDelete"] is True


def test_lifecycle() -> None:
    settings = settings_of("dev", registryRetainedImages=12, registryUntaggedDays=3).registry
    policy = json.loads(lifecycle_policy(settings))
    selections = {rule["rulePriority"]: rule["selection"] for rule in policy["rules"]}
    assert selections == {
        1: {"tagStatus": "untagged", "countType": "sinceImagePushed", "countUnit": "days", "countNumber": 3},
        2: {"tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": 12},
    }
    assert all(rule["action"] == {"type": "expire"} for rule in policy["rules"])


def test_missing_image_is_said_before_anything_is_made() -> None:
    account = Account(images={})
    with pytest.raises(pulumi.RunError) as caught:
        deploy_stack("dev", account, imageTag="v7")
    assert str(caught.value) == (
        "workflow:imageTag is v7, but the registry workflow-dev has no image with this tag: push it first, "
        "or set imageTag to a tag that is there (nothing was changed)"
    )
    assert [resource.type for resource in account.resources] == ["pulumi:providers:aws"]


def test_other_failures_are_not_taken_for_a_missing_image() -> None:
    with pytest.raises(Exception, match="ExpiredTokenException"):
        deploy_stack("dev", Expired())


def test_tasks_run_the_digest_of_the_tag() -> None:
    account, exports = deployed("dev")
    images = {container["image"] for container in json.loads(account.one("TaskDefinition")["containerDefinitions"])}
    assert images == {f"123456789012.dkr.ecr.us-east-1.amazonaws.com/workflow-dev-registry@{DIGEST}"}
    assert (exports["imageTag"], exports["imageDigest"]) == ("v1", DIGEST)
