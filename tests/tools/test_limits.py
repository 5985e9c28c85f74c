"""How long a test may take before its process is ended."""

from __future__ import annotations

import faulthandler
from types import SimpleNamespace
from typing import cast

import pytest

from tests.conftest import pytest_runtest_setup


@pytest.mark.parametrize(("limit", "times"), [(0, 1), (600, 0), (None, 0)])
def test_one_that_may_take_as_long_as_it_likes_is_not_ended(
    monkeypatch: pytest.MonkeyPatch, limit: int | None, times: int
) -> None:
    canceled: list[bool] = []
    monkeypatch.setattr(faulthandler, "cancel_dump_traceback_later", lambda: canceled.append(True))
    mark = None if limit is None else pytest.mark.timeout(limit).mark
    pytest_runtest_setup(cast("pytest.Item", SimpleNamespace(get_closest_marker={"timeout": mark}.get)))
    assert len(canceled) == times
