"""A state machine, checked and compiled: what the interpreter runs (ASL: "Top-level fields", "States")."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar, Final

from engine.language.dataflow import DataFlow
from engine.language.expressions.conditions import Condition
from engine.language.expressions.intrinsics import Intrinsic
from engine.language.expressions.paths import Path
from engine.language.expressions.templates import Template
from engine.language.retrying import Catcher, Retrier


class Unset:
    """The type of `UNSET`."""


UNSET: Final = Unset()
"""Stands for a field that isn't there, where null would mean something else."""


@dataclass(frozen=True, slots=True)
class Resource:
    """What a Task state calls, and how the history names it.

    Attributes:
        text: the resource as written, such as ``handler:charge-card``.
        type: the history's ``resourceType``, such as ``handler``.
        name: the history's ``resource``, such as ``charge-card``.
    """

    text: str
    type: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PassState:
    """Hands its input on, or a fixed result."""

    type: ClassVar[str] = "Pass"
    name: str
    next: str | None
    flow: DataFlow
    result: object = UNSET


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskState:
    """Has work done elsewhere. Timeouts are seconds, a path to them, or None."""

    type: ClassVar[str] = "Task"
    name: str
    next: str | None
    flow: DataFlow
    resource: Resource
    timeout: int | Path | None = None
    heartbeat: int | Path | None = None
    retry: tuple[Retrier, ...] = ()
    catch: tuple[Catcher, ...] = ()


@dataclass(frozen=True, slots=True)
class ChoiceRule:
    """Where to go when the condition holds."""

    condition: Condition
    next: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChoiceState:
    """Goes on at the first rule that holds."""

    type: ClassVar[str] = "Choice"
    name: str
    flow: DataFlow
    rules: tuple[ChoiceRule, ...]
    default: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitState:
    """Waits for a number of seconds or until a moment; exactly one of the four is set."""

    type: ClassVar[str] = "Wait"
    name: str
    next: str | None
    flow: DataFlow
    seconds: int | None = None
    seconds_path: Path | None = None
    timestamp: datetime | None = None
    timestamp_path: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SucceedState:
    """Ends its thread well."""

    type: ClassVar[str] = "Succeed"
    name: str
    flow: DataFlow


@dataclass(frozen=True, slots=True, kw_only=True)
class FailState:
    """Ends its thread with an error; each of the two is a text, an expression for one, or None."""

    type: ClassVar[str] = "Fail"
    name: str
    error: str | Path | Intrinsic | None = None
    cause: str | Path | Intrinsic | None = None


@dataclass(frozen=True, slots=True)
class StateTable:
    """States that lead to one another: a machine's, a branch's, or an iteration's."""

    start_at: str
    states: Mapping[str, State]


@dataclass(frozen=True, slots=True, kw_only=True)
class ParallelState:
    """Runs its branches side by side; its result is the list of their outputs."""

    type: ClassVar[str] = "Parallel"
    name: str
    next: str | None
    flow: DataFlow
    branches: tuple[StateTable, ...]
    retry: tuple[Retrier, ...] = ()
    catch: tuple[Catcher, ...] = ()

    def table(self, index: int) -> StateTable:
        """Give the states of the branch ``index``."""
        return self.branches[index]


@dataclass(frozen=True, slots=True, kw_only=True)
class MapState:
    """Runs its processor once for every item (mode INLINE); its result is the list of the outputs.

    Attributes:
        items_path: where in the effective input the items are.
        item_selector: makes an iteration's input; None gives it the item itself.
        max_concurrency: how many iterations may run at once, or a path to it; 0 means any number.
    """

    type: ClassVar[str] = "Map"
    name: str
    next: str | None
    flow: DataFlow
    processor: StateTable
    items_path: Path
    item_selector: Template | None = None
    max_concurrency: int | Path = 0
    retry: tuple[Retrier, ...] = ()
    catch: tuple[Catcher, ...] = ()

    def table(self, _index: int) -> StateTable:
        """Give the states of any iteration."""
        return self.processor


State = PassState | TaskState | ChoiceState | WaitState | SucceedState | FailState | ParallelState | MapState
ForkState = ParallelState | MapState
FallibleState = TaskState | ParallelState | MapState


@dataclass(frozen=True, slots=True)
class StateMachine:
    """A definition that is known to be valid.

    Attributes:
        table: the states at the top level, and which is the first.
        timeout_seconds: how long an execution may take; None if any time.
        comment: the definition's comment.
        definition: the definition as compact JSON text.
    """

    table: StateTable
    timeout_seconds: int | None
    comment: str | None
    definition: str = field(repr=False)

    @property
    def start_at(self) -> str:
        """The name of the first state."""
        return self.table.start_at

    @property
    def states(self) -> Mapping[str, State]:
        """All states at the top level, by name."""
        return self.table.states
