"""How much one evaluation of a JSONata expression may take.

Who writes a definition isn't trusted. These bounds hold for every evaluation; past any of them it ends with a
`StatesError`, and all but one don't depend on a clock, so that an evaluation always ends the same way:

- steps: each node of the expression that is evaluated costs one, work that a function does on long data costs more
  (`Bounds.charge`). The most steps take about a second.
- depth: evaluations inside evaluations (the service's own bound: 100 levels).
- size of one value: strings and arrays (the service's own bound: 6,990,256 bytes, a number counts as eight).
- regular expressions run in linear time; those that look around or back have a clock instead (see `patterns`).

The library itself offers a clock and a depth only, and those as callbacks that make every step slower.
"""

from __future__ import annotations

from typing import Final

from engine.language.expressions.jsonata.library import JException

MAX_STEPS: Final = 500_000
"""Most steps of one evaluation."""

MAX_DEPTH: Final = 100
"""Most levels of evaluations inside evaluations."""

MAX_BYTES: Final = 6_990_256
"""Largest value that an expression makes; a character counts as one byte, a number and a reference as eight."""

MAX_RANGE: Final = 360_145
"""Most elements that $range makes, as the service has it."""

MAX_NODES: Final = 5_000
"""Most nodes of one expression; its text alone doesn't bound them, for ``?:`` doubles what stands before it."""

_ITEM_BYTES: Final = 8
_ITEMS_PER_STEP: Final = 10
_CHARACTERS_PER_STEP: Final = 100
_BYTES_PER_STEP: Final = 24


class BoundExceeded(JException):
    """An evaluation takes too much; ``sentence`` is what the service says of it."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence, -1)
        self.sentence = sentence


class Bounds:
    """What one evaluation has used so far."""

    __slots__ = ("depth", "steps_left")

    def __init__(self) -> None:
        self.steps_left = MAX_STEPS
        self.depth = 0

    def exceeded(self) -> BoundExceeded:
        """Make the failure that fits when there are no steps left or the depth is too large."""
        return too_deep() if self.depth > MAX_DEPTH else too_long()

    def charge(self, steps: int) -> None:
        """Count further steps."""
        self.steps_left -= steps
        if self.steps_left < 0:
            raise too_long()

    def charge_for(self, value: object) -> None:
        """Count the steps of going through ``value`` once, not into what it holds."""
        if isinstance(value, str):
            self.charge(len(value) // _CHARACTERS_PER_STEP)
        elif isinstance(value, (list, dict)):
            self.charge(len(value) // _ITEMS_PER_STEP)

    def measure(self, value: object) -> None:
        """Count the steps of going through all that ``value`` holds; raise if it is too large, shared parts included.

        A value of a few names can hold the same part many times over, so that its JSON would be without bound.
        """
        total = 0
        stack = [value]
        while stack:
            part = stack.pop()
            if isinstance(part, str):
                total += len(part)
            elif isinstance(part, dict):
                total += sum(map(len, part)) + _ITEM_BYTES
                stack.extend(part.values())
            elif isinstance(part, list):
                total += _ITEM_BYTES
                stack.extend(part)
            else:
                total += _ITEM_BYTES
            if total > MAX_BYTES:
                raise too_large()
        self.charge(total // _BYTES_PER_STEP)


def check_size(value: object) -> None:
    """Raise if a string or an array is too large, not counting what the array holds."""
    if isinstance(value, str):
        check_bytes(len(value))
    elif isinstance(value, list):
        check_bytes(len(value) * _ITEM_BYTES)


def check_bytes(count: float) -> None:
    """Raise if a value of ``count`` bytes is too large."""
    if count > MAX_BYTES:
        raise too_large()


def too_large() -> BoundExceeded:
    """Make the failure of an expression that builds too large a value."""
    return BoundExceeded("Expression evaluation memory limit exceeded: Check for excessive memory usage")


def too_long() -> BoundExceeded:
    """Make the failure of an expression that takes too many steps."""
    return BoundExceeded("Expression evaluation timeout: Check for infinite loop")


def too_deep() -> BoundExceeded:
    """Make the failure of an expression that nests too deeply."""
    return BoundExceeded(
        "Stack overflow error: Check for non-terminating recursive function. Consider rewriting as tail-recursive"
    )
