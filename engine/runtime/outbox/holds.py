"""Executions whose next event a sink refused, though it takes others'."""

from __future__ import annotations

from typing import Final
from uuid import UUID

MOST_HELD: Final = 1_000

_FIRST_SECONDS: Final = 1.0
_LONGEST_SECONDS: Final = 60.0


def pause_after(failures: int) -> float:
    """Give the seconds to wait after so many failures in a row: 1, 2, 4 and so on up to a minute."""
    return min(_LONGEST_SECONDS, _FIRST_SECONDS * 2.0 ** min(failures - 1, 10))


class Holds:
    """Keeps executions back for some time, longer each time, so that their events stay in order and harm no others'."""

    def __init__(self) -> None:
        self._failures: dict[UUID, int] = {}
        self._until: dict[UUID, float] = {}

    def hold(self, execution_id: UUID, now: float) -> None:
        """Keep an execution back."""
        failures = self._failures[execution_id] = self._failures.get(execution_id, 0) + 1
        self._until[execution_id] = now + pause_after(failures)

    def release(self, execution_id: UUID) -> None:
        """Forget that an execution was kept back, if it was."""
        self._failures.pop(execution_id, None)
        self._until.pop(execution_id, None)

    def held(self, now: float) -> list[UUID]:
        """Give the executions that are kept back now."""
        return [execution_id for execution_id, until in self._until.items() if until > now]
