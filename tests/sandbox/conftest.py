"""One sandbox for all tests of a run, on a network of loopback addresses of its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.sandbox import Sandbox
from tests.sandbox.stack import Stack
from tests.support.networks import claimed


@pytest.fixture(scope="session")
def network() -> Iterator[str]:
    """The sandbox's network."""
    with claimed() as network:
        yield network


@pytest.fixture
def other_network() -> Iterator[str]:
    """A network without a sandbox."""
    with claimed() as network:
        yield network


@pytest.fixture(scope="session", autouse=True)
def _credentials() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ACCESS_KEY_ID", "test")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "test")
        yield


@pytest.fixture(scope="session")
def sandbox(tmp_path_factory: pytest.TempPathFactory, network: str) -> Iterator[Sandbox]:
    """A running sandbox."""
    directory: Path = tmp_path_factory.mktemp("sandbox")
    with Sandbox(directory, network=network) as running:
        yield running


@pytest.fixture
def stack(sandbox: Sandbox) -> Iterator[Stack]:
    """A cluster and what belongs to it, deleted at the end."""
    made = Stack(sandbox)
    yield made
    made.delete()
