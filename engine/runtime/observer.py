"""Where the engine tells what it does, for metrics and logs."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Literal, Protocol

import msgspec

from engine.language import HistoryEvent

ScheduleOutcome = Literal["started", "skipped", "failed"]
"""``skipped``: the execution before it runs; ``failed``: the start was given up."""


class ExecutionInfo(msgspec.Struct, frozen=True, gc=False):
    """Which execution something happened to."""

    arn: str
    name: str
    state_machine_arn: str
    state_machine_name: str
    state_machine_version: int
    organization: str
    started_at: datetime


class Observer(Protocol):
    """Told of what happens, on the event loop, after it is committed; must return at once and never raise."""

    def execution_started(self, execution: ExecutionInfo) -> None:
        """Tell that an execution's start is durable."""
        ...

    def transition_committed(self, execution: ExecutionInfo, events: Sequence[HistoryEvent]) -> None:
        """Tell what was added to an execution's history."""
        ...

    def execution_finished(
        self, execution: ExecutionInfo, status: str, error: str | None, duration_seconds: float
    ) -> None:
        """Tell that an execution is over, with its status and how long it took."""
        ...

    def execution_taken_over(self, execution: ExecutionInfo) -> None:
        """Tell that this process goes on with an execution that another one left."""
        ...

    def task_finished(
        self, execution: ExecutionInfo, resource: str, error: str | None, duration_seconds: float
    ) -> None:
        """Tell that an attempt of a task ended, with its error's name unless it succeeded."""
        ...

    def commit_round(self, executions: int, duration_seconds: float) -> None:
        """Tell that a round of the commit loop was written, and of how many executions."""
        ...

    def schedule_settled(self, arn: str, outcome: ScheduleOutcome, late_seconds: float) -> None:
        """Tell what became of a schedule's time, and how late."""
        ...


class SilentObserver:
    """An Observer that does nothing."""

    def execution_started(self, execution: ExecutionInfo) -> None:
        """Do nothing."""

    def transition_committed(self, execution: ExecutionInfo, events: Sequence[HistoryEvent]) -> None:
        """Do nothing."""

    def execution_finished(
        self, execution: ExecutionInfo, status: str, error: str | None, duration_seconds: float
    ) -> None:
        """Do nothing."""

    def execution_taken_over(self, execution: ExecutionInfo) -> None:
        """Do nothing."""

    def task_finished(
        self, execution: ExecutionInfo, resource: str, error: str | None, duration_seconds: float
    ) -> None:
        """Do nothing."""

    def commit_round(self, executions: int, duration_seconds: float) -> None:
        """Do nothing."""

    def schedule_settled(self, arn: str, outcome: ScheduleOutcome, late_seconds: float) -> None:
        """Do nothing."""
