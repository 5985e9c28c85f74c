"""Which versions of what is stored of executions this engine reads."""

from __future__ import annotations

from typing import Final

import msgspec

from engine.language.snapshot import READABLE, VERSION


class _Versioned(msgspec.Struct, gc=False):
    version: int = 1


_VERSIONS: Final = msgspec.json.Decoder(_Versioned)


def format_of(version: int) -> str:
    """Name the ability to go on with executions whose snapshots have this version."""
    return f"format:{version}"


NEWER: Final = format_of(VERSION + 1)
"""The ability to read what this engine can't: whoever changes what is stored of executions raises the version."""

KNOWN: Final = frozenset(map(format_of, READABLE))
"""The abilities of this engine."""


def missing_format(snapshot: bytes) -> str | None:
    """Give the ability that it takes to read a snapshot, if this engine hasn't got it."""
    need = format_of(_VERSIONS.decode(snapshot).version)
    return None if need in KNOWN else need
