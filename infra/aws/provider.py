"""The AWS provider of a stack, and the account that it reaches.

Everything is created through one explicit provider, so that nothing depends on what the machine happens to be set up
for. Its keys are the standard ones of the `aws` namespace; with `endpoints` and the skip flags the program runs against
any AWS-compatible endpoint. Credentials come from the environment or a profile and are never part of the configuration.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import cast

import pulumi
import pulumi_aws as aws

from infra.settings import ProviderSettings


@dataclass(frozen=True)
class Account:
    """Where a stack is made: account ID, partition (what its ARNs start with), region, and the zones to spread over."""

    id: str
    partition: str
    region: str
    zones: tuple[str, ...]


def make_provider(name: str, settings: ProviderSettings, tags: Mapping[str, str]) -> aws.Provider:
    """The provider that creates everything, with tags that everything gets."""
    return aws.Provider(
        name,
        region=settings.region,
        profile=settings.profile,
        allowed_account_ids=settings.allowed_account_ids,
        endpoints=cast("Sequence[aws.ProviderEndpointArgsDict] | None", settings.endpoints),
        s3_use_path_style=settings.s3_use_path_style,
        skip_credentials_validation=settings.skip_credentials_validation,
        skip_metadata_api_check=settings.skip_metadata_api_check,
        skip_region_validation=settings.skip_region_validation,
        skip_requesting_account_id=settings.skip_requesting_account_id,
        default_tags=aws.ProviderDefaultTagsArgs(tags=dict(tags)),
    )


def find_account(provider: aws.Provider, settings: ProviderSettings, zone_count: int) -> Account:
    """The account of the provider; raises `pulumi.RunError` when its region has too few zones."""
    options = pulumi.InvokeOptions(provider=provider)
    identity = aws.get_caller_identity(opts=options)
    available = aws.get_availability_zones(state="available", opts=options).names
    # A local zone's name goes on after the region's (us-west-2-lax-1a); it has no RDS.
    zones = sorted(zone for zone in available if re.fullmatch(f"{settings.region}[a-z]", zone))
    if len(zones) < zone_count:
        raise pulumi.RunError(
            f"workflow:availabilityZones is {zone_count}, but {settings.region} has {len(zones)} for this account: "
            f"{', '.join(zones)}"
        )
    partition = identity.arn.split(":")[1]
    return Account(identity.account_id, partition, settings.region, tuple(zones[:zone_count]))
