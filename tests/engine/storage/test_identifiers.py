"""Identifiers in time order."""

from __future__ import annotations

import time

from engine.storage.identifiers import time_ordered_uuid


def test_identifiers_are_of_version_7_and_differ() -> None:
    made = [time_ordered_uuid() for _ in range(1000)]
    assert {identifier.version for identifier in made} == {7}
    assert {identifier.variant for identifier in made} == {"specified in RFC 4122"}
    assert len(set(made)) == 1000


def test_later_identifiers_sort_later() -> None:
    before = time_ordered_uuid()
    time.sleep(0.002)
    after = time_ordered_uuid()
    assert before < after
    assert abs((before.int >> 80) / 1000 - time.time()) < 60
