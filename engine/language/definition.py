"""A state machine, checked and compiled: what the interpreter runs (ASL: "Top-level fields", "States")."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Literal

from msgspec import UNSET

from engine.language.commands import REQUEST_RESPONSE, Pattern
from engine.language.dataflow.interface import Condition, Flow, Renderable
from engine.language.dataflow.items import Items
from engine.language.dataflow.sources import Moment, Quantity, Words
from engine.language.distribution import Distributed
from engine.language.retrying import Catcher, Retrier

QueryLanguage = Literal["JSONPath", "JSONata"]
Family = Literal["Task", "LambdaFunction", "Activity"]
"""Which events of the history tell of a task."""


@dataclass(frozen=True, slots=True)
class Resource:
    """What a Task state calls, and how the history names it.

    Attributes:
        text: the resource as written, such as ``handler:charge-card``.
        type: the history's ``resourceType``, such as ``handler``, ``sqs`` or ``aws-sdk:s3``.
        name: the history's ``resource``, such as ``sendMessage.waitForTaskToken``; the ARN of an activity or function.
        pattern: how the task waits.
        family: which events tell of it.
        region: the region that a function or activity is in; empty when the resource names none.
        has_token: whether the task is answered by its token.
        named: what names the task in the details of its events.
        called: how the service calls the task when its result is too large.
    """

    text: str
    type: str
    name: str
    pattern: Pattern = REQUEST_RESPONSE
    family: Family = "Task"
    region: str = ""
    has_token: bool = field(init=False)
    named: Mapping[str, object] = field(init=False, repr=False)
    called: str = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Derive from the other attributes what every attempt needs."""
        is_plain = self.family == "Task"
        derived = {
            "has_token": self.pattern == "token" or self.family == "Activity",
            "named": {"resourceType": self.type, "resource": self.name} if is_plain else {},
            "called": self.type if is_plain and self.type != "handler" else self.text,
        }
        for name, value in derived.items():
            object.__setattr__(self, name, value)


@dataclass(frozen=True, slots=True, kw_only=True)
class PassState:
    """Hands its input on, or a fixed result."""

    type: ClassVar[str] = "Pass"
    name: str
    next: str | None
    flow: Flow
    result: object = UNSET


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskState:
    """Has work done elsewhere. Timeout and heartbeat are in seconds."""

    type: ClassVar[str] = "Task"
    name: str
    next: str | None
    flow: Flow
    resource: Resource
    timeout: Quantity | None = None
    heartbeat: Quantity | None = None
    credentials: Renderable | None = None
    retry: tuple[Retrier, ...] = ()
    catch: tuple[Catcher, ...] = ()

    @property
    def is_fixed(self) -> bool:
        """Whether nothing of a task is evaluated: it gets the state's input as it is, and has no further fields."""
        return self.flow.passes_input and self.timeout is None and self.heartbeat is None and self.credentials is None


@dataclass(frozen=True, slots=True)
class ChoiceRule:
    """Where to go when the condition holds, and what the state leaves behind then."""

    condition: Condition
    next: str
    flow: Flow


@dataclass(frozen=True, slots=True, kw_only=True)
class ChoiceState:
    """Goes on at the first rule that holds."""

    type: ClassVar[str] = "Choice"
    name: str
    flow: Flow
    rules: tuple[ChoiceRule, ...]
    default: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitState:
    """Waits for a number of seconds or until a moment; one of the two is set."""

    type: ClassVar[str] = "Wait"
    name: str
    next: str | None
    flow: Flow
    seconds: Quantity | None = None
    timestamp: Moment | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SucceedState:
    """Ends its thread well."""

    type: ClassVar[str] = "Succeed"
    name: str
    flow: Flow


@dataclass(frozen=True, slots=True, kw_only=True)
class FailState:
    """Ends its thread with an error."""

    type: ClassVar[str] = "Fail"
    name: str
    error: Words | None = None
    cause: Words | None = None


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
    flow: Flow
    branches: tuple[StateTable, ...]
    retry: tuple[Retrier, ...] = ()
    catch: tuple[Catcher, ...] = ()

    def table(self, index: int) -> StateTable:
        """Give the states of the branch ``index``."""
        return self.branches[index]


@dataclass(frozen=True, slots=True, kw_only=True)
class MapState:
    """Runs its processor once for every item; its result is the list of the outputs.

    Attributes:
        query_language: the language of its fields.
        pointer: where it is in the definition, such as ``$.States.Each``.
        items: where the items come from, unless a reader fetches them.
        item_selector: makes an iteration's input; None gives it the item itself.
        max_concurrency: how many iterations may run at once; 0 means as many as the service allows.
        distributed: what only a map run has; None in the mode INLINE.
    """

    type: ClassVar[str] = "Map"
    name: str
    next: str | None
    flow: Flow
    query_language: QueryLanguage
    pointer: str
    processor: StateTable
    items: Items
    item_selector: Renderable | None = None
    max_concurrency: Quantity | None = None
    distributed: Distributed | None = None
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
        maps: every Map state in it, however deep, by its pointer, such as ``$.States.Each``.
        variable_references: the names of the variables that each state's fields mention, in order, where they do.
    """

    table: StateTable
    timeout_seconds: int | None
    comment: str | None
    definition: str = field(repr=False)
    maps: Mapping[str, MapState] = field(default_factory=dict, repr=False)
    variable_references: Mapping[str, tuple[str, ...]] = field(default_factory=dict, repr=False)

    @property
    def start_at(self) -> str:
        """The name of the first state."""
        return self.table.start_at

    @property
    def states(self) -> Mapping[str, State]:
        """All states at the top level, by name."""
        return self.table.states

    def processor(self, pointer: str) -> StateMachine:
        """Give the item processor of the Map state at ``pointer`` as a machine of its own: what a map run's child runs.

        Raises:
            KeyError: if there is no Map state.
        """
        return StateMachine(self.maps[pointer].processor, None, None, self.definition, self.maps)
