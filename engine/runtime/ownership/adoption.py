"""Brings executions from the storage into memory."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from itertools import islice
from typing import Final, TypeVar
from uuid import UUID

import msgspec

from engine.language import Event, InvalidDefinition, decode_snapshot
from engine.runtime.callbacks.activity_tasks import ActivityTasks
from engine.runtime.clock import DatabaseClock
from engine.runtime.definitions import Definition, Definitions
from engine.runtime.identity import Identity, Terms
from engine.runtime.lifecycle.formats import NEWER, missing_format
from engine.runtime.lifecycle.reconciling import in_order, reconciled
from engine.runtime.observer import Observer
from engine.runtime.options import EngineOptions
from engine.runtime.ownership.lease import ProcessLease
from engine.runtime.running.executor import Executor
from engine.runtime.running.map_work import MapRunner
from engine.runtime.running.outgoing import untaken
from engine.runtime.running.run import Arrival, Run
from engine.storage import LeaseLapsed, OutcomeUnknown
from engine.storage.protocol import Storage
from engine.storage.records import ActiveExecution, Message, Redriven

Claimed = TypeVar("Claimed")

_AT_A_TIME: Final = 500
_EVENTS: Final[msgspec.json.Decoder[Event]] = msgspec.json.Decoder(Event)

_log = logging.getLogger(__name__)


class Adoption:
    """Takes over executions, and brings back those that left the memory.

    One at a time does so: between reading an execution and going on with it nobody else here can have moved it.

    Attributes:
        on_unreadable: told of an execution that this engine can't read, and the ability that it takes.
    """

    def __init__(
        self,
        storage: Storage,
        executor: Executor,
        definitions: Definitions,
        maps: MapRunner,
        activity_tasks: ActivityTasks,
        *,
        lease: ProcessLease,
        terms: Terms,
        clock: DatabaseClock,
        options: EngineOptions,
        observer: Observer,
    ) -> None:
        self._storage = storage
        self._executor = executor
        self._definitions = definitions
        self._maps = maps
        self._activity_tasks = activity_tasks
        self._lease = lease
        self._terms = terms
        self._clock = clock
        self._horizon = timedelta(seconds=options.timer_horizon_seconds)
        self._observer = observer
        self._turn = asyncio.Lock()
        self._left: set[UUID] = set()
        self._is_unsure = False
        self._doubtful: set[UUID] = set()
        self.on_unreadable: Callable[[UUID, str], None] = _ignore

    async def claim(self, epoch: int) -> None:
        """Take over all executions that nobody has a lease for.

        Where a claim was broken off, what it took is this process's and in nobody's memory: that comes first then.
        """
        if self._is_unsure:
            await self._recall(epoch)
        await self._look_again(epoch)
        while True:
            async with self._alone():
                claimed = await self._known(self._storage.claim(epoch, _AT_A_TIME))
                await self._take_over(epoch, claimed)
            if len(claimed) < _AT_A_TIME:
                return

    def doubt(self, execution_id: UUID) -> None:
        """Look for an execution that left the memory since it seemed to be another process's: it may be this one's.

        A takeover that came upon it meanwhile took it to be in memory.
        """
        self._doubtful.add(execution_id)

    async def claim_set_aside(self, epoch: int, wait_seconds: float, hopeless: str, limit: int) -> int:
        """Take over executions that were set aside, see `Abilities.claim_set_aside`; gives how many."""
        async with self._alone():
            claimed = await self._known(self._storage.claim_set_aside(epoch, wait_seconds, hopeless, limit))
            forsaken = frozenset(each.execution.id for each in claimed if not each.served)
            await self._take_over(epoch, [each.execution for each in claimed], forsaken)
        return len(claimed)

    async def wake(self, epoch: int, execution_ids: Sequence[UUID]) -> None:
        """Bring back executions of this process that aren't in memory, page by page."""
        for start in range(0, len(execution_ids), _AT_A_TIME):
            async with self._alone():
                for execution in await self._load_absent(epoch, execution_ids[start : start + _AT_A_TIME]):
                    await self._adopt(epoch, execution)

    async def deliver(self, epoch: int) -> int:
        """Give their messages to this process's executions, and say how many messages there were.

        All are read, page by page: an event may have to wait in memory, and others aren't to wait for it.
        """
        count = after = 0
        while messages := await self._storage.messages(epoch, _AT_A_TIME, after):
            await self._deliver(epoch, messages)
            count, after = count + len(messages), messages[-1].id
            if len(messages) < _AT_A_TIME:
                break
        return count

    async def _deliver(self, epoch: int, messages: Sequence[Message]) -> None:
        absent: dict[UUID, list[Arrival]] = {}
        for message in messages:
            event = self._event(message)
            if event is not None and not self._executor.deliver(message.execution_id, event, message.id):
                absent.setdefault(message.execution_id, []).append(Arrival(event, message.id))
        if absent:
            async with self._alone():
                for execution in await self._load_absent(epoch, list(absent)):
                    await self._adopt(epoch, execution, absent[execution.id])

    async def _known(self, claim: Awaitable[Claimed]) -> Claimed:
        """Wait for a claim; note when it isn't known whether it was made."""
        try:
            return await claim
        except OutcomeUnknown:
            self._is_unsure = True
            raise

    async def _recall(self, epoch: int) -> None:
        """Bring all executions of this process into memory; a claim that breaks off meanwhile is for the next time."""
        self._is_unsure, after = False, None
        try:
            while owned := await self._storage.owned(epoch, _AT_A_TIME, after):
                async with self._alone():
                    await self._take_over(epoch, await self._load_absent(epoch, owned))
                after = owned[-1]
        except BaseException:
            self._is_unsure = True
            raise

    async def _look_again(self, epoch: int) -> None:
        """Look for all that are doubtful by now; what becomes so meanwhile waits, so that claiming isn't held up."""
        doubtful, self._doubtful = self._doubtful, set()
        try:
            while page := list(islice(doubtful, _AT_A_TIME)):
                async with self._alone():
                    await self._take_over(epoch, await self._load_absent(epoch, page))
                doubtful.difference_update(page)
        finally:
            self._doubtful |= doubtful

    async def _load_absent(self, epoch: int, execution_ids: Sequence[UUID]) -> list[ActiveExecution]:
        absent = [execution_id for execution_id in execution_ids if execution_id not in self._executor]
        return await self._storage.load(epoch, absent) if absent else []

    async def _take_over(
        self, epoch: int, executions: Sequence[ActiveExecution], forsaken: frozenset[UUID] = frozenset()
    ) -> None:
        """Go on with executions where others left them, after what was told to them meanwhile.

        Raises LeaseLapsed when the lease was lost meanwhile, and they are others'.
        """
        was_unsure = self._is_unsure
        self._is_unsure = was_unsure or bool(executions)
        arrivals = await self._arrivals(epoch, {execution.id for execution in executions}) if executions else {}
        for execution in executions:
            told = arrivals.get(execution.id, [])
            await self._adopt(epoch, execution, told, taken_over=True, forsaken=execution.id in forsaken)
        self._is_unsure = was_unsure

    async def _arrivals(self, epoch: int, execution_ids: set[UUID]) -> dict[UUID, list[Arrival]]:
        arrivals: dict[UUID, list[Arrival]] = {}
        after = 0
        while messages := await self._storage.messages(epoch, _AT_A_TIME, after):
            for message in messages:
                if message.execution_id in execution_ids and (event := self._event(message)) is not None:
                    arrivals.setdefault(message.execution_id, []).append(Arrival(event, message.id))
            if len(messages) < _AT_A_TIME:
                break
            after = messages[-1].id
        return arrivals

    @asynccontextmanager
    async def _alone(self) -> AsyncIterator[None]:
        """Wait for the turn, and note who leaves the memory in it."""
        async with self._turn:
            with self._executor.noting_who_leaves() as self._left:
                yield

    def _event(self, message: Message) -> Event | None:
        """Read a message; an execution with one that only a newer engine understands is for such an engine."""
        try:
            return _EVENTS.decode(message.data)
        except msgspec.DecodeError:
            self._executor.hold(message.execution_id)
            self.on_unreadable(message.execution_id, NEWER)
            return None

    async def _adopt(
        self,
        epoch: int,
        execution: ActiveExecution,
        arrivals: Sequence[Arrival] = (),
        *,
        taken_over: bool = False,
        forsaken: bool = False,
    ) -> None:
        need = missing_format(execution.snapshot)
        if need is not None:
            self.on_unreadable(execution.id, need)
            return
        try:
            run, snapshot = await self.run_of(execution), decode_snapshot(execution.snapshot)
            missing = await self._activity_tasks.missing(untaken(snapshot), run.info.organization) if taken_over else []
        except (LookupError, ValueError, InvalidDefinition):
            _log.exception("The execution %s can't be read; it stays where it is.", execution.id)
            return
        if self._lease.epoch != epoch:
            raise LeaseLapsed(f"The lease of epoch {epoch} is gone, and with it the execution {execution.id}.")
        if execution.id in self._left:  # what was read may be of before that: its state and its messages
            self.doubt(execution.id)
            return
        if execution.id in self._executor:
            for arrival in arrivals:
                self._executor.deliver(execution.id, arrival.event, arrival.message_id)
            return
        now = self._clock.now()
        commands = run.resume(snapshot, execution.sequence, now, None if taken_over else now + self._horizon)
        if forsaken:
            run.forsaken = True
        told = [*in_order(arrivals), *(Arrival(failure) for failure in missing)]
        self._executor.adopt(run, reconciled(commands, told), told)
        if taken_over:
            self._observer.execution_taken_over(run.info)

    async def run_of(self, execution: ActiveExecution, redriven: Redriven | None = None) -> Run:
        """Make a run of a stored execution, which is redriven now or goes on as it is.

        Raises LookupError, InvalidDefinition.
        """
        identity = Identity(
            id=execution.id,
            name=execution.name,
            input=execution.input,
            data=msgspec.json.decode(execution.input),
            started_at=execution.started_at,
            origin=execution.origin,
            redrive_count=execution.redrive_count if redriven is None else redriven.count,
            redriven_at=execution.redriven_at if redriven is None else redriven.redriven_at,
        )
        return Run(await self._definition(execution), identity, self._terms)

    async def _definition(self, execution: ActiveExecution) -> Definition:
        definition = await self._definitions.version(execution.state_machine_id, execution.version)
        if execution.pointer is None:
            return definition
        return await self._maps.definition_of(execution, definition)


def _ignore(_execution_id: UUID, _need: str) -> None:
    """Tell nobody."""
