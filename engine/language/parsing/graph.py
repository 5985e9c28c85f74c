"""How the states of one table hang together: names that lead nowhere, states never reached, no way to an end."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from engine.language.definition import ChoiceState, FailState, MapState, ParallelState, State, SucceedState, TaskState
from engine.language.problems import Problems, member

_SHOWN: Final = 20
"""How many names a message lists."""


def check_graph(start_at: str | None, states: Mapping[str, State | None], path: str, problems: Problems) -> None:
    """Report what is wrong with the table at ``path``; states that couldn't be read are None."""
    known = states.keys()
    table = f"{path}.States"
    if start_at is not None and start_at not in known:
        problems.add(f"{path}.StartAt", "dangling-name", _dangling("StartAt", start_at, known))
    for name, state in states.items():
        for where, target in _targets(state):
            if target and target not in known:
                field = where.rpartition(".")[2]
                problems.add(f"{member(table, name)}{where}", "dangling-name", _dangling(field, target, known))
    if start_at is None or start_at not in known or None in states.values():
        return
    reached = _reached(start_at, states)
    for name in (name for name in states if name not in reached):
        problems.add(member(table, name), "unreachable-state", f"No path leads from StartAt to the state {name!r}.")
    if not any(_is_end(states[name]) for name in reached):
        message = "No state ends the machine; at least one must have 'End': true or be of type Succeed or Fail."
        problems.add(table, "no-end", message)


def _targets(state: State | None) -> Iterator[tuple[str, str]]:
    """Give where each reference to another state stands, and the name it refers to."""
    if isinstance(state, ChoiceState):
        for index, rule in enumerate(state.rules):
            yield f".Choices[{index}].Next", rule.next
        if state.default is not None:
            yield ".Default", state.default
        return
    if isinstance(state, TaskState | ParallelState | MapState):
        for index, catcher in enumerate(state.catch):
            yield f".Catch[{index}].Next", catcher.next
    if state is not None and not isinstance(state, SucceedState | FailState) and state.next is not None:
        yield ".Next", state.next


def _reached(start_at: str, states: Mapping[str, State | None]) -> set[str]:
    reached: set[str] = set()
    waiting = [start_at]
    while waiting:
        name = waiting.pop()
        if name not in reached and name in states:
            reached.add(name)
            waiting.extend(target for _, target in _targets(states[name]))
    return reached


def _is_end(state: State | None) -> bool:
    if isinstance(state, SucceedState | FailState):
        return True
    return state is not None and not isinstance(state, ChoiceState) and state.next is None


def _dangling(field: str, target: str, known: Iterable[str]) -> str:
    names = ", ".join(repr(name) for name in sorted(known)[:_SHOWN])
    return f"{field!r} names the state {target!r}, which is not among the states here: {names}."
