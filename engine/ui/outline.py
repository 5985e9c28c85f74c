"""A definition as a list of its states, for people: what each calls, and where it goes on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import msgspec

_LAST: Final = frozenset({"Succeed", "Fail"})
_State = Mapping[str, Any]


class Row(msgspec.Struct, frozen=True):
    """One state.

    Attributes:
        depth: how many Parallel and Map states it is inside of.
        is_first: whether the states around it begin with it.
        calls: its Resource, empty where it has none.
        following: the states that come next, whatever happens; none where it is the last.
        on_error: the states that its Catch leads to.
    """

    name: str
    kind: str
    depth: int
    is_first: bool
    calls: str
    following: Sequence[str]
    on_error: Sequence[str]


def outline(definition: str) -> list[Row]:
    """Give the states of a valid definition in its own order, those inside of a state after it."""
    return list(_rows(msgspec.json.decode(definition), 0))


def _rows(machine: _State, depth: int) -> Iterator[Row]:
    for name, state in machine["States"].items():
        yield Row(
            name,
            state["Type"],
            depth,
            is_first=name == machine["StartAt"],
            calls=state.get("Resource", ""),
            following=_following(state),
            on_error=_distinct(catcher["Next"] for catcher in state.get("Catch", ())),
        )
        for inside in _inside(state):
            yield from _rows(inside, depth + 1)


def _following(state: _State) -> Sequence[str]:
    if state["Type"] in _LAST or state.get("End"):
        return ()
    chosen = [choice["Next"] for choice in state.get("Choices", ())]
    return _distinct([*chosen, *(state[key] for key in ("Default", "Next") if key in state)])


def _inside(state: _State) -> Iterator[_State]:
    yield from state.get("Branches", ())
    for key in ("ItemProcessor", "Iterator"):
        if key in state:
            yield state[key]


def _distinct(names: Iterator[str] | Sequence[str]) -> Sequence[str]:
    return tuple(dict.fromkeys(names))
