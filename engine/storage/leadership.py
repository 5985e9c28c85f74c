"""Who leads, as it is stored."""

from __future__ import annotations

import msgspec


class Leading(msgspec.Struct, frozen=True):
    """A leader's time in office.

    Attributes:
        term: its number; each change of leader, and each resignation, makes it higher.
        epoch: the process that leads.
        name: that process's name, for people.
    """

    term: int
    epoch: int
    name: str
