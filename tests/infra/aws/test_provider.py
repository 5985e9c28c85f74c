"""The one provider that makes everything, and the account behind it."""

import json

import pulumi
import pytest

from tests.infra.stacks import Account, configuration, deploy, deploy_stack, deployed, program


@pytest.mark.parametrize("environment", ["local", "production"])
def test_everything_is_made_by_the_explicit_provider(environment: str) -> None:
    account, _ = deployed(environment)
    made = [resource for resource in account.resources if resource.type.startswith("aws:")]
    assert len({resource.provider for resource in made}) == 1
    assert all(f"::workflow-{environment}::" in str(resource.provider) for resource in made)


def test_default_tags() -> None:
    provider = deployed("staging")[0].one("aws")
    assert provider["region"] == "us-east-1"
    assert json.loads(provider["defaultTags"]) == {
        "tags": {"managed-by": "pulumi", "project": "workflow", "stack": "staging"}
    }


def test_any_endpoint() -> None:
    config = {
        **configuration("local"),
        "aws:profile": "sandbox",
        "aws:allowedAccountIds": '["123456789012"]',
        "aws:endpoints": '[{"s3": "http://localhost:4566", "ec2": "http://localhost:4566"}]',
        "aws:s3UsePathStyle": "true",
        "aws:skipCredentialsValidation": "true",
        "aws:skipMetadataApiCheck": "true",
        "aws:skipRegionValidation": "true",
        "aws:skipRequestingAccountId": "false",
    }
    account = Account()
    deploy(account, program, "local", config)
    provider = account.one("aws")
    assert provider["profile"] == "sandbox"
    assert json.loads(provider["allowedAccountIds"]) == ["123456789012"]
    assert json.loads(provider["endpoints"])[0]["s3"] == "http://localhost:4566"
    flags = ("s3UsePathStyle", "skipCredentialsValidation", "skipMetadataApiCheck", "skipRegionValidation")
    assert [provider[flag] for flag in flags] == ["true"] * 4
    assert provider["skipRequestingAccountId"] == "false"


def test_region_with_too_few_zones() -> None:
    tiers = {"publicSubnetCidrs": 0, "privateSubnetCidrs": 16, "dataSubnetCidrs": 32}
    cidrs = {key: [f"10.0.{first + number}.0/24" for number in range(4)] for key, first in tiers.items()}
    with pytest.raises(pulumi.RunError) as caught:
        deploy_stack("dev", availabilityZones=4, **cidrs)
    assert str(caught.value) == (
        "workflow:availabilityZones is 4, but us-east-1 has 3 for this account: us-east-1a, us-east-1b, us-east-1c"
    )
