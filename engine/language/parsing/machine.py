"""Reads whole state machines (ASL: "Top-level fields")."""

from __future__ import annotations

from collections.abc import Mapping

from engine.language.definition import State, StateMachine, StateTable
from engine.language.limits import MAX_NAME_LENGTH, MAX_SECONDS
from engine.language.parsing.fields import Fields
from engine.language.parsing.graph import check_graph
from engine.language.parsing.source import read_source
from engine.language.parsing.states import read_query_language, read_state
from engine.language.problems import Problems, member
from engine.language.values import json_text


def parse(source: str | bytes | Mapping[str, object]) -> StateMachine:
    """Read a definition: check it and compile all its expressions, once and for all.

    Args:
        source: JSON or YAML text, or an object that such text stands for.

    Raises:
        InvalidDefinition: with every problem that was found.
    """
    problems = Problems()
    document = read_source(source, problems)
    machine = Fields(document, "$", "a state machine", problems)
    machine.allow(("Comment", "StartAt", "States", "TimeoutSeconds", "Version", "QueryLanguage"))
    if machine.text("Version") not in {None, "1.0"}:
        machine.report("Version", "wrong-value", "'Version' must be '1.0'.")
    read_query_language(machine)
    table = _Tables().read(machine)
    compiled = StateMachine(
        table=table,
        timeout_seconds=machine.whole("TimeoutSeconds", 1, MAX_SECONDS),
        comment=machine.text("Comment"),
        definition=json_text(document),
    )
    problems.raise_if_any()
    return compiled


class _Tables:
    """Reads the states of the machine, and of all branches and processors in it, whose names must all differ."""

    def __init__(self) -> None:
        self._seen: dict[str, str] = {}

    def read(self, owner: Fields) -> StateTable:
        """Read StartAt and States of a machine, branch or item processor."""
        owner.require("StartAt")
        owner.require("States")
        if owner.path != "$":
            owner.text("Comment")
            read_query_language(owner)
        start_at = owner.text("StartAt")
        listed = owner.child("States", "the states")
        states: dict[str, State | None] = {}
        if listed is not None:
            if not listed.value:
                owner.report("States", "missing-field", "There must be at least one state.")
            for name in listed.value:
                states[name] = self._state(name, listed)
            check_graph(start_at, states, owner.path, owner.problems)
        return StateTable(start_at or "", {name: state for name, state in states.items() if state is not None})

    def _state(self, name: str, listed: Fields) -> State | None:
        path = member(listed.path, name)
        if not 1 <= len(name) <= MAX_NAME_LENGTH:
            message = f"The name of a state must have 1 to {MAX_NAME_LENGTH} characters, but this has {len(name)}."
            listed.report(name, "wrong-value", message)
        if name in self._seen:
            message = (
                f"The name {name!r} is taken by the state at {self._seen[name]}; names must differ in all branches."
            )
            listed.report(name, "duplicate-state", message)
        self._seen.setdefault(name, path)
        fields = listed.child(name, "a state")
        return None if fields is None else read_state(name, fields, self.read)
