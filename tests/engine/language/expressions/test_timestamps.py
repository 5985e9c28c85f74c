from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from engine.language.expressions.timestamps import parse_timestamp


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2024-08-18T17:33:00Z", datetime(2024, 8, 18, 17, 33, tzinfo=UTC)),
        ("2024-08-18T17:33:00.5Z", datetime(2024, 8, 18, 17, 33, 0, 500_000, tzinfo=UTC)),
        ("2024-08-18T17:33:00.123456789Z", datetime(2024, 8, 18, 17, 33, 0, 123_456, tzinfo=UTC)),
        ("2024-08-18T17:33:00-05:30", datetime(2024, 8, 18, 17, 33, tzinfo=timezone(-timedelta(hours=5, minutes=30)))),
    ],
)
def test_timestamps(text: str, moment: datetime) -> None:
    assert parse_timestamp(text) == moment


@pytest.mark.parametrize(
    "value",
    [
        "2024-08-18",
        "2024-08-18T17:33:00",
        "2024-08-18t17:33:00Z",
        "2024-08-18T17:33:00z",
        "2024-08-18 17:33:00Z",
        "2024-02-30T17:33:00Z",
        "2024-08-18T25:33:00Z",
        "٢024-08-18T17:33:00Z",
        "",
        5,
        None,
        True,
    ],
)
def test_what_is_no_timestamp(value: object) -> None:
    assert parse_timestamp(value) is None
