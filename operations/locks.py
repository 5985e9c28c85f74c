"""One command at a time on the local stack."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from operations.errors import BusyError


@contextmanager
def exclusive(directory: Path) -> Iterator[None]:
    """Hold `directory`'s lock for the block; the kernel lets go of it when the process ends, however it ends.

    Raises:
        BusyError: another process holds it.
    """
    directory.mkdir(parents=True, exist_ok=True)
    with (directory / "lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise BusyError("Another `make up` or `make down` is at work on the local stack: wait for it.") from error
        yield
