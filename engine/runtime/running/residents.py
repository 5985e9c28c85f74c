"""The executions in this process's memory: awake, or asleep and as small as can be."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator
from datetime import datetime
from uuid import UUID

import msgspec
from msgspec.structs import replace

from engine.language import decode_snapshot, encode_snapshot
from engine.runtime.definitions import Definition
from engine.runtime.identity import Identity, Terms
from engine.runtime.running.run import Run


class Asleep(msgspec.Struct, frozen=True, gc=False):
    """What it takes to make a `Run` again: its state as it would be stored, its input as text alone, its timers."""

    definition: Definition
    identity: Identity
    terms: Terms
    sequence: int
    snapshot: bytes
    timers: tuple[tuple[str, datetime], ...]
    stored_timers: frozenset[str]
    forsaken: bool


class Residents:
    """Finds executions by their id, and wakes those that sleep when something happens to them.

    Attributes:
        left: where those are noted that leave the memory; None as long as nobody wants to know.
    """

    def __init__(self) -> None:
        self._awake: dict[UUID, Run] = {}
        self._asleep: dict[UUID, Asleep] = {}
        self._ends: dict[UUID, asyncio.Event] = {}
        self.left: set[UUID] | None = None

    def __len__(self) -> int:
        """Count the executions in memory."""
        return len(self._awake) + len(self._asleep)

    def __contains__(self, execution_id: UUID) -> bool:
        """Tell whether the execution is in memory."""
        return execution_id in self._awake or execution_id in self._asleep

    @property
    def awake(self) -> dict[UUID, Run]:
        """Those that are awake; not to be changed."""
        return self._awake

    def asleep(self) -> Iterator[tuple[UUID, Asleep]]:
        """Give those that sleep."""
        yield from self._asleep.items()

    def find(self, execution_id: UUID) -> Run | None:
        """Give an execution, awake from now on; None if it isn't in memory."""
        run = self._awake.get(execution_id)
        if run is None and execution_id in self._asleep:
            run = self._awake[execution_id] = _awoken(self._asleep.pop(execution_id))
        return run

    def redrive_count(self, execution_id: UUID) -> int | None:
        """Tell how often an execution was redriven, which sleeps on if it does; None if it isn't in memory."""
        there = self._awake.get(execution_id) or self._asleep.get(execution_id)
        return None if there is None else there.identity.redrive_count

    def add(self, run: Run) -> None:
        """Take an execution into memory."""
        self._awake[run.id] = run

    def add_if_absent(self, run: Run) -> None:
        """Take an execution into memory unless it is there: a second request to redrive it will be rejected."""
        if run.id not in self:
            self._awake[run.id] = run

    def sleep(self, run: Run) -> None:
        """Let an execution sleep that has nothing under way but timers."""
        del self._awake[run.id]
        self._asleep[run.id] = _falling_asleep(run)

    def remove(self, execution_id: UUID) -> None:
        """Let an execution leave the memory, and tell those who wait for that."""
        if self.left is not None:
            self.left.add(execution_id)
        if self._awake.pop(execution_id, None) is None:
            del self._asleep[execution_id]
        ended = self._ends.pop(execution_id, None)
        if ended is not None:
            ended.set()

    def clear(self) -> None:
        """Let all leave."""
        self._awake.clear()
        self._asleep.clear()
        ends, self._ends = self._ends, {}
        for ended in ends.values():
            ended.set()

    async def wait_for_end(self, execution_id: UUID, seconds: float) -> None:
        """Return when an execution leaves the memory, or after that time."""
        if execution_id in self:
            ended = self._ends.setdefault(execution_id, asyncio.Event())
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await ended.wait()


def _falling_asleep(run: Run) -> Asleep:
    if run.snapshot is None:
        raise ValueError(f"The execution {run.info.arn} has no state yet.")
    return Asleep(
        definition=run.definition,
        identity=replace(run.identity, data=None),
        terms=run.terms,
        sequence=run.sequence,
        snapshot=encode_snapshot(run.snapshot),
        timers=tuple(run.timers.items()),
        stored_timers=frozenset(run.stored_timers),
        forsaken=run.forsaken,
    )


def _awoken(asleep: Asleep) -> Run:
    identity = replace(asleep.identity, data=msgspec.json.decode(asleep.identity.input))
    run = Run(asleep.definition, identity, asleep.terms)
    run.snapshot = decode_snapshot(asleep.snapshot)
    run.sequence = asleep.sequence
    run.timers = dict(asleep.timers)
    run.stored_timers = set(asleep.stored_timers)
    run.forsaken = asleep.forsaken
    return run
