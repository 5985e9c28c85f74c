from __future__ import annotations

import pytest

from engine.language import Snapshot, decode_snapshot, encode_snapshot, pending
from engine.language.snapshot import AwaitChildren, Frame
from tests.engine.language.driver import NOW


def test_what_is_written_is_read_again() -> None:
    frame = Frame(
        id="root",
        parent=None,
        index=0,
        state="S",
        input={"big": 10**30, "small": 1e-300, "text": "\u0000ü"},
        last_event=1,
        entered_at=NOW,
        retries={0: 1},
        awaiting=AwaitChildren(2, 2, {1: None}, ("a", None)),
    )
    snapshot = Snapshot({"root": frame}, 1)
    assert decode_snapshot(encode_snapshot(snapshot)) == snapshot


def test_a_snapshot_of_another_version_is_refused() -> None:
    with pytest.raises(ValueError, match="version 99; this engine reads version 1"):
        decode_snapshot(encode_snapshot(Snapshot({}, 0, version=99)))


def test_nothing_is_pending_once_it_is_over() -> None:
    assert pending(Snapshot({}, 5, NOW), NOW) == ()
