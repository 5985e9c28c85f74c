"""How often Python's garbage collector looks for cycles in a serving process."""

import gc
from typing import Final

_NEW_OBJECTS: Final = 10_000
"""Objects made and not yet freed before the young ones are looked through."""

_ROUNDS: Final = 20
"""Looks at the young before the next older ones are looked through as well."""


def collect_rarely() -> None:
    """Leave out of every collection what start-up made, and collect fourteen times less often than Python would.

    What executions are made of holds no cycles: reference counts free it. With hundreds in flight Python's defaults
    would walk through them, and through the modules, all the time: a sixth of an execution's processor time.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(_NEW_OBJECTS, _ROUNDS, _ROUNDS)
