"""What a command found or did: a text for people, or with `--json` one JSON document on standard output."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass
from typing import TextIO

import msgspec

from operations.errors import OperationError

_OUTPUT = 1
_ERRORS = 2


@dataclass(frozen=True)
class Result:
    """How a command ended.

    Attributes:
        data: what `--json` prints.
        text: what people read instead; empty where the progress lines have said it all.
        failure: what is wrong although the command did its work, such as a difference that it was to find.
    """

    data: Mapping[str, object]
    text: str = ""
    failure: OperationError | None = None


def as_json(data: object) -> str:
    """Data as indented JSON."""
    return msgspec.json.format(msgspec.json.encode(data), indent=2).decode() + "\n"


def failure_data(said: str, exit_code: int) -> dict[str, object]:
    """What `--json` prints where a command failed."""
    return {"error": said, "exitCode": exit_code}


@contextmanager
def output_for_results() -> Iterator[TextIO]:
    """Keep standard output for what the block writes to the stream that it is given.

    Everything else that is printed, by this process or by the programs that it runs, goes to standard error meanwhile.
    """
    sys.stdout.flush()
    kept = os.dup(_OUTPUT)
    os.dup2(_ERRORS, _OUTPUT)
    try:
        with os.fdopen(os.dup(kept), "w", encoding="utf-8") as stream, redirect_stdout(sys.stderr):
            yield stream
    finally:
        sys.stdout.flush()
        os.dup2(kept, _OUTPUT)
        os.close(kept)
