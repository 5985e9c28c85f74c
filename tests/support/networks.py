"""Networks of loopback addresses that one test run at a time has."""

from __future__ import annotations

import random
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

# PostgreSQL and Kafka have single addresses below.
_NUMBERS: Final = range(128, 251)
_CLAIM: Final = "255.254"
_PORT: Final = 9


@contextmanager
def claimed() -> Iterator[str]:
    """Lend a network as its first two numbers, `127.N`. Raises RuntimeError when there is none left.

    A socket that nobody sends to claims it: the kernel gives its address to no second one until the end.
    """
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as claim:
        yield next(network for network in _shuffled() if _bind(claim, network))


def _shuffled() -> Iterator[str]:
    numbers = random.SystemRandom().sample(_NUMBERS, len(_NUMBERS))
    yield from (f"127.{number}" for number in numbers)
    raise RuntimeError("every network of loopback addresses is taken")


def _bind(claim: socket.socket, network: str) -> bool:
    try:
        claim.bind((f"{network}.{_CLAIM}", _PORT))
    except OSError:
        return False
    return True
