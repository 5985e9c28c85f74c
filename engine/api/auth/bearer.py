"""Bearer tokens: JWTs signed with HS256 and JWT_SECRET."""

import time
from http import HTTPStatus

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


def verify_token(token: str, secret: str | None, *, longest_lifetime_seconds: float) -> Identity:
    """Whom a token acts for; a token without `org` acts for the default organization.

    Raises `ApiError` 401 unless the signature is right, `sub` and `exp` are there, and it ends within
    `longest_lifetime_seconds`.
    """
    if secret is None:
        raise refused("this engine takes no bearer tokens: JWT_SECRET is not set")
    try:
        claims = jwt.decode(
            token, secret, algorithms=[ALGORITHM], options={"require": ["exp", "sub"]}, leeway=CLOCK_SKEW_SECONDS
        )
    except jwt.ExpiredSignatureError:
        raise refused("the bearer token has expired", "ExpiredTokenException") from None
    except jwt.InvalidTokenError as error:
        raise refused(f"the bearer token is not valid: {error}") from None
    except (ValueError, ArithmeticError, RecursionError):
        raise refused("the bearer token is not valid: it is not a JSON Web Token") from None
    if int(claims["exp"]) > time.time() + longest_lifetime_seconds + CLOCK_SKEW_SECONDS:
        raise refused("the bearer token lives longer than JWT_EXPIRY allows")
    organization = claims.get("org", DEFAULT_ORGANIZATION)
    if not isinstance(organization, str) or not is_organization(organization):
        raise refused("the bearer token's org is not a name: 1 to 128 characters without blanks")
    return Identity(organization, str(claims["sub"]))


def refused(message: str, code: str = "UnrecognizedClientException") -> ApiError:
    """The answer to a token that counts for nothing."""
    challenge = {"WWW-Authenticate": 'Bearer error="invalid_token"'}
    return ApiError(code, message, HTTPStatus.UNAUTHORIZED, aws_status=HTTPStatus.FORBIDDEN, headers=challenge)
