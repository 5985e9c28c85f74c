"""How the states of one table hang together: names that lead nowhere, states never reached, no way to an end."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from engine.language.definition import ChoiceState, FailState, MapState, ParallelState, State, SucceedState, TaskState
from engine.language.problems import Problems, member

_SHOWN: Final = 20
"""How many names a message lists."""


def check_graph(start_at: str | None, states: Mapping[str, State | None], path: str, problems: Problems) -> None:
    """Report what is wrong with the table at ``path``; states that couldn't be read are None.

    As in the service, only the machine as a whole needs an end, and without one nothing is called unreachable.
    """
    table = f"{path}.States"
    shown = ", ".join(repr(name) for name in sorted(states)[:_SHOWN])
    if start_at is not None and start_at not in states:
        _report_dangling("StartAt", start_at, shown, f"{path}.StartAt", problems)
    for name, state in states.items():
        for where, target in _targets(state):
            if target and target not in states:
                _report_dangling(where.rpartition(".")[2], target, shown, f"{member(table, name)}{where}", problems)
    if start_at is None or not states or None in states.values():
        return
    if path == "$" and not any(map(_is_end, states.values())):
        message = "No state ends the machine; at least one must have 'End': true or be of type Succeed or Fail."
        problems.add(table, "no-end", message, service="Workflow has no terminal state")
        return
    reached = _reached(start_at, states)
    for name in (name for name in states if name not in reached):
        message = f"No path leads from StartAt to the state {name!r}."
        problems.add(member(table, name), "unreachable-state", message, service=f'State "{name}" is not reachable.')


def _targets(state: State | None) -> Iterator[tuple[str, str]]:
    """Give where each reference to another state stands, and the name it refers to."""
    if isinstance(state, ChoiceState):
        for index, rule in enumerate(state.rules):
            yield f".Choices[{index}].Next", rule.next
        if state.default is not None:
            yield ".Default", state.default
        return
    if isinstance(state, (TaskState, ParallelState, MapState)):
        for index, catcher in enumerate(state.catch):
            yield f".Catch[{index}].Next", catcher.next
    if state is not None and not isinstance(state, (SucceedState, FailState)) and state.next is not None:
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
    if isinstance(state, (SucceedState, FailState)):
        return True
    return state is not None and not isinstance(state, ChoiceState) and state.next is None


def _report_dangling(field: str, target: str, known: str, path: str, problems: Problems) -> None:
    message = f"{field!r} names the state {target!r}, which is not among the states here: {known}."
    problems.add(path, "dangling-name", message, service=f"Missing 'Next' target: {target}")
