"""What becomes of the client library's messages."""

from __future__ import annotations

import logging

import pytest
from aiokafka.errors import NodeNotReadyError, SaslAuthenticationFailed

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


def test_what_says_why_is_kept_before_what_follows_from_it() -> None:
    words = LastWords()
    words.listen()
    library = logging.getLogger("aiokafka.client")
    refused = "Unable connect to node with id 1: [Error 58] SaslAuthenticationFailed: invalid credentials"
    library.warning("Closed early")
    library.error("Unable connect to node with id %s: %s", 1, SaslAuthenticationFailed("invalid credentials"))
    library.error("Unable to update metadata from %s", [1])
    library.warning("Got error produce response: %s", NodeNotReadyError())
    assert words.why() == refused
    library.warning("Closed early")
    assert words.why() == "Closed early"
    words.leave()
