"""Storage in the memory of one process, for tests and experiments: what is written ends with the object."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

import msgspec

from engine.storage.errors import LeaseLapsed
from engine.storage.protocol import NOBODY
from engine.storage.records import (
    ActiveExecution,
    Beginning,
    Ending,
    Events,
    Execution,
    Lease,
    Machine,
    Message,
    PoolStatus,
    Position,
    Write,
)


class _Active(msgspec.Struct):
    owner: int
    sequence: int
    snapshot: bytes


class MemoryStorage:
    """A Storage in dictionaries. Engines that share the object share what is stored."""

    def __init__(self) -> None:
        self._accounts: dict[str, str] = {}
        self._versions: dict[UUID, list[Machine]] = {}
        self._leases: dict[int, datetime] = {}
        self._executions: dict[UUID, Execution] = {}
        self._names: dict[tuple[UUID, str], UUID] = {}
        self._machine_of: dict[UUID, UUID] = {}
        self._active: dict[UUID, _Active] = {}
        self._history: dict[UUID, list[Events]] = {}
        self._timers: dict[UUID, dict[str, datetime]] = {}
        self._messages: dict[int, Message] = {}
        self._listeners: list[Callable[[int], None]] = []
        self._epochs = 0
        self._message_ids = 0

    async def open(self) -> None:
        """Do nothing: it is always open."""

    async def close(self) -> None:
        """Forget nothing: another engine may share it."""

    async def ping(self) -> None:
        """Do nothing."""

    def pool(self) -> PoolStatus:
        """Give an empty pool."""
        return PoolStatus(0, 0)

    async def listen(self, notify: Callable[[int], None]) -> None:
        """Call `notify` at every message and hand-over from now on."""
        self._listeners.append(notify)

    # Organizations and state machines

    async def account_of(self, organization: str, candidates: Sequence[str]) -> str:
        """See `Machines.account_of`."""
        if organization not in self._accounts:
            taken = set(self._accounts.values())
            self._accounts[organization] = next(account for account in candidates if account not in taken)
        return self._accounts[organization]

    async def create_machine(self, machine: Machine) -> bool:
        """See `Machines.create_machine`."""
        if await self.find_machine(machine.organization, machine.name) is not None:
            return False
        self._versions[machine.id] = [machine]
        return True

    async def add_version(self, machine: Machine) -> bool:
        """See `Machines.add_version`."""
        versions = self._versions[machine.id]
        if machine.version != len(versions) + 1:
            return False
        versions.append(machine)
        return True

    async def find_machine(self, organization: str, name: str) -> Machine | None:
        """See `Machines.find_machine`."""
        current = (versions[-1] for versions in self._versions.values())
        return next((m for m in current if m.organization == organization and m.name == name), None)

    async def get_version(self, machine_id: UUID, version: int) -> Machine | None:
        """See `Machines.get_version`."""
        versions = self._versions.get(machine_id, [])
        return versions[version - 1] if 0 < version <= len(versions) else None

    async def list_machines(self, organization: str, limit: int, after: str | None) -> list[Machine]:
        """See `Machines.list_machines`."""
        current = (versions[-1] for versions in self._versions.values())
        found = [m for m in current if m.organization == organization and (after is None or m.name > after)]
        return sorted(found, key=lambda machine: machine.name)[:limit]

    # Executions

    async def find_execution(self, organization: str, machine: str, name: str) -> Execution | None:
        """See `Executions.find_execution`."""
        found = await self.find_machine(organization, machine)
        execution_id = self._names.get((found.id, name)) if found is not None else None
        return None if execution_id is None else self._executions[execution_id]

    async def list_executions(
        self, organization: str, machine: str | None, status: str | None, limit: int, before: UUID | None
    ) -> list[Execution]:
        """See `Executions.list_executions`."""
        found = [
            execution
            for execution in self._executions.values()
            if execution.organization == organization
            and machine in (None, execution.state_machine_name)
            and status in (None, execution.status)
            and (before is None or execution.id < before)
        ]
        return sorted(found, key=lambda execution: execution.id, reverse=True)[:limit]

    async def read_history(self, execution_id: UUID, *, after: int | None, limit: int, reverse: bool) -> list[Events]:
        """See `Executions.read_history`."""
        chunks = self._history.get(execution_id, [])
        if reverse:
            return [c for c in reversed(chunks) if after is None or c.first < after][:limit]
        return [c for c in chunks if after is None or c.last > after][:limit]

    async def positions(self, execution_ids: Sequence[UUID]) -> dict[UUID, Position]:
        """See `Storage.positions`."""
        positions = {}
        for execution_id in execution_ids:
            if (active := self._active.get(execution_id)) is not None:
                positions[execution_id] = Position(active.sequence, active.owner)
            elif execution_id in self._executions:
                positions[execution_id] = Position(0, None)
        return positions

    async def load(self, epoch: int, execution_ids: Sequence[UUID]) -> list[ActiveExecution]:
        """See `Storage.load`."""
        owned = (i for i in execution_ids if i in self._active and self._active[i].owner == epoch)
        return [self._active_execution(execution_id) for execution_id in owned]

    def _active_execution(self, execution_id: UUID) -> ActiveExecution:
        active, execution = self._active[execution_id], self._executions[execution_id]
        return ActiveExecution(
            id=execution_id,
            sequence=active.sequence,
            snapshot=active.snapshot,
            state_machine_id=self._machine_of[execution_id],
            version=execution.version,
            name=execution.name,
            input=execution.input,
            started_at=execution.started_at,
        )

    # Timers and messages

    async def due_executions(self, epoch: int, *, after: datetime | None, until: datetime) -> list[UUID]:
        """See `Storage.due_executions`."""
        return [
            execution_id
            for execution_id, timers in self._timers.items()
            if self._active[execution_id].owner == epoch
            and any(due <= until and (after is None or due > after) for due in timers.values())
        ]

    async def send(self, execution_id: UUID, data: bytes) -> bool:
        """See `Storage.send`."""
        if execution_id not in self._active:
            return False
        self._message_ids += 1
        self._messages[self._message_ids] = Message(self._message_ids, execution_id, data)
        self._tell(self._active[execution_id].owner)
        return True

    async def messages(self, epoch: int, limit: int) -> list[Message]:
        """See `Storage.messages`."""
        return [m for m in self._messages.values() if self._active[m.execution_id].owner == epoch][:limit]

    def _tell(self, epoch: int) -> None:
        for notify in self._listeners:
            notify(epoch)

    # Leases

    async def register_process(self, name: str, lease_seconds: float) -> Lease:  # noqa: ARG002
        """See `Processes.register_process`."""
        self._epochs += 1
        now = datetime.now(UTC)
        self._leases[self._epochs] = now + timedelta(seconds=lease_seconds)
        return Lease(self._epochs, now)

    async def renew_process(self, epoch: int, lease_seconds: float) -> datetime | None:
        """See `Processes.renew_process`."""
        if epoch not in self._leases:
            return None
        now = datetime.now(UTC)
        self._leases[epoch] = now + timedelta(seconds=lease_seconds)
        return now

    async def remove_process(self, epoch: int) -> None:
        """See `Processes.remove_process`."""
        self._leases.pop(epoch, None)

    async def remove_lapsed(self) -> list[int]:
        """See `Processes.remove_lapsed`."""
        lapsed = [epoch for epoch in self._leases if not self._holds_lease(epoch)]
        for epoch in lapsed:
            del self._leases[epoch]
        return lapsed

    async def claim(self, epoch: int, limit: int) -> list[ActiveExecution]:
        """See `Processes.claim`."""
        self._require_lease(epoch)
        orphans = [i for i, active in self._active.items() if active.owner not in self._leases][:limit]
        for execution_id in orphans:
            self._active[execution_id].owner = epoch
        return [self._active_execution(execution_id) for execution_id in orphans]

    async def release(self, epoch: int, execution_ids: Sequence[UUID] | None) -> None:
        """See `Processes.release`."""
        for execution_id in list(self._active) if execution_ids is None else execution_ids:
            active = self._active.get(execution_id)
            if active is not None and active.owner == epoch:
                active.owner = NOBODY
        self._tell(NOBODY)

    def _holds_lease(self, epoch: int) -> bool:
        return epoch in self._leases and self._leases[epoch] > datetime.now(UTC)

    def _require_lease(self, epoch: int) -> None:
        if not self._holds_lease(epoch):
            raise LeaseLapsed(f"The lease of epoch {epoch} has lapsed.")

    # Commits

    async def commit(self, epoch: int, writes: Sequence[Write]) -> frozenset[UUID]:
        """See `Storage.commit`."""
        self._require_lease(epoch)
        return frozenset(write.execution_id for write in writes if self._apply(epoch, write))

    def _apply(self, epoch: int, write: Write) -> bool:
        execution_id = write.execution_id
        beginning = write.beginning
        if not (self._advance(epoch, write) if beginning is None else self._begin(epoch, write, beginning)):
            return False
        if write.events is not None:
            self._history.setdefault(execution_id, []).append(write.events)
        timers = self._timers.setdefault(execution_id, {})
        timers.update(write.timers_set)
        for timer_id in write.timers_removed:
            timers.pop(timer_id, None)
        for message_id in write.messages_removed:
            self._messages.pop(message_id, None)
        if write.ending is not None:
            self._end(execution_id, write.ending)
        return True

    def _begin(self, epoch: int, write: Write, beginning: Beginning) -> bool:
        execution_id = write.execution_id
        name = (beginning.state_machine_id, beginning.name)
        if name in self._names or execution_id in self._executions:
            return False
        machine = self._versions[beginning.state_machine_id][0]
        self._names[name] = execution_id
        self._machine_of[execution_id] = machine.id
        self._active[execution_id] = _Active(epoch, write.sequence, write.snapshot)
        self._executions[execution_id] = Execution(
            id=execution_id,
            organization=machine.organization,
            state_machine_name=machine.name,
            version=beginning.version,
            name=beginning.name,
            status="RUNNING",
            input=beginning.input,
            output=None,
            error=None,
            cause=None,
            started_at=beginning.started_at,
            stopped_at=None,
        )
        return True

    def _advance(self, epoch: int, write: Write) -> bool:
        active = self._active.get(write.execution_id)
        if active is None or active.owner != epoch or active.sequence != write.sequence - 1:
            return False
        active.sequence, active.snapshot = write.sequence, write.snapshot
        return True

    def _end(self, execution_id: UUID, ending: Ending) -> None:
        del self._active[execution_id]
        del self._timers[execution_id]
        self._messages = {key: m for key, m in self._messages.items() if m.execution_id != execution_id}
        self._executions[execution_id] = msgspec.structs.replace(
            self._executions[execution_id],
            status=ending.status,
            output=ending.output,
            error=ending.error,
            cause=ending.cause,
            stopped_at=ending.stopped_at,
        )
