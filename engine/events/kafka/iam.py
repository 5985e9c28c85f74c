"""Who the engine is to Amazon MSK: tokens made of the process's AWS credentials.

MSK takes IAM through SASL/OAUTHBEARER: the token is the base64 of a URL with a signed query that asks to connect
("Configure clients to use IAM access control", and the signer libraries of AWS that it names). botocore signs it, as it
does all else here: AWS's own library for Python is as much code around the same signer, and another thing to keep.
"""

from __future__ import annotations

import asyncio
import base64
from typing import Final

from aiokafka.abc import AbstractTokenProvider
from aiokafka.errors import KafkaConnectionError
from botocore.auth import SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import ReadOnlyCredentials
from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError

from engine.tasks.aws.catalog import new_session

TOKEN_SECONDS: Final = 900
"""How long a token lets a client in; the longest that MSK takes."""

_SERVICE: Final = "kafka-cluster"


class IamTokens(AbstractTokenProvider):
    """A new token for each connection; credentials are renewed by botocore."""

    def __init__(self, region: str) -> None:
        self._region = region
        self._session = new_session()

    async def token(self) -> str:
        """Make a token. Raises KafkaConnectionError when there are no credentials."""
        try:
            return await asyncio.to_thread(self._token)
        except (BotoCoreError, ClientError) as error:  # any other would end the client's own tasks for good
            raise KafkaConnectionError(f"there is no token for Amazon MSK: {error}") from error

    def _token(self) -> str:
        credentials = self._session.get_credentials()
        if credentials is None:
            raise NoCredentialsError
        return signed_token(credentials.get_frozen_credentials(), self._region)


def signed_token(credentials: ReadOnlyCredentials, region: str) -> str:
    """Give the token of some credentials: unpadded base64 of a URL that is good for `TOKEN_SECONDS`."""
    url = f"https://kafka.{region}.amazonaws.com/?Action=kafka-cluster%3AConnect"
    request = AWSRequest(method="GET", url=url)
    SigV4QueryAuth(credentials, _SERVICE, region, expires=TOKEN_SECONDS).add_auth(request)
    signed = f"{request.url}&User-Agent=workflow-engine"
    return base64.urlsafe_b64encode(signed.encode()).decode().rstrip("=")
