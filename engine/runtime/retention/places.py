"""Where archives are kept: a folder, or a bucket of S3."""

from __future__ import annotations

import asyncio
import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, Protocol, TypeVar

from engine.storage import ArchiveUnavailable

Result = TypeVar("Result")

_S3: Final = "s3://"


class Place(Protocol):
    """Files by name, ``2026/05/….jsonl.gz``. Methods raise ArchiveUnavailable when it can't be reached or used."""

    async def write(self, name: str, data: bytes) -> None:
        """Write a file; it is durable when this returns, and wasn't there at all before."""
        ...

    async def read(self, name: str, position: int, length: int) -> bytes:
        """Give a part of a file."""
        ...

    async def change(self, name: str, position: int, length: int, change: Callable[[bytes], bytes]) -> None:
        """Put what `change` makes of a part in its place; of several who change a file at once none is lost.

        `change` gives as many bytes as it gets, may be called again, and in another thread.
        """
        ...

    async def delete(self, name: str) -> None:
        """Delete a file, if it is there."""
        ...


def open_place(location: str, region: str) -> Place:
    """Give the place for a folder's path or ``s3://BUCKET/PREFIX``."""
    if location.startswith(_S3):
        from engine.runtime.retention.s3 import S3Place  # noqa: PLC0415 - imports boto3, which is slow

        bucket, _, prefix = location.removeprefix(_S3).partition("/")
        return S3Place(bucket, prefix.strip("/"), region)
    return FolderPlace(Path(location))


class NoPlace:
    """No place at all: nothing is archived, and what once was can't be read."""

    async def write(self, name: str, data: bytes) -> None:  # noqa: ARG002
        """Raise ArchiveUnavailable."""
        raise _unknown(name)

    async def read(self, name: str, position: int, length: int) -> bytes:  # noqa: ARG002
        """Raise ArchiveUnavailable."""
        raise _unknown(name)

    async def change(self, name: str, position: int, length: int, change: Callable[[bytes], bytes]) -> None:  # noqa: ARG002
        """Raise ArchiveUnavailable."""
        raise _unknown(name)

    async def delete(self, name: str) -> None:
        """Raise ArchiveUnavailable."""
        raise _unknown(name)


class FolderPlace:
    """A folder on this machine, or one that all engines have mounted."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def write(self, name: str, data: bytes) -> None:
        """See `Place.write`."""
        await self._in_thread(name, lambda path: _replace(path, data))

    async def read(self, name: str, position: int, length: int) -> bytes:
        """See `Place.read`."""
        return await self._in_thread(name, lambda path: _read(path, position, length))

    async def change(self, name: str, position: int, length: int, change: Callable[[bytes], bytes]) -> None:
        """See `Place.change`."""

        def work(path: Path) -> None:
            with _locked(self._folder):
                data = path.read_bytes()
                changed = change(data[position : position + length])
                _replace(path, data[:position] + changed + data[position + length :])

        await self._in_thread(name, work)

    async def delete(self, name: str) -> None:
        """See `Place.delete`."""
        await self._in_thread(name, lambda path: path.unlink(missing_ok=True))

    async def _in_thread(self, name: str, work: Callable[[Path], Result]) -> Result:
        try:
            return await asyncio.to_thread(work, self._folder / name)
        except OSError as error:
            raise ArchiveUnavailable(f"The archive {self._folder / name} is unavailable: {error}") from error


def _unknown(name: str) -> ArchiveUnavailable:
    return ArchiveUnavailable(f"The archive {name} can't be had: HISTORY_ARCHIVE isn't set.")


def _replace(path: Path, data: bytes) -> None:
    """Write a file so that it is there as a whole or not at all, whenever the machine stops."""
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_name(f".{path.name}.{os.getpid()}.new")
    with new.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _read(path: Path, position: int, length: int) -> bytes:
    with path.open("rb") as file:
        file.seek(position)
        return file.read(length)


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    with (folder / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
