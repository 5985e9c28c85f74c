"""Bearer tokens: JWTs signed with HS256 and JWT_SECRET."""

import contextlib
import time
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

import jwt

from engine.api.auth.identity import DEFAULT_ORGANIZATION, Identity, is_organization
from engine.api.errors import ApiError

ALGORITHM = "HS256"
CLOCK_SKEW_SECONDS = 30


def sign_token(secret: str, *, organization: str, subject: str, lifetime_seconds: float) -> str:
    """A token that acts for `organization` until `lifetime_seconds` from now."""
    now = int(time.time())
    claims = {"sub": subject, "org": organization, "iat": now, "exp": now + int(lifetime_seconds)}
    return jwt.encode(claims, secret, algorithm=ALGORITHM)


class UnknownKeyError(ApiError):
    """A token that none of the keys has signed."""


def verify_token(token: str, secrets: Sequence[str], *, longest_lifetime_seconds: float) -> Identity:
    """Whom a token acts for that one of `secrets` has signed; a token without `org` acts for the default organization.

    Raises `ApiError` 401 unless `sub` and `exp` are there and it ends within `longest_lifetime_seconds`, and its
    `UnknownKeyError` for a signature of none of them.
    """
    if not secrets:
        raise refused("this engine takes no bearer tokens: JWT_SECRET is not set")
    claims = _claims(token, secrets)
    if int(claims["exp"]) > time.time() + longest_lifetime_seconds + CLOCK_SKEW_SECONDS:
        raise refused("the bearer token lives longer than JWT_EXPIRY allows")
    organization = claims.get("org", DEFAULT_ORGANIZATION)
    if not isinstance(organization, str) or not is_organization(organization):
        raise refused("the bearer token's org is not a name: 1 to 128 characters without blanks")
    return Identity(organization, str(claims["sub"]))


def _claims(token: str, secrets: Sequence[str]) -> dict[str, Any]:
    """What a token says, by the first of the keys that has signed it."""
    *others, last = secrets
    for secret in others:
        with contextlib.suppress(UnknownKeyError):
            return _decode(token, secret)
    return _decode(token, last)


def _decode(token: str, secret: str) -> dict[str, Any]:
    try:
        return jwt.decode(
            token, secret, algorithms=[ALGORITHM], options={"require": ["exp", "sub"]}, leeway=CLOCK_SKEW_SECONDS
        )
    except jwt.InvalidSignatureError as error:
        raise refused(f"the bearer token is not valid: {error}", error=UnknownKeyError) from None
    except jwt.ExpiredSignatureError:
        raise refused("the bearer token has expired", "ExpiredTokenException") from None
    except jwt.InvalidTokenError as error:
        raise refused(f"the bearer token is not valid: {error}") from None
    except (ValueError, ArithmeticError, RecursionError):
        raise refused("the bearer token is not valid: it is not a JSON Web Token") from None


def refused(message: str, code: str = "UnrecognizedClientException", *, error: type[ApiError] = ApiError) -> ApiError:
    """The answer to a token that counts for nothing."""
    challenge = {"WWW-Authenticate": 'Bearer error="invalid_token"'}
    return error(code, message, HTTPStatus.UNAUTHORIZED, aws_status=HTTPStatus.FORBIDDEN, headers=challenge)
