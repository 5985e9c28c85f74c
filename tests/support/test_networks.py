"""No two test runs have the same network."""

import pytest

from tests.support import networks
from tests.support.networks import claimed


def test_a_network_is_lent_once(monkeypatch: pytest.MonkeyPatch) -> None:
    with claimed() as network:
        monkeypatch.setattr(networks, "_NUMBERS", [int(network.partition(".")[2])])
        with pytest.raises(RuntimeError, match="taken"), claimed():
            pass
    with claimed() as again:
        assert again == network
