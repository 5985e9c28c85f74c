"""How soon a process that died is started again, and when that is given up."""

from collections import deque
from typing import Final

MOST: Final = 10
WITHIN_SECONDS: Final = 300.0
LONGEST_SECONDS: Final = 30.0


class Deaths:
    """Counts the processes that died within the last five minutes."""

    def __init__(self) -> None:
        self._times: deque[float] = deque()

    def another(self, now: float) -> float | None:
        """Seconds until the process that just died is started again, or None when too many have died.

        The first is started at once, the next after a second, and each after that waits twice as long.
        """
        while self._times and self._times[0] < now - WITHIN_SECONDS:
            self._times.popleft()
        self._times.append(now)
        before = len(self._times) - 1
        if before >= MOST:
            return None
        return min(LONGEST_SECONDS, 2.0 ** (before - 1)) if before else 0.0
