"""Whom a request acts for."""

import msgspec

DEFAULT_ORGANIZATION = "default"


class Identity(msgspec.Struct, frozen=True):
    """The organization that a request acts for, and who in it sends it."""

    organization: str
    subject: str


ANONYMOUS = Identity(DEFAULT_ORGANIZATION, "anonymous")
