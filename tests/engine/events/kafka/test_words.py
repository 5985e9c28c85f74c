"""What becomes of the client library's messages."""

from __future__ import annotations

import logging

import pytest

from engine.events.kafka.words import LastWords


def test_they_are_kept_while_somebody_listens_and_logged_afterwards(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    caplog.set_level(logging.WARNING)
    # Whoever else listens in this process, and pytest, which then does so too.
    monkeypatch.setattr(logging.getLogger("aiokafka"), "handlers", [])
    monkeypatch.setattr(logging.getLogger("aiokafka"), "propagate", True)
    library, first, second = logging.getLogger("aiokafka.conn"), LastWords(), LastWords()
    first.listen()
    second.listen()
    library.warning("Unable to connect to %s", "a broker")
    assert (first.why(), second.why()) == ("Unable to connect to a broker",) * 2
    first.leave()
    library.warning("Still unable")
    assert (first.why(ValueError("no")), second.why()) == ("no", "Still unable")
    second.leave()
    assert not caplog.messages
    library.warning("Closed late")
    assert caplog.messages == ["Closed late"]
