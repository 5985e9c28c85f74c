from __future__ import annotations

import pytest

from engine.language.errors import StatesError
from engine.language.values import is_deeper, json_bytes, json_equal, json_text


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [
        (1, 1.0, True),
        (1, True, False),
        (0, False, False),
        (None, None, True),
        ([1, {"a": True}], [1, {"a": True}], True),
        ([1, {"a": True}], [1, {"a": 1}], False),
        ({"a": 1}, {"b": 1}, False),
        ([1], [1, 2], False),
    ],
)
def test_equality(left: object, right: object, *, expected: bool) -> None:
    assert json_equal(left, right) is expected


@pytest.mark.parametrize("value", [object(), "\ud800", {1j: 2}])
def test_what_json_cannot_hold(value: object) -> None:
    with pytest.raises(StatesError):
        json_bytes(value)


@pytest.mark.parametrize(("value", "levels"), [([], 1), ({"a": []}, 2), ([[1], [[2]]], 3), (["[[[", "{{{"], 1)])
def test_depth(value: object, levels: int) -> None:
    assert is_deeper(value, json_text(value), levels - 1)
    assert not is_deeper(value, json_text(value), levels)
