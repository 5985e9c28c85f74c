"""Archives in a bucket of S3, with the process's own credentials."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Final, TypeVar, cast

from botocore.exceptions import BotoCoreError, ClientError

from engine.storage import ArchiveUnavailable
from engine.tasks.aws.sessions import make_client, make_session

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

Result = TypeVar("Result")

_CONNECTIONS: Final = 8
_ATTEMPTS: Final = 20
_CHANGED_MEANWHILE: Final = ("PreconditionFailed", "ConditionalRequestConflict")


class S3Place:
    """See `Place`. Standard settings of AWS SDKs (AWS_ENDPOINT_URL_S3, …) hold."""

    def __init__(self, bucket: str, prefix: str, region: str) -> None:
        self._bucket = bucket
        self._prefix = f"{prefix}/" if prefix else ""
        self._region = region
        self._client: S3Client | None = None

    async def write(self, name: str, data: bytes) -> None:
        """See `Place.write`."""
        await self._call(name, lambda s3, key: s3.put_object(Bucket=self._bucket, Key=key, Body=data))

    async def read(self, name: str, position: int, length: int) -> bytes:
        """See `Place.read`."""
        part = f"bytes={position}-{position + length - 1}"

        def work(s3: S3Client, key: str) -> bytes:
            return s3.get_object(Bucket=self._bucket, Key=key, Range=part)["Body"].read()

        return await self._call(name, work)

    async def change(self, name: str, position: int, length: int, change: Callable[[bytes], bytes]) -> None:
        """See `Place.change`: an object is put in the place of the one that was read, or read again."""

        def work(s3: S3Client, key: str) -> None:
            for attempt in range(_ATTEMPTS):
                answer = s3.get_object(Bucket=self._bucket, Key=key)
                data = answer["Body"].read()
                changed = data[:position] + change(data[position : position + length]) + data[position + length :]
                try:
                    s3.put_object(Bucket=self._bucket, Key=key, Body=changed, IfMatch=answer["ETag"])
                except ClientError as error:
                    if error.response["Error"]["Code"] not in _CHANGED_MEANWHILE or attempt == _ATTEMPTS - 1:
                        raise
                else:
                    return

        await self._call(name, work)

    async def delete(self, name: str) -> None:
        """See `Place.delete`."""
        await self._call(name, lambda s3, key: s3.delete_object(Bucket=self._bucket, Key=key))

    async def _call(self, name: str, work: Callable[[S3Client, str], Result]) -> Result:
        key = f"{self._prefix}{name}"
        try:
            return await asyncio.to_thread(lambda: work(self._connected(), key))
        except (BotoCoreError, ClientError) as error:
            raise ArchiveUnavailable(f"The archive s3://{self._bucket}/{key} is unavailable: {error}") from error

    def _connected(self) -> S3Client:
        if self._client is None:
            session = make_session(None, "", self._region)
            self._client = cast("S3Client", make_client(session, "s3", _CONNECTIONS))
        return self._client
