"""How a Pulumi property's name becomes a member of an AWS API structure, where nothing else is said."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


def match(name: str, members: Iterable[str], nouns: Iterable[str] = ()) -> str | None:
    """Return the member that goes by a property's name, or None.

    The name itself comes first, then with one of the resource's `nouns` before it (`name` → `LoadBalancerName`) or
    without it (`loadBalancerType` → `Type`), each in singular and plural.
    """
    by_name = {_plain(member): member for member in members}
    return next((by_name[candidate] for candidate in _candidates(_plain(name), nouns) if candidate in by_name), None)


def _candidates(name: str, nouns: Iterable[str]) -> Iterable[str]:
    plain_nouns = [_plain(noun) for noun in nouns]
    stems = [name, *(noun + name for noun in plain_nouns)]
    stems += [name.removeprefix(noun) for noun in plain_nouns if name.startswith(noun) and name != noun]
    for stem in stems:
        yield stem
        yield _singular(stem)
        yield f"{stem}s"


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())


def _singular(name: str) -> str:
    if name.endswith("ies"):
        return f"{name[:-3]}y"
    return name[:-1] if name.endswith("s") and not name.endswith("ss") else name
