"""Lines of archives: a file that every tool reads, and lines that keep their place."""

from __future__ import annotations

import gzip
import json
import random
from datetime import UTC, datetime

import msgspec
import pytest

from engine.runtime.retention.lines import ArchivedExecution, read_line, write_line

NOW = datetime(2026, 5, 4, 3, 2, 1, tzinfo=UTC)


def line(text: str = '{"n": 1}') -> ArchivedExecution:
    """Make a line."""
    return ArchivedExecution(
        format=1,
        id="x",
        organization="default",
        state_machine="orders",
        version=1,
        name="one",
        status="SUCCEEDED",
        input=text,
        output=text,
        error=None,
        cause=None,
        started_at=NOW,
        stopped_at=NOW,
        history=msgspec.Raw(json.dumps([{"id": 1, "data": text}]).encode()),
    )


def test_lines_make_one_file_of_json_lines() -> None:
    data = write_line(line("1")) + write_line(line("2"))
    rows = [json.loads(row) for row in gzip.decompress(data).splitlines()]
    assert [row["input"] for row in rows] == ["1", "2"]
    assert rows[0]["stateMachine"] == "orders"
    assert rows[0]["history"] == [{"id": 1, "data": "1"}]


def test_a_line_is_read_by_itself() -> None:
    first, second = write_line(line("1")), write_line(line("2"))
    data = first + second
    assert read_line(data[len(first) :]).input == "2"
    assert read_line(data[: len(first)]).output == "1"


@pytest.mark.parametrize("seed", range(20))
def test_an_erased_line_takes_the_same_place(seed: int) -> None:
    numbers = random.Random(seed)
    text = json.dumps("".join(chr(numbers.randint(32, 0x2FFF)) for _ in range(numbers.randint(0, 3000))))
    written = write_line(line(text))
    erased = write_line(read_line(written).erased(lambda _: b'[{"id":1}]'), len(written))
    assert len(erased) == len(written)
    left = read_line(erased)
    assert (left.input, left.output, bytes(left.history)) == ("{}", None, b'[{"id":1}]')
    assert gzip.decompress(erased + written).count(b"\n") == 2


def test_a_line_that_does_not_fit_is_refused() -> None:
    with pytest.raises(ValueError, match="doesn't fit in 100"):
        write_line(line(), 100)


@pytest.mark.parametrize(
    "data",
    [b"", b"no line", write_line(line())[:-1], gzip.compress(b"{}", mtime=0)],
    ids=["empty", "other", "cut", "shape"],
)
def test_what_is_no_line_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match="not a line of an archive"):
        read_line(data)
