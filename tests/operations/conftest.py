"""Two stacks in two regions, of which the second stands by for the first."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from operations import copies, failover, fence, promotion, rotation, side, standby
from operations.failover import FailoverOptions
from operations.pulumi import GoAhead
from operations.standby import stand_by
from sandbox.aws import Account
from sandbox.seam import NullDataPlane
from tests.operations.regions import FIRST, LATER, SECOND, Regions, Replication, two_regions


@pytest.fixture(scope="module")
def account_of_two_regions() -> Iterator[Account]:
    """An account without machines."""
    with Account(NullDataPlane()) as account:
        yield account


@pytest.fixture
def replication(monkeypatch: pytest.MonkeyPatch) -> Replication:
    """How far the replica is; it has everything unless a test says otherwise."""
    replication = Replication(-LATER)
    monkeypatch.setattr(promotion, "replayed_until", replication.until)
    return replication


@pytest.fixture
def regions(
    account_of_two_regions: Account, replication: Replication, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Iterator[Regions]:
    """The second stack stands by for the first."""
    del replication
    with two_regions(tmp_path, account_of_two_regions) as regions:
        for module in (rotation, side, standby):
            monkeypatch.setattr(module, "open_stack", regions.open)
        monkeypatch.setattr(failover, "wait_for_service", lambda *_: None)
        for looking in (copies, fence, promotion):
            monkeypatch.setattr(looking, "LOOK_SECONDS", 0.01)
        stand_by(tmp_path, SECOND, FIRST, GoAhead.AT_ONCE)
        yield regions


@pytest.fixture
def failed_over(regions: Regions, tmp_path: Path) -> Regions:
    """The second stack serves, and the first follows it."""
    failover.failover(tmp_path, FIRST, SECOND, FailoverOptions(typed=SECOND))
    stand_by(tmp_path, FIRST, SECOND, GoAhead.AT_ONCE, FIRST)
    return regions
