"""An engine that every client of these tests talks to, with a key of its own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.clients.engines import KEYS
from tests.engine.api.live import LiveEngine


@pytest.fixture(scope="module")
def engine() -> Iterator[LiveEngine]:
    """A running engine in memory that checks signatures."""
    with LiveEngine(AUTHENTICATION="required", API_ACCESS_KEYS=KEYS, RATE_LIMIT_MAX_REQUESTS="100000") as running:
        yield running
