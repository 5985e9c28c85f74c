"""What this process does with its executions: events in, commits out, and then what the commits ask for."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from typing import Final
from uuid import UUID

from engine.language import Command, Event, Stopped, TaskFailed, TaskHeartbeat, TaskSubmitted, TimerFired
from engine.runtime.callbacks.activity_tasks import ActivityTasks
from engine.runtime.children.nesting import child_in
from engine.runtime.clock import DatabaseClock
from engine.runtime.observer import Observer
from engine.runtime.options import EngineOptions
from engine.runtime.running.commit_loop import Commit, CommitLoop, Outcome
from engine.runtime.running.deadlines import Deadlines
from engine.runtime.running.departures import Departures
from engine.runtime.running.map_work import MapRunner
from engine.runtime.running.outgoing import is_awaited
from engine.runtime.running.residents import Asleep, Residents
from engine.runtime.running.run import Arrival, Run, Step
from engine.runtime.running.task_pool import Outcome as TaskOutcome
from engine.runtime.running.task_pool import TaskPool
from engine.runtime.running.timers import Timers
from engine.runtime.running.work import Work
from engine.storage.records import Write

_REFUSED: Final = Stopped("States.Runtime", "The database refused to store the execution's state.")

_MOST_EVENTS: Final = 10_000
"""Events that may wait for the commit that is under way before messages have to wait in the storage."""

_log = logging.getLogger(__name__)


class Executor:
    """Owns the executions in memory.

    Each has at most one commit under way; events that arrive meanwhile share the next one. An execution that waits
    for nothing but messages and timers sleeps; with timers beyond the horizon alone, it leaves the memory once these
    are rows.

    Attributes:
        tasks: where its tasks run.
        timers: the timers that are due within the horizon.
        on_stray: told of a child execution that nobody waits for, and which execution started it.
        on_doubtful: told of an execution that left the memory since a write of it wasn't applied: somebody else has
            it, or this process has it once more and took it to be in memory.
    """

    def __init__(
        self,
        tasks: TaskPool,
        maps: MapRunner,
        activity_tasks: ActivityTasks,
        commits: CommitLoop,
        clock: DatabaseClock,
        options: EngineOptions,
        observer: Observer,
    ) -> None:
        self._maps = maps
        self._activity_tasks = activity_tasks
        self._commits = commits
        self._clock = clock
        self._observer = observer
        self._horizon = timedelta(seconds=options.timer_horizon_seconds)
        self._residents = Residents()
        self._deadlines = Deadlines()
        self.tasks = tasks
        self.on_stray: Callable[[UUID, str], None] = _ignore
        self.on_doubtful: Callable[[UUID], None] = _ignore
        self.timers = Timers(clock, self._timer_fired)
        self._work = Work(tasks, self.timers, maps, self)

    def __len__(self) -> int:
        """Count the executions in memory."""
        return len(self._residents)

    def __contains__(self, execution_id: UUID) -> bool:
        """Tell whether the execution is in memory."""
        return execution_id in self._residents

    @property
    def departures(self) -> Departures:
        """Who looks after executions that leave this process while they aren't over."""
        return self._work.departures

    @departures.setter
    def departures(self, departures: Departures) -> None:
        self._work.departures = departures

    # Starting, going on, ending

    async def start(self, run: Run, step: Step, seconds: float | None = None) -> Outcome:
        """Commit an execution's first step, or the one that redrives it, and say what became of it.

        The execution is on its way then; events that come for it before are taken in afterwards. It is redriven by one
        at a time: a commit is said to be applied for all that it has of an execution. Raises TimeoutError when the
        outcome isn't known within `seconds`.
        """
        if step.write.redriven is not None:
            if self.redrive_count(run.id) == run.identity.redrive_count:
                return "rejected"
            self.departures.returned(run.id)
        settled: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        self._residents.add_if_absent(run)
        self._commit(run, step, partial(self._settle_start, run, step, settled))
        if seconds is not None:
            self._deadlines.limit(settled, seconds)
        try:
            return await settled
        finally:
            # It has the TimeoutError, whose traceback has this frame: a cycle that would keep the execution.
            del settled

    @contextmanager
    def noting_who_leaves(self) -> Iterator[set[UUID]]:
        """Give the executions that leave the memory meanwhile: what was read of them may be of before that."""
        self._residents.left = left = set[UUID]()
        try:
            yield left
        finally:
            self._residents.left = None

    def redrive_count(self, execution_id: UUID) -> int | None:
        """Tell how often an execution in memory was redriven; None if it isn't there."""
        return self._residents.redrive_count(execution_id)

    def deliver(self, execution_id: UUID, event: Event, message_id: int | None = None) -> bool:
        """Hand an event to an execution in memory; False if it isn't there."""
        run = self._residents.find(execution_id)
        if run is None:
            return False
        self._receive(run, Arrival(event, message_id))
        self._park(run)
        return True

    def adopt(self, run: Run, commands: Sequence[Command], arrivals: Sequence[Arrival]) -> None:
        """Go on with an execution that was brought into memory, and tell it what happened meanwhile."""
        self.departures.returned(run.id)
        self._residents.add(run)
        for command in commands:
            self._work.obey(run, command)
        for arrival in arrivals:
            self._receive(run, arrival)
        self._park(run)

    def abandon(self) -> None:
        """Forget all executions and cancel their tasks: they belong to others."""
        self._activity_tasks.abandon()
        self._work.abandon(self._residents.awake.keys())
        self._residents.clear()

    async def wait_for_end(self, execution_id: UUID, seconds: float) -> None:
        """Return when an execution in memory ends or leaves the memory, or after that time."""
        await self._residents.wait_for_end(execution_id, seconds)

    # Handing over

    async def flush(self) -> None:
        """Wait until no commit is under way."""
        await self._activity_tasks.flush()
        await self._commits.flush()

    def drain(self) -> None:
        """Run no further tasks; those that run go on. To be repeated as they end."""
        self._work.drain(self._residents.awake.values())

    def release_idle(self) -> list[UUID]:
        """Forget the executions that have no task running here and no commit under way; gives them."""
        self.drain()
        idle = [run for run in self._residents.awake.values() if not run.tasks and not run.committing]
        asleep = list(self._residents.asleep())
        for run in idle:
            self._forget(run)
        for execution_id, sleeper in asleep:
            self._forget_sleeper(execution_id, sleeper)
        return [run.id for run in idle] + [execution_id for execution_id, _ in asleep]

    def hold(self, execution_id: UUID) -> None:
        """Let an execution leave the memory unless a commit is under way; tasks that run here go on."""
        run = self._residents.find(execution_id)
        if run is not None and not run.committing:
            self._depart(run, ())

    # What tasks and timers tell

    def task_ended(self, execution_id: UUID, event: TaskOutcome) -> None:
        """Hear that a task or a map run has ended, or waits for a message from now on."""
        run = self._residents.find(execution_id)
        if run is None:
            self.departures.task_ended(execution_id, event)
        else:
            run.tasks -= 1
            self._submitted(run, event)

    async def task_submitted(self, execution_id: UUID, event: TaskSubmitted) -> None:
        """Make it durable that a task's call was made; the task goes on."""
        run = self._residents.find(execution_id)
        if run is None:
            self.departures.task_ended(execution_id, event)
        else:
            durable = asyncio.Event()
            self._submitted(run, event, durable.set)
            await durable.wait()

    def task_lives(self, execution_id: UUID, event: TaskHeartbeat) -> None:
        """Hear that a task is alive."""
        run = self._residents.find(execution_id)
        if run is not None and all(arrival.event != event for arrival in run.mailbox):
            self._receive(run, Arrival(event))

    def _submitted(self, run: Run, event: TaskOutcome, noted: Callable[[], None] | None = None) -> None:
        """Take in the outcome of a task's call, and then what came for the task while it was under way."""
        run.submitting.discard(event.task_id)
        run.mailbox.append(Arrival(event, None, noted))
        run.take_early()
        self._advance(run)

    def _timer_fired(self, execution_id: UUID, timer_id: str) -> None:
        self.deliver(execution_id, TimerFired(timer_id))

    # Plumbing

    def _receive(self, run: Run, arrival: Arrival) -> None:
        """Take in an event once; one that ends a task whose call is still under way waits for the call's outcome.

        A message that finds the mailbox full stays in the storage, and will be read again.
        """
        if arrival.message_id is not None:
            if arrival.message_id in run.messages or len(run.mailbox) >= _MOST_EVENTS:
                return
            run.messages.add(arrival.message_id)
            if run.is_early(arrival):
                run.early.append(arrival)
                return
        run.mailbox.append(arrival)
        self._advance(run)

    def _advance(self, run: Run) -> None:
        if not run.committing and run.mailbox:
            arrivals = run.mailbox
            step = run.advance(self._clock.now(), self._horizon)
            if step is None:
                self._tell_strays(run, arrivals)
            else:
                self._commit(run, step, partial(self._settle, run, step))

    def _commit(self, run: Run, step: Step, settle: Callable[[Outcome], None]) -> None:
        run.committing = True
        if not step.workers_tasks:
            self._commits.put(Commit(step.write, settle))
            return

        def put(write: Write, failures: Sequence[TaskFailed]) -> None:
            def settle_all(outcome: Outcome) -> None:
                run.mailbox += [Arrival(failure) for failure in failures]
                settle(outcome)

            self._commits.put(Commit(write, settle_all))

        self._activity_tasks.add(step.write, step.workers_tasks, run.info.organization, put, lambda: settle("lost"))

    def _settle_start(self, run: Run, step: Step, settled: asyncio.Future[Outcome], outcome: Outcome) -> None:
        if outcome == "applied":
            self._residents.add(run)
            self._observer.execution_started(run.info)
            self._apply(run, step)
        elif self._is_resident(run):
            self._residents.remove(run.id)
            self.on_doubtful(run.id)
        if not settled.done():
            settled.set_result(outcome)

    def _settle(self, run: Run, step: Step, outcome: Outcome) -> None:
        if not self._is_resident(run):
            return
        if outcome == "applied":
            self._apply(run, step)
        elif outcome == "refused" and (step.finish is None or step.finish.status != "ABORTED"):
            run.undo(step)
            run.mailbox = [Arrival(_REFUSED)]
            self._advance(run)
        else:
            _log.warning("The execution %s isn't this process's any more (%s).", run.info.arn, outcome)
            if outcome == "rejected":
                self._depart(run, step.arrivals)
            else:
                self._forget(run)
            self.on_doubtful(run.id)

    def _apply(self, run: Run, step: Step) -> None:
        """Do what a committed step asks for."""
        run.settled(step)
        self._observer.transition_committed(run.info, step.history)
        for command in step.commands:
            self._work.obey(run, command)
        run.take_early()
        self._tell_strays(run, step.arrivals)
        if step.finish is None:
            self._advance(run)
            self._park(run)
        else:
            self._tell_strays(run, run.mailbox)
            self._finish(run, step.finish.status, step.finish.error)

    def _finish(self, run: Run, status: str, error: str | None) -> None:
        self._forget(run)
        seconds = (self._clock.now() - run.info.started_at).total_seconds()
        self._observer.execution_finished(run.info, status, error, seconds)
        map_run = run.identity.origin.map_run
        if map_run is not None:
            self._maps.child_ended(map_run, run.id, status)

    def _tell_strays(self, run: Run, arrivals: Sequence[Arrival]) -> None:
        """Tell of children that were started just when their parent gave their task up."""
        for arrival in arrivals:
            event = arrival.event
            if type(event) is not TaskSubmitted or (child := child_in(event.output)) is None:
                continue
            if run.snapshot is None or not is_awaited(run.snapshot, event.task_id):
                self.on_stray(child, run.info.arn)

    def _park(self, run: Run) -> None:
        """Let an execution sleep when nothing runs for it, or leave if nothing is due within the horizon either."""
        if run.tasks or run.committing or run.mailbox or self._work.draining or not self._is_resident(run):
            return
        if run.stranded is not None:
            self._forget(run)
            self.departures.stranded(run.id, run.stranded)
            return
        far = self._clock.now() + self._horizon
        if run.timers and min(run.timers.values()) <= far:
            self._residents.sleep(run)
        elif (step := run.store_timers(far)) is not None:
            self._commit(run, step, partial(self._settle, run, step))
        else:
            self._forget(run)

    def _is_resident(self, run: Run) -> bool:
        return self._residents.awake.get(run.id) is run

    def _forget(self, run: Run) -> None:
        self._residents.remove(run.id)
        self._work.forget(run)

    def _forget_sleeper(self, execution_id: UUID, sleeper: Asleep) -> None:
        self._residents.remove(execution_id)
        for timer_id, _due in sleeper.timers:
            self.timers.cancel(execution_id, timer_id)

    def _depart(self, run: Run, arrivals: Sequence[Arrival]) -> None:
        """Forget an execution but not its tasks; whoever takes it over is to get the results that nobody took in."""
        self._residents.remove(run.id)
        results = run.results(arrivals)
        if self._work.let_go(run) or results:
            self.departures.left(run.id, results)


def _ignore(*_: object) -> None:
    """Tell nobody."""
