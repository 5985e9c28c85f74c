"""`engine token`."""

import argparse
import sys

from engine.api.auth.bearer import sign_token
from engine.api.auth.identity import is_organization
from engine.cli import fail
from engine.settings import SettingsError, load_settings


def run(options: argparse.Namespace) -> int:
    """Print a bearer token that lives for JWT_EXPIRY."""
    try:
        settings = load_settings(file=options.config)
    except SettingsError as error:
        return fail(str(error))
    if settings.jwt_secret is None:
        return fail("JWT_SECRET must be set to sign a token")
    if not is_organization(options.organization):
        return fail(f"--organization {options.organization!r} is not the name of an organization")
    token = sign_token(
        settings.jwt_secret.value,
        organization=options.organization,
        subject=options.subject,
        lifetime_seconds=settings.jwt_expiry,
    )
    sys.stdout.write(f"{token}\n")
    return 0
