"""What is left to do within one transition, and what was done about a failure."""

from __future__ import annotations

from typing import final

import msgspec

from engine.language.errors import StatesError


@final
class Enter(msgspec.Struct, frozen=True, gc=False):
    """The frame is about to enter its state."""

    frame_id: str


@final
class Again(msgspec.Struct, frozen=True, gc=False):
    """The frame is about to begin its state anew, after a redrive."""

    frame_id: str


@final
class Ended(msgspec.Struct, frozen=True, gc=False):
    """The frame came to its end with an output."""

    frame_id: str
    output: object


@final
class Failed(msgspec.Struct, frozen=True, gc=False):
    """The frame came to its end with a failure that no state of its own handled."""

    frame_id: str
    failure: StatesError


Work = Enter | Again | Ended | Failed


class Handled(msgspec.Struct, frozen=True, gc=False):
    """A failure that a retrier or catcher took up: its index, and for a retrier the seconds before the next attempt."""

    failure: StatesError
    retrier: int | None = None
    catcher: int | None = None
    delay: float | None = None
