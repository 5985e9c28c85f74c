"""Files of archives in a folder and in S3: the same answers from both."""

from __future__ import annotations

import asyncio

import pytest

from engine.runtime.retention import NoPlace, Place, open_place
from engine.storage import StorageUnavailable

NAME = "2026/05/a.jsonl.gz"


async def test_parts_are_read_by_position(place: Place) -> None:
    await place.write(NAME, b"0123456789")
    assert await place.read(NAME, 0, 4) == b"0123"
    assert await place.read(NAME, 8, 2) == b"89"
    await place.write(NAME, b"abc")
    assert await place.read(NAME, 0, 3) == b"abc"


async def test_of_changes_at_the_same_time_none_is_lost(place: Place) -> None:
    await place.write(NAME, b"0123456789")
    changes = [place.change(NAME, n, 1, lambda part: bytes((part[0] + 49,))) for n in range(10)]
    await asyncio.gather(*changes)
    assert await place.read(NAME, 0, 10) == b"abcdefghij"


async def test_deleting_can_be_repeated(place: Place) -> None:
    await place.write(NAME, b"0")
    await place.delete(NAME)
    await place.delete(NAME)
    with pytest.raises(StorageUnavailable, match=r"The archive \S*2026/05/a\.jsonl\.gz is unavailable"):
        await place.read(NAME, 0, 1)


async def test_a_place_that_cannot_be_used_is_named(location: str) -> None:
    nowhere = open_place("/proc/none" if not location.startswith("s3") else "s3://absent-bucket", "us-east-1")
    with pytest.raises(StorageUnavailable, match=r"/proc/none/2026|s3://absent-bucket/2026"):
        await nowhere.write(NAME, b"0")


async def test_without_a_place_the_setting_is_named() -> None:
    place = NoPlace()
    for attempt in (
        place.write(NAME, b""),
        place.read(NAME, 0, 1),
        place.change(NAME, 0, 1, bytes),
        place.delete(NAME),
    ):
        with pytest.raises(StorageUnavailable, match="HISTORY_ARCHIVE isn't set"):
            await attempt
