"""What is stored, in dictionaries."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

import msgspec

from engine.storage.errors import LeaseLapsed
from engine.storage.lifecycle import PAUSED, SET_ASIDE, Erasure
from engine.storage.records import (
    ActiveExecution,
    Activity,
    ActivityTask,
    Alias,
    Events,
    Execution,
    Machine,
    MapRun,
    Message,
    PublishedVersion,
)
from engine.storage.schedules import Firing, Schedule, ScheduleGroup

FOREVER: Final = datetime.max.replace(tzinfo=UTC)


class Active(msgspec.Struct):
    """What changes with each transition of a running execution."""

    owner: int
    sequence: int
    snapshot: bytes


class PausedRow(msgspec.Struct):
    """A paused execution."""

    paused_at: datetime
    paused_by: str
    holder: int | None
    resumed: bool = False


class Tables:
    """Everything that is stored; `named` has the ids of all state machines of a name, those that are gone first.

    `now` is the database's clock.
    """

    def __init__(self, now: Callable[[], datetime]) -> None:
        self.now = now
        self.token_key: bytes | None = None
        self.accounts: dict[str, str] = {}
        self.named: dict[tuple[str, str], list[UUID]] = {}
        self.revisions: dict[UUID, list[Machine]] = {}
        self.deleting: set[UUID] = set()
        self.gone: set[UUID] = set()
        self.published: dict[UUID, list[PublishedVersion | None]] = {}
        self.aliases: dict[UUID, dict[str, Alias]] = {}
        self.tags: dict[UUID, dict[str, str]] = {}
        self.leases: dict[int, datetime] = {PAUSED: FOREVER, SET_ASIDE: FOREVER}
        self.epochs = 0
        self.process_names: dict[int, str] = {}
        self.leader = self.term = 0
        self.schedule_groups: dict[tuple[str, str], ScheduleGroup] = {}
        self.schedules: dict[UUID, Schedule] = {}
        self.firings: dict[tuple[UUID, datetime], Firing] = {}
        self.executions: dict[UUID, Execution] = {}
        self.names: dict[tuple[UUID, str], UUID] = {}
        self.active: dict[UUID, Active] = {}
        self.paused: dict[UUID, PausedRow] = {}
        self.abilities: dict[int, frozenset[str]] = {}
        self.set_aside: dict[UUID, tuple[str, datetime]] = {}
        self.erasures: dict[UUID, Erasure] = {}
        self.history: dict[UUID, list[Events]] = {}
        self.payloads: dict[UUID, dict[bytes, bytes]] = {}
        self.timers: dict[UUID, dict[str, datetime]] = {}
        self.messages: dict[int, Message] = {}
        self.message_ids = 0
        self.message_keys: dict[int, str] = {}
        self.snapshots: dict[UUID, tuple[datetime, bytes]] = {}
        self.activities: dict[tuple[str, str], Activity] = {}
        self.activity_tasks: dict[tuple[UUID, str], ActivityTask] = {}
        self.map_runs: dict[UUID, MapRun] = {}
        self.listeners: list[Callable[[int], None]] = []
        self.activity_listeners: list[Callable[[UUID], None]] = []

    def machine(self, organization: str, name: str) -> UUID | None:
        """Give the id of the state machine that has a name and isn't gone."""
        ids = self.named.get((organization, name), [])
        return ids[-1] if ids and ids[-1] not in self.gone else None

    def present(self) -> Iterator[Machine]:
        """Give all state machines that aren't gone in their current revisions."""
        return (self.shown(revisions[-1]) for key, revisions in self.revisions.items() if key not in self.gone)

    def shown(self, machine: Machine) -> Machine:
        """Give a state machine with its mark."""
        return msgspec.structs.replace(machine, deleting=True) if machine.id in self.deleting else machine

    def holds_lease(self, epoch: int) -> bool:
        """Whether a process may write."""
        return epoch in self.leases and self.leases[epoch] > self.now()

    def require_lease(self, epoch: int) -> None:
        """Raise LeaseLapsed unless a process may write."""
        if not self.holds_lease(epoch):
            raise LeaseLapsed(f"The lease of epoch {epoch} has lapsed.")

    def send(self, execution_id: UUID, data: bytes, key: str | None = None) -> bool:
        """Leave a message for a running execution and tell its owner."""
        same = [message_id for message_id, known in self.message_keys.items() if known == key]
        if execution_id not in self.active or any(self.messages[i].execution_id == execution_id for i in same):
            return False
        self.message_ids += 1
        if key is not None:
            self.message_keys[self.message_ids] = key
        self.messages[self.message_ids] = Message(self.message_ids, execution_id, data)
        self.tell(self.active[execution_id].owner)
        return True

    def forget(self, message_id: int) -> None:
        """Remove a message, if it is there."""
        self.messages.pop(message_id, None)
        self.message_keys.pop(message_id, None)

    def tell(self, epoch: int) -> None:
        """Tell that a process has messages."""
        for notify in self.listeners:
            notify(epoch)

    def active_execution(self, execution_id: UUID, sequence: int, snapshot: bytes) -> ActiveExecution:
        """Give all that it takes to go on with an execution."""
        execution = self.executions[execution_id]
        run = execution.origin.map_run
        return ActiveExecution(
            id=execution_id,
            sequence=sequence,
            snapshot=snapshot,
            state_machine_id=execution.state_machine_id,
            version=execution.version,
            name=execution.name,
            input=execution.input,
            started_at=execution.started_at,
            origin=execution.origin,
            label=execution.label,
            pointer=None if run is None else self.map_runs[run].pointer,
            redrive_count=execution.redrive_count,
            redriven_at=execution.redriven_at,
        )
