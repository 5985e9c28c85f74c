"""How often a serving process looks for cycles."""

import gc
import weakref

from engine.commands.collecting import collect_rarely


class Link:
    """Part of a cycle."""

    def __init__(self) -> None:
        self.itself = self


def test_start_up_is_left_alone_and_cycles_are_still_found() -> None:
    thresholds, frozen = gc.get_threshold(), gc.get_freeze_count()
    try:
        collect_rarely()
        assert gc.get_freeze_count() > frozen
        assert gc.get_threshold() > thresholds
        gone = weakref.ref(Link())
        made = [[number] for number in range(2 * gc.get_threshold()[0])]
        assert made
        assert gone() is None
    finally:
        gc.unfreeze()
        gc.set_threshold(*thresholds)
