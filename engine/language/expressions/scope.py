"""What an expression can see while it is evaluated."""

from __future__ import annotations

import hashlib
from collections.abc import Callable


class Scope:
    """The data behind ``$`` and ``$$``, and a source of values that look random but are always the same.

    Args:
        document: what ``$`` stands for.
        context: makes the context object ``$$``; called when an expression first needs it.
        seed: unique for one attempt of one visit to a state.
    """

    __slots__ = ("_context", "_make_context", "document", "seed")

    def __init__(self, document: object, context: Callable[[], dict[str, object]], seed: str) -> None:
        self.document = document
        self.seed = seed
        self._make_context = context
        self._context: dict[str, object] | None = None

    @property
    def context(self) -> dict[str, object]:
        """The context object."""
        if self._context is None:
            self._context = self._make_context()
        return self._context

    def of(self, document: object) -> Scope:
        """Give the same scope with another document behind ``$``."""
        return Scope(document, lambda: self.context, self.seed)

    def random_bytes(self, position: str) -> bytes:
        """Give 32 bytes that depend on the seed and on ``position``, a place in the definition, and on nothing else."""
        return hashlib.sha256(f"{self.seed}\x00{position}".encode()).digest()
