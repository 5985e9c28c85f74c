"""The executions that a map run starts."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import Final, Protocol
from uuid import UUID

import msgspec

from engine.language import Stopped, decode_snapshot
from engine.language.distributed import ChildInput
from engine.language.limits import MAX_HISTORY_EVENTS
from engine.runtime.clock import DatabaseClock
from engine.runtime.definitions import Definition
from engine.runtime.identity import Identity, Terms
from engine.runtime.maps.arns import processor_arn
from engine.runtime.maps.ends import Ends
from engine.runtime.ownership.adoption import Adoption
from engine.runtime.running.commit_loop import Outcome
from engine.runtime.running.executor import Executor
from engine.runtime.running.outgoing import encode_message
from engine.runtime.running.run import Run
from engine.storage.identifiers import child_id
from engine.storage.protocol import Storage
from engine.storage.records import ActiveExecution, Beginning, Origin, Redriven

RETRY_SECONDS: Final = 0.05
_PAGE: Final = 1_000


class Family(msgspec.Struct, frozen=True):
    """What the children of a map run have in common; `definition` is the item processor."""

    map_run: UUID
    definition: Definition

    def id_of(self, index: int) -> UUID:
        """Give a child's id."""
        return child_id(self.map_run, index)


class Children(Protocol):
    """Starts, stops and redrives the children of map runs."""

    async def start(self, family: Family, child: ChildInput) -> Outcome:
        """Start a child; it is durable when this gives ``applied``."""
        ...

    async def redrive(self, family: Family, child: ChildInput) -> Outcome:
        """Run a child that is over again; ``rejected`` if it can't be."""
        ...

    async def running(self, map_run: UUID) -> dict[UUID, int]:
        """Give the children that run, wherever they do, and how often each was redriven."""
        ...

    async def stop(self, child: UUID, redrive_count: int) -> bool:
        """Abort a child, wherever it runs, unless it was redriven more often than that by now.

        False if it may have to be told again: it is in memory here, and maybe not this process's any more.
        """
        ...

    def runs_here(self, child: UUID) -> bool:
        """Whether this process runs the child, so that its end will be told."""
        ...

    def leave(self, map_run: UUID) -> None:
        """Let go of what another process can't go on with, and has to begin anew."""
        ...


def processor(parent: Definition, label: str, pointer: str) -> Definition:
    """Give what a map run's children run. Raises LookupError if the parent has no Map state at `pointer`."""
    return Definition(
        machine=parent.machine, parsed=parent.parsed.processor(pointer), arn=processor_arn(parent.arn, label)
    )


class StandardChildren:
    """Children of the type STANDARD: executions like any other, that every process can go on with."""

    def __init__(
        self,
        executor: Executor,
        adoption: Adoption,
        storage: Storage,
        terms: Terms,
        clock: DatabaseClock,
        ends: Ends,
        horizon_seconds: float,
    ) -> None:
        self._executor = executor
        self._adoption = adoption
        self._storage = storage
        self._terms = terms
        self._clock = clock
        self._ends = ends
        self._horizon = timedelta(seconds=horizon_seconds)

    async def start(self, family: Family, child: ChildInput) -> Outcome:
        """Start a child."""
        while True:
            outcome = await self._begin(family, child)
            if outcome != "lost":
                return outcome
            await asyncio.sleep(RETRY_SECONDS)

    async def redrive(self, family: Family, child: ChildInput) -> Outcome:
        """Run a child again from where it failed, once its own map runs are over."""
        identifier = family.id_of(child.index)
        if not await self._ends.all_ended(identifier):
            return "rejected"
        while True:
            stored = await self._storage.load_finished(identifier)
            if stored is None:
                return "rejected"
            outcome = await self._reopen(stored)
            if outcome != "lost":
                return outcome
            await asyncio.sleep(RETRY_SECONDS)

    async def running(self, map_run: UUID) -> dict[UUID, int]:
        """Give the children that run, after the storage."""
        running: dict[UUID, int] = {}
        last: int | None = None
        while page := await self._storage.list_children(map_run, last, _PAGE):
            running |= {child.id: child.redrive_count for child in page if child.status == "RUNNING"}
            last = page[-1].index
        return running

    async def stop(self, child: UUID, redrive_count: int) -> bool:
        """Abort a child."""
        if self._executor.redrive_count(child) == redrive_count and self._executor.deliver(child, Stopped()):
            return False
        await self._storage.send(child, encode_message(Stopped()), redrive_count=redrive_count)
        return True

    def runs_here(self, child: UUID) -> bool:
        """Whether the child is in memory."""
        return child in self._executor

    def leave(self, map_run: UUID) -> None:
        """Do nothing: children go on by themselves."""

    async def _begin(self, family: Family, child: ChildInput) -> Outcome:
        identity = identity_of(family, child, self._clock.now())
        run = Run(family.definition, identity, self._terms)
        return await self._executor.start(run, run.begin(beginning_of(family, identity), self._horizon))

    async def _reopen(self, stored: ActiveExecution) -> Outcome:
        redriven = Redriven(stored.redrive_count + 1, self._clock.now())
        snapshot = decode_snapshot(stored.snapshot)
        if snapshot.last_event_id >= MAX_HISTORY_EVENTS - 1:
            return "rejected"
        run = await self._adoption.run_of(stored, redriven)
        step = run.redrive(snapshot, redriven, self._horizon)
        return await self._executor.start(run, step)


def identity_of(family: Family, child: ChildInput, started_at: datetime) -> Identity:
    """Give the identity of a new child."""
    identifier = family.id_of(child.index)
    return Identity(
        id=identifier,
        name=str(identifier),
        input=child.text,
        data=msgspec.json.decode(child.text),
        started_at=started_at,
        origin=Origin(map_run=family.map_run, items=child.items),
    )


def beginning_of(family: Family, identity: Identity) -> Beginning:
    """Give what is written of a new child."""
    machine = family.definition.machine
    return Beginning(machine.id, machine.version, identity.name, identity.input, identity.started_at, identity.origin)
