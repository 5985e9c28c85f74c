"""What this process does with its executions: events in, commits out, and then what the commits ask for."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Sequence
from datetime import timedelta
from typing import Final
from uuid import UUID

import msgspec

from engine.language import (
    CancelTask,
    CancelTimer,
    Command,
    Event,
    InvalidDefinition,
    RunTask,
    StartTimer,
    Stopped,
    TimerFired,
    decode_snapshot,
)
from engine.runtime.clock import DatabaseClock
from engine.runtime.commit_loop import Commit, CommitLoop, Outcome
from engine.runtime.definitions import Definitions
from engine.runtime.observer import Observer
from engine.runtime.options import EngineOptions
from engine.runtime.run import Arrival, Run, Step
from engine.runtime.task_pool import Job, TaskPool
from engine.runtime.tasks import TaskRunner
from engine.runtime.timers import Timers
from engine.storage.records import ActiveExecution, Beginning

_REFUSED: Final = Stopped("States.Runtime", "The database refused to store the execution's state.")

_log = logging.getLogger(__name__)


class Executor:
    """Owns the executions in memory.

    Each has at most one commit under way; events that arrive meanwhile share the next one. An execution that waits
    for nothing but timers beyond the horizon leaves the memory once these are rows.
    """

    def __init__(
        self,
        tasks: TaskRunner,
        commits: CommitLoop,
        definitions: Definitions,
        clock: DatabaseClock,
        options: EngineOptions,
        observer: Observer,
    ) -> None:
        self._commits = commits
        self._definitions = definitions
        self._clock = clock
        self._observer = observer
        self._horizon = timedelta(seconds=options.timer_horizon_seconds)
        self._runs: dict[UUID, Run] = {}
        self._ends: dict[UUID, asyncio.Event] = {}
        self._draining = False
        self.tasks = TaskPool(tasks, clock, observer, options.max_concurrent_tasks, self._task_done, self._task_lives)
        self.timers = Timers(clock, self._timer_fired)

    def __len__(self) -> int:
        """Count the executions in memory."""
        return len(self._runs)

    def __contains__(self, execution_id: UUID) -> bool:
        """Tell whether the execution is in memory."""
        return execution_id in self._runs

    # Starting, going on, ending

    async def start(self, run: Run, beginning: Beginning) -> Outcome:
        """Commit an execution's start and say what became of it; the execution is on its way then."""
        settled: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        step = run.begin(beginning, beginning.started_at + self._horizon)

        def settle(outcome: Outcome) -> None:
            if outcome == "applied":
                self._runs[run.id] = run
                self._observer.execution_started(run.info)
                self._apply(run, step)
            if not settled.done():
                settled.set_result(outcome)

        run.committing = True
        self._commits.put(Commit(step.write, settle))
        return await settled

    def deliver(self, execution_id: UUID, event: Event, message_id: int | None = None) -> bool:
        """Hand an event to an execution in memory; False if it isn't there."""
        run = self._runs.get(execution_id)
        if run is None:
            return False
        if message_id is None or all(arrival.message_id != message_id for arrival in run.mailbox):
            run.mailbox.append(Arrival(event, message_id))
            self._advance(run)
        return True

    async def adopt(self, stored: Sequence[ActiveExecution], *, taken_over: bool) -> None:
        """Go on with executions that this process owns, unless they are in memory."""
        for execution in stored:
            try:
                run = await self._adopt(execution)
            except (LookupError, ValueError, InvalidDefinition):
                _log.exception("The execution %s can't be read; it stays where it is.", execution.id)
            else:
                if run is not None and taken_over:
                    self._observer.execution_taken_over(run.info)

    def abandon(self) -> None:
        """Forget all executions and cancel their tasks: they belong to others."""
        self.tasks.cancel_all()
        self.timers.clear()
        self._runs.clear()
        ends, self._ends = self._ends, {}
        for ended in ends.values():
            ended.set()

    async def wait_for_end(self, execution_id: UUID, seconds: float) -> None:
        """Return when an execution in memory ends or leaves the memory, or after that time."""
        if execution_id in self._runs:
            ended = self._ends.setdefault(execution_id, asyncio.Event())
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await ended.wait()

    # Handing over

    def drain(self) -> None:
        """Run no further tasks; those that run go on."""
        self._draining = True
        running = self.tasks.withdraw()
        for run in self._runs.values():
            run.tasks = running[run.id]

    def release_idle(self) -> list[UUID]:
        """Forget the executions that have no task running here and no commit under way; gives them."""
        idle = [run.id for run in self._runs.values() if not run.tasks and not run.committing]
        for execution_id in idle:
            self._forget(self._runs[execution_id])
        return idle

    # Plumbing

    def _advance(self, run: Run) -> None:
        if not run.committing and run.mailbox:
            now = self._clock.now()
            step = run.advance(now, now + self._horizon)
            if step is not None:
                self._commit(run, step)

    def _commit(self, run: Run, step: Step) -> None:
        run.committing = True
        self._commits.put(Commit(step.write, lambda outcome: self._settle(run, step, outcome)))

    def _settle(self, run: Run, step: Step, outcome: Outcome) -> None:
        if self._runs.get(run.id) is not run:
            return
        if outcome == "applied":
            self._apply(run, step)
        elif outcome == "refused" and (step.finish is None or step.finish.status != "ABORTED"):
            run.undo(step)
            run.mailbox = [Arrival(_REFUSED)]
            self._advance(run)
        else:
            _log.warning("The execution %s isn't this process's any more (%s).", run.info.arn, outcome)
            self._forget(run)

    def _apply(self, run: Run, step: Step) -> None:
        """Do what a committed step asks for."""
        run.committing = False
        self._observer.transition_committed(run.info, step.history)
        for command in step.commands:
            self._obey(run, command)
        if step.finish is None:
            self._advance(run)
            self._park(run)
        else:
            self._forget(run)
            seconds = (self._clock.now() - run.info.started_at).total_seconds()
            self._observer.execution_finished(run.info, step.finish.status, step.finish.error, seconds)

    def _obey(self, run: Run, command: Command) -> None:
        match command:
            case RunTask():
                if not self._draining:
                    run.tasks += 1
                    self.tasks.submit(Job(run.id, run.info, command))
            case CancelTask(task_id=task_id):
                if self.tasks.cancel(run.id, task_id):
                    run.tasks -= 1
            case StartTimer(timer_id=timer_id, due=due):
                self.timers.set(run.id, timer_id, due)
            case CancelTimer(timer_id=timer_id):
                self.timers.cancel(run.id, timer_id)

    def _park(self, run: Run) -> None:
        """Let an execution leave the memory when nothing will happen to it within the horizon."""
        if run.tasks or run.committing or self._draining:
            return
        far = self._clock.now() + self._horizon
        if not run.timers or min(run.timers.values()) <= far:
            return
        step = run.store_timers(far)
        if step is not None:
            self._commit(run, step)
        else:
            self._forget(run)

    def _forget(self, run: Run) -> None:
        del self._runs[run.id]
        for timer_id in run.timers:
            self.timers.cancel(run.id, timer_id)
        if run.tasks:
            self.tasks.cancel_of(run.id)
        ended = self._ends.pop(run.id, None)
        if ended is not None:
            ended.set()

    async def _adopt(self, execution: ActiveExecution) -> Run | None:
        definition = await self._definitions.version(execution.state_machine_id, execution.version)
        data = msgspec.json.decode(execution.input)
        run = Run(definition, execution.id, execution.name, execution.started_at, data)
        commands = run.resume(decode_snapshot(execution.snapshot), execution.sequence, self._clock.now())
        if execution.id in self._runs:
            return None
        self._runs[run.id] = run
        for command in commands:
            self._obey(run, command)
        self._park(run)
        return run

    def _task_done(self, execution_id: UUID, event: Event) -> None:
        run = self._runs.get(execution_id)
        if run is not None:
            run.tasks -= 1
            self.deliver(execution_id, event)

    def _task_lives(self, execution_id: UUID, event: Event) -> None:
        run = self._runs.get(execution_id)
        if run is not None and all(arrival.event != event for arrival in run.mailbox):
            self.deliver(execution_id, event)

    def _timer_fired(self, execution_id: UUID, timer_id: str) -> None:
        self.deliver(execution_id, TimerFired(timer_id))
