"""The Amazon States Language: reads definitions and runs them, purely.

Nothing here does I/O, reads a clock, or draws random numbers. `parse` makes a `StateMachine` of a definition; `start`
and `advance` give the transitions of an execution, which the caller makes durable and then acts upon.
"""

from msgspec import UNSET

from engine.language.commands import (
    CancelTask,
    CancelTimer,
    Command,
    ExecutionStatus,
    Finish,
    Pattern,
    RunMap,
    RunTask,
    StartTimer,
)
from engine.language.context import ExecutionContext
from engine.language.definition import Resource, StateMachine
from engine.language.events import (
    Event,
    FailureKind,
    Stopped,
    TaskFailed,
    TaskHeartbeat,
    TaskStarted,
    TaskSubmitted,
    TaskSucceeded,
    TimerFired,
)
from engine.language.execution.interpreter import advance, redrive, start
from engine.language.history import HistoryEvent, api_details, details_key
from engine.language.parsing.machine import parse
from engine.language.parsing.resources import ResourceCheck
from engine.language.problems import InvalidDefinition, Problem
from engine.language.snapshot import Snapshot, decode_snapshot, encode_snapshot, pending
from engine.language.transition import Transition
from engine.language.writing import SnapshotWriter

__all__ = [
    "UNSET",
    "CancelTask",
    "CancelTimer",
    "Command",
    "Event",
    "ExecutionContext",
    "ExecutionStatus",
    "FailureKind",
    "Finish",
    "HistoryEvent",
    "InvalidDefinition",
    "Pattern",
    "Problem",
    "Resource",
    "ResourceCheck",
    "RunMap",
    "RunTask",
    "Snapshot",
    "SnapshotWriter",
    "StartTimer",
    "StateMachine",
    "Stopped",
    "TaskFailed",
    "TaskHeartbeat",
    "TaskStarted",
    "TaskSubmitted",
    "TaskSucceeded",
    "TimerFired",
    "Transition",
    "advance",
    "api_details",
    "decode_snapshot",
    "details_key",
    "encode_snapshot",
    "parse",
    "pending",
    "redrive",
    "start",
]
