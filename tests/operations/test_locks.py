"""One `make up` at a time."""

from pathlib import Path

import pytest

from operations.errors import OperationError
from operations.locks import exclusive


def test_a_second_holder_is_refused_and_the_first_lets_go(tmp_path: Path) -> None:
    with (
        exclusive(tmp_path / "local"),
        pytest.raises(OperationError, match="at work on the local stack: wait for it"),
        exclusive(tmp_path / "local"),
    ):
        pass
    with exclusive(tmp_path / "local"):
        pass
