"""How an archive is written: lines of JSON, each compressed by itself.

A line is a member of a GZIP file (RFC 1952), so that the whole file is one that every tool reads, and a single line can
be read by its position and length alone. A member's comment has blanks that hold its length: a line that has become
shorter takes the same place, and nothing else moves.
"""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final

import msgspec

from engine.storage.records import Execution

FORMAT: Final = 1

_HEADER: Final = b"\x1f\x8b\x08\x10\x00\x00\x00\x00\x00\xff"
"""Deflate, a comment, no time of modification, no operating system."""

_ROOM: Final = 64
"""Blanks that a new member gets, for a shorter line that compresses worse."""

_ENCODER: Final = msgspec.json.Encoder()


class ArchivedExecution(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A line: an execution that is over, with its history as `engine.language` has it; input and output are JSON text.

    `format` is raised when a reader of the format before can't read it.
    """

    format: int
    id: str
    organization: str
    state_machine: str
    version: int
    name: str
    status: str
    input: str
    output: str | None
    error: str | None
    cause: str | None
    started_at: datetime
    stopped_at: datetime | None
    history: msgspec.Raw

    def erased(self, strip: Callable[[bytes], bytes]) -> ArchivedExecution:
        """Give it without what it was given and what it made; `strip` takes that out of its history."""
        history = msgspec.Raw(strip(bytes(self.history)))
        return msgspec.structs.replace(self, input="{}", output=None, error=None, cause=None, history=history)


_DECODER: Final = msgspec.json.Decoder(ArchivedExecution)


def archived_execution(execution: Execution, commits: Sequence[bytes]) -> ArchivedExecution:
    """Make the line of an execution and the events of its commits, a JSON list each."""
    events = b",".join(commit[1:-1] for commit in commits)
    return ArchivedExecution(
        format=FORMAT,
        id=str(execution.id),
        organization=execution.organization,
        state_machine=execution.state_machine_name,
        version=execution.version,
        name=execution.name,
        status=execution.status,
        input=execution.input,
        output=execution.output,
        error=execution.error,
        cause=execution.cause,
        started_at=execution.started_at,
        stopped_at=execution.stopped_at,
        history=msgspec.Raw(b"[" + events + b"]"),
    )


def write_line(line: ArchivedExecution, length: int | None = None) -> bytes:
    """Compress a line, to exactly `length` bytes if that is given. Raises ValueError if it doesn't fit."""
    data = _ENCODER.encode(line) + b"\n"
    deflate = zlib.compressobj(9, wbits=-zlib.MAX_WBITS)
    body = deflate.compress(data) + deflate.flush()
    tail = zlib.crc32(data).to_bytes(4, "little") + (len(data) & 0xFFFF_FFFF).to_bytes(4, "little")
    least = len(_HEADER) + 1 + len(body) + len(tail)
    blanks = _ROOM if length is None else length - least
    if blanks < 0:
        raise ValueError(f"A line of {least} bytes doesn't fit in {length}.")
    return b"".join((_HEADER, b" " * blanks, b"\0", body, tail))


def read_line(data: bytes) -> ArchivedExecution:
    """Read a compressed line; raises ValueError if it isn't one."""
    try:
        return _DECODER.decode(gzip.decompress(data))
    except (OSError, EOFError, zlib.error, msgspec.MsgspecError) as error:
        raise ValueError(f"not a line of an archive: {error}") from error
