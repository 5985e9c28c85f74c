"""The foundation: the account, what is looked up in it before anything is made, and the key that encrypts the rest.

A hosted zone or an image that isn't there stops the program here, with nothing changed.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi_aws as aws
from pulumi import Output, Resource, ResourceOptions

from infra.aws import registry
from infra.aws.dns import HostedZone, find_hosted_zone
from infra.aws.encryption import EncryptionKey, EncryptionKeyArgs
from infra.aws.provider import Account, find_account, make_provider
from infra.settings import PROJECT, Settings


@dataclass(frozen=True)
class Foundation:
    """Where a stack is made and by which settings; no digest is no image yet, no key one of AWS's for each service."""

    settings: Settings
    tags: Mapping[str, str]
    provider: aws.Provider
    account: Account
    zone: HostedZone | None
    image_digest: str | None
    key_arn: Output[str] | None

    @property
    def name(self) -> str:
        """What the name of everything in the stack starts with."""
        return self.settings.prefix

    @property
    def opts(self) -> ResourceOptions:
        """The options of a component."""
        return ResourceOptions(providers=[self.provider])

    def after(self, *others: Resource) -> ResourceOptions:
        """The options of a component that waits for others."""
        return ResourceOptions(providers=[self.provider], depends_on=list(others))


def lay_foundation(settings: Settings) -> Foundation:
    """Look up what must be there, and make the stack's key where it has one of its own."""
    name = settings.prefix
    tags = {"project": PROJECT, "stack": settings.name, "managed-by": "pulumi"}
    provider = make_provider(name, settings.provider, tags)
    account = find_account(provider, settings.provider, settings.network.zone_count)
    zone = find_hosted_zone(settings.load_balancer, provider)
    standby, tag = settings.standby.standby, settings.registry.image_tag
    digest = None if standby else registry.find_image_digest(repository_name(settings), tag, provider)
    key_arn = None
    if settings.stack.encryption_key == "stack":
        opts = ResourceOptions(providers=[provider])
        key_arn = EncryptionKey(f"{name}-key", EncryptionKeyArgs(account, settings), opts).arn
    return Foundation(settings, tags, provider, account, zone, digest, key_arn)


def repository_name(settings: Settings) -> str:
    """The registry's name; images come to a second region from the first one's, under the same name."""
    return f"{PROJECT}-{settings.standby.primary}" if settings.standby.primary else settings.prefix
