"""Whom a request acts for."""

import re

import msgspec

from engine.settings.model import ORGANIZATION_PATTERN

DEFAULT_ORGANIZATION = "default"


class Identity(msgspec.Struct, frozen=True):
    """The organization that a request acts for, and who in it sends it."""

    organization: str
    subject: str


def is_organization(name: str) -> bool:
    """Whether an organization may have this name."""
    return re.search(ORGANIZATION_PATTERN, name) is not None


ANONYMOUS = Identity(DEFAULT_ORGANIZATION, "anonymous")
