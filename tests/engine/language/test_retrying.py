from __future__ import annotations

import pytest

from engine.language.errors import Reach, StatesError
from engine.language.retrying import Retrier, handles


def test_delays_grow_and_are_bounded() -> None:
    retrier = Retrier(errors=("E",), interval_seconds=3, backoff_rate=2.0, max_delay_seconds=10)
    assert [retrier.delay(retry, "s") for retry in (1, 2, 3, 4)] == [3, 6, 10, 10]


def test_a_delay_never_overflows() -> None:
    assert Retrier(errors=("E",), backoff_rate=1e300).delay(50, "s") == 99_999_999


def test_full_jitter_is_between_zero_and_the_delay_and_repeatable() -> None:
    retrier = Retrier(errors=("E",), interval_seconds=10, backoff_rate=1.0, full_jitter=True)
    delays = [retrier.delay(1, str(seed)) for seed in range(100)]
    assert delays == [retrier.delay(1, str(seed)) for seed in range(100)]
    assert all(0 <= delay < 10 for delay in delays)
    assert min(delays) < 2
    assert max(delays) > 8


@pytest.mark.parametrize(
    ("errors", "failure", "expected"),
    [
        (("A", "B"), StatesError("B"), True),
        (("A",), StatesError("B"), False),
        (("States.ALL",), StatesError("B"), True),
        (("States.ALL",), StatesError(None), True),
        (("States.TaskFailed",), StatesError("B"), True),
        (("States.TaskFailed",), StatesError("States.Timeout"), False),
        (("States.Timeout",), StatesError("States.Timeout"), True),
        (("States.HeartbeatTimeout",), StatesError("States.Timeout"), False),
        (("States.HeartbeatTimeout",), StatesError("States.Timeout", aliases=("States.HeartbeatTimeout",)), True),
        (("States.ALL",), StatesError("States.Timeout"), True),
        (("States.ALL",), StatesError("L", reach=Reach.BY_NAME), False),
        (("L",), StatesError("L", reach=Reach.BY_NAME), True),
        (("States.ALL",), StatesError("States.Runtime", reach=Reach.NOBODY), False),
        (("States.Runtime",), StatesError("States.Runtime", reach=Reach.NOBODY), False),
    ],
)
def test_who_handles_what(errors: tuple[str, ...], failure: StatesError, *, expected: bool) -> None:
    assert handles(errors, failure) is expected
