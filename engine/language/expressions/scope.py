"""What an expression can see while it is evaluated."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Final

from msgspec import UNSET, Struct

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_NO_VARIABLES: Final[Mapping[str, object]] = {}


class Scope(Struct, gc=False):
    """The data that expressions read, and a source of values that look random but are always the same.

    Attributes:
        document: what ``$`` stands for in JSONPath, and ``$states.input`` in JSONata.
        make_context: makes the context object, ``$$`` or ``$states.context``; called when an expression first needs it.
        seed: unique for one attempt of one visit to a state.
        variables: the workflow variables, ``$name`` in both languages.
        now: the time of the transition, which ``$now()`` and ``$millis()`` give.
        result: what ``$states.result`` stands for; UNSET where there is none.
        error_output: what ``$states.errorOutput`` stands for; UNSET where there is none.
    """

    document: object
    make_context: Callable[[], dict[str, object]]
    seed: str
    variables: Mapping[str, object] = _NO_VARIABLES
    now: datetime = EPOCH
    result: object = UNSET
    error_output: object = UNSET
    _context: dict[str, object] | None = None

    @property
    def context(self) -> dict[str, object]:
        """The context object."""
        if self._context is None:
            self._context = self.make_context()
        return self._context

    def of(self, document: object) -> Scope:
        """Give the same scope with another document behind ``$``."""
        return self._with(document, self.result, self.error_output)

    def with_result(self, result: object) -> Scope:
        """Give the same scope with ``$states.result``."""
        return self._with(self.document, result, self.error_output)

    def with_error_output(self, error_output: object) -> Scope:
        """Give the same scope with ``$states.errorOutput``."""
        return self._with(self.document, self.result, error_output)

    def with_item(self, item: dict[str, object]) -> Scope:
        """Give the scope of one iteration of a Map state: ``Map.Item`` of the context object is ``item``."""
        return Scope(
            self.document,
            lambda: {**self.context, "Map": {"Item": item}},
            f"{self.seed}#{item['Index']}",
            variables=self.variables,
            now=self.now,
        )

    def random_bytes(self, position: str) -> bytes:
        """Give 32 bytes that depend on the seed and on ``position``, a place in the definition, and on nothing else."""
        return hashlib.sha256(f"{self.seed}\x00{position}".encode()).digest()

    def _with(self, document: object, result: object, error_output: object) -> Scope:
        return Scope(
            document,
            lambda: self.context,
            self.seed,
            self.variables,
            self.now,
            result,
            error_output,
        )
