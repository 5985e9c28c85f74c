"""A target group behind a listener, and an address for a target."""

import itertools

import pytest

from tests.sandbox.stack import Stack

_hosts = itertools.count(1)


@pytest.fixture
def group(stack: Stack) -> str:
    """ARN of a target group that the load balancer's listener forwards to."""
    made = stack.target_group()
    stack.listen(made)
    return made


@pytest.fixture
def host(network: str) -> str:
    """An address that nothing else uses."""
    return f"{network}.9.{next(_hosts)}"
