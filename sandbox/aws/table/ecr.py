"""Container registries (Amazon ECR API Reference)."""

from __future__ import annotations

from sandbox.aws.definition import Autoname, ResourceType, Update

TYPES = (
    ResourceType(
        type="aws:ecr/repository:Repository",
        service="ecr",
        create="CreateRepository",
        id="repository.repositoryName",
        read="DescribeRepositories",
        found="repositories[0]",
        delete="DeleteRepository",
        updates=[Update("PutImageTagMutability"), Update("PutImageScanningConfiguration")],
        receive={"repositoryUrl": "repositoryUri"},
        local=frozenset({"forceDelete"}),
        delete_with={"force": "{forceDelete}"},
        autoname=Autoname("name", 256),
        replaces=frozenset({"encryptionConfigurations", "name"}),
    ),
    ResourceType(
        type="aws:ecr/lifecyclePolicy:LifecyclePolicy",
        service="ecr",
        create="PutLifecyclePolicy",
        id="{repository}",
        read="GetLifecyclePolicy",
        found="@",
        delete="DeleteLifecyclePolicy",
        updates=[Update("PutLifecyclePolicy")],
        key={"repositoryName": "{repository}"},
        send={"policy": "lifecyclePolicyText", "repository": "repositoryName"},
        receive={"policy": "lifecyclePolicyText", "repository": "repositoryName"},
        replaces=frozenset({"repository"}),
        one_at_a_time=True,
    ),
)
