"""Engines that tests share."""

from collections.abc import Iterator

import pytest

from tests.engine.api.live import LiveEngine


@pytest.fixture(scope="module")
def live() -> Iterator[LiveEngine]:
    """An engine in memory that needs no keys. It ends with its module: what it logs isn't another command's output."""
    with LiveEngine(RATE_LIMIT_MAX_REQUESTS="100000", CORS_ORIGIN="https://app.example") as engine:
        yield engine
