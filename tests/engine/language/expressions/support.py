"""A scope for tests of expressions."""

from __future__ import annotations

from engine.language.expressions.scope import Scope


def scope(document: object, context: dict[str, object] | None = None, seed: str = "seed") -> Scope:
    return Scope(document, lambda: context or {}, seed)
