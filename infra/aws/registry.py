"""The registry: an ECR repository whose tags never move, and the image that the stack runs.

The image's tag is looked up before anything is created, so that a deployment of an image that isn't there changes
nothing; tasks then run it by its digest. Storage costs about 0.10 USD a GB and month.
"""

import json
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws
from pulumi import ComponentResource, Output, ResourceOptions

from infra.settings import RegistrySettings

NOT_FOUND = ("ImageNotFound", "RepositoryNotFound", "couldn't find resource", "no results", "empty result")
"""What the provider's error says, by its version, when the tag or the whole repository isn't there."""


@dataclass(frozen=True)
class RegistryArgs:
    """What a registry needs to know; `repository_name` is known ahead, as images are looked up by it."""

    repository_name: str
    settings: RegistrySettings


class Registry(ComponentResource):
    """The repository; `url` is what image references start with."""

    url: Output[str]
    arn: Output[str]

    def __init__(self, name: str, args: RegistryArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("workflow:aws:Registry", name, None, opts)
        child = ResourceOptions(parent=self)
        repository = aws.ecr.Repository(
            name,
            name=args.repository_name,
            image_tag_mutability="IMMUTABLE",
            image_scanning_configuration=aws.ecr.RepositoryImageScanningConfigurationArgs(scan_on_push=True),
            encryption_configurations=[aws.ecr.RepositoryEncryptionConfigurationArgs(encryption_type="AES256")],
            force_delete=args.settings.force_delete,
            opts=child,
        )
        aws.ecr.LifecyclePolicy(name, repository=repository.name, policy=lifecycle_policy(args.settings), opts=child)
        self.url = repository.repository_url
        self.arn = repository.arn
        self.register_outputs({"url": self.url, "arn": self.arn})


def lifecycle_policy(settings: RegistrySettings) -> str:
    """The repository's lifecycle policy (ECR's LifecyclePolicyText) as canonical JSON."""
    untagged = {"tagStatus": "untagged", "countType": "sinceImagePushed", "countUnit": "days"}
    rules = [
        _expiry(1, "Untagged images", {**untagged, "countNumber": settings.untagged_days}),
        _expiry(
            2,
            "Oldest images",
            {"tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": settings.retained_images},
        ),
    ]
    return json.dumps({"rules": rules}, sort_keys=True)


def _expiry(priority: int, description: str, selection: dict[str, str | int]) -> dict[str, object]:
    return {
        "rulePriority": priority,
        "description": description,
        "selection": selection,
        "action": {"type": "expire"},
    }


def find_image_digest(repository_name: str, tag: str, provider: aws.Provider) -> str | None:
    """The digest of the image with this tag (None without a tag); raises `pulumi.RunError` when there is none."""
    if not tag:
        return None
    try:
        image = aws.ecr.get_image(
            repository_name=repository_name, image_tag=tag, opts=pulumi.InvokeOptions(provider=provider)
        )
    except Exception as error:
        if any(words in str(error) for words in NOT_FOUND):
            raise pulumi.RunError(_missing(repository_name, tag)) from error
        raise
    if not image.image_digest:
        raise pulumi.RunError(_missing(repository_name, tag))
    return image.image_digest


def _missing(repository_name: str, tag: str) -> str:
    return (
        f"workflow:imageTag is {tag}, but the registry {repository_name} has no image with this tag: push it first, "
        "or set imageTag to a tag that is there (nothing was changed)"
    )
