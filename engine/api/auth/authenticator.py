"""Decides whom a request acts for."""

from collections.abc import Callable
from datetime import UTC, datetime
from http import HTTPStatus

from aiohttp import web

from engine.api.auth import sigv4
from engine.api.auth.bearer import UnknownKeyError, verify_token
from engine.api.auth.credentials import Credentials
from engine.api.auth.identity import ANONYMOUS, Identity
from engine.api.bodies import read_bytes
from engine.api.errors import ApiError
from engine.settings import Settings


def utc_now() -> datetime:
    """The time, in UTC."""
    return datetime.now(UTC)


class Authenticator:
    """Accepts bearer tokens and AWS signatures.

    With AUTHENTICATION=optional, requests without credentials, or signed with a key that isn't known, act as the
    default organization; a bearer token, or the signature of a known key, must be right even then.
    """

    def __init__(self, settings: Settings, now: Callable[[], datetime] = utc_now) -> None:
        self._credentials = Credentials(settings)
        self._longest_lifetime = settings.jwt_expiry
        self._optional = settings.authentication == "optional"
        self._now = now

    async def identify(self, request: web.Request) -> Identity:
        """Whom the request acts for. Raises `ApiError` 401 or 403."""
        header = request.headers.get("Authorization", "")
        scheme, _, rest = header.partition(" ")
        await self._credentials.keep_fresh()
        if scheme.lower() == "bearer":
            return await self._bearer(rest.strip())
        if scheme == sigv4.SCHEME:
            return await self._signed(request, header)
        _refuse_other_signatures(request, scheme)
        if self._optional:
            return ANONYMOUS
        raise ApiError(
            "MissingAuthenticationTokenException",
            "this engine needs a bearer token or an AWS signature (Signature Version 4)",
            HTTPStatus.UNAUTHORIZED,
            aws_status=HTTPStatus.FORBIDDEN,
            headers={"WWW-Authenticate": "Bearer"},
        )

    async def _bearer(self, token: str) -> Identity:
        try:
            return self._verified(token)
        except UnknownKeyError:
            if not await self._credentials.read_again():
                raise
        return self._verified(token)

    def _verified(self, token: str) -> Identity:
        known = self._credentials.token_secrets
        return verify_token(token, known, longest_lifetime_seconds=self._longest_lifetime)

    async def _signed(self, request: web.Request, header: str) -> Identity:
        credential = sigv4.read_credential(header)
        key = self._credentials.access_keys.get(credential.key)
        if key is None and self._optional:
            return ANONYMOUS
        if key is None and await self._credentials.read_again():
            key = self._credentials.access_keys.get(credential.key)
        if key is None:
            message = "The security token included in the request is invalid: the access key is not known here."
            raise ApiError("UnrecognizedClientException", message, HTTPStatus.FORBIDDEN)
        wanted = {*credential.signed_headers, *sigv4.READ_HEADERS}
        headers = {name: ",".join(values) for name in wanted if (values := request.headers.getall(name, ()))}
        signed = sigv4.SignedRequest(request.method, request.raw_path, headers, await read_bytes(request))
        return sigv4.verify_signature(signed, credential, key, self._now())


def _refuse_other_signatures(request: web.Request, scheme: str) -> None:
    """Raise `ApiError` 403 for a signature of a form that this engine doesn't check."""
    message = None
    if {"X-Amz-Signature", "X-Amz-Credential"} & set(request.query):
        message = "presigned URLs are not supported: sign with the header Authorization"
    elif scheme in sigv4.OTHER_SCHEMES:
        message = f"signatures of the form {scheme} are not supported: sign with {sigv4.SCHEME}"
    if message is not None:
        raise ApiError("IncompleteSignatureException", message, HTTPStatus.FORBIDDEN)
