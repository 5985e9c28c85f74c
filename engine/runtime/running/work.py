"""What committed transitions set going: tasks, map runs and timers."""

from __future__ import annotations

from collections.abc import Collection, Container
from uuid import UUID

from msgspec import UNSET

from engine.language import CancelTask, CancelTimer, Command, RunMap, RunTask, StartTimer
from engine.runtime.children.nesting import starts_execution
from engine.runtime.running.departures import Departures, NoDepartures
from engine.runtime.running.map_work import MapJob, MapRunner
from engine.runtime.running.outgoing import activity_name
from engine.runtime.running.run import Run
from engine.runtime.running.task_pool import Job, Owner, TaskPool
from engine.runtime.running.timers import Timers


class Work:
    """Does what the executions of this process ask for; keeps account of what runs here in `Run.tasks`.

    Attributes:
        departures: who knows which tasks can be run here, and looks after executions that leave.
    """

    def __init__(self, tasks: TaskPool, timers: Timers, maps: MapRunner, owner: Owner) -> None:
        self.tasks = tasks
        self.timers = timers
        self._maps = maps
        self._owner = owner
        self._draining = False
        self.departures: Departures = NoDepartures()

    @property
    def draining(self) -> bool:
        """Whether nothing new is begun."""
        return self._draining

    def obey(self, run: Run, command: Command) -> None:
        """Do what a committed transition asks for."""
        if type(command) is RunTask:
            self._run_task(run, command)
        elif type(command) is StartTimer:
            self.timers.set(run.id, command.timer_id, command.due)
        elif type(command) is CancelTimer:
            self.timers.cancel(run.id, command.timer_id)
        elif type(command) is RunMap:
            self._run_map(run, command)
        elif type(command) is CancelTask:
            run.submitting.discard(command.task_id)
            if self.tasks.cancel(run.id, command.task_id) or self._maps.cancel(run.id, command.task_id):
                run.tasks -= 1

    def _run_task(self, run: Run, command: RunTask) -> None:
        if self._draining or waits_for_message(command):
            return
        if not run.forsaken and not self.departures.serves(command.resource):
            run.stranded = command.resource
            return
        run.tasks += 1
        if command.pattern != "request-response" and command.submission is UNSET:
            run.submitting.add(command.task_id)
        self.tasks.submit(Job(run.id, run.info, run.context.role_arn, command, self._owner))

    def _run_map(self, run: Run, command: RunMap) -> None:
        if not self._draining and run.snapshot is not None:
            run.tasks += 1
            job = MapJob(run.id, run.info, run.definition, run.context, run.snapshot, command, self._owner)
            self._maps.begin(job)

    def forget(self, run: Run) -> None:
        """Stop everything that was begun for an execution."""
        for timer_id in run.timers:
            self.timers.cancel(run.id, timer_id)
        if run.tasks:
            self.tasks.cancel_of({run.id})
            self._maps.leave(run.id)

    def let_go(self, run: Run) -> int:
        """Stop everything that was begun for an execution but tasks that run here; gives how many do."""
        for timer_id in run.timers:
            self.timers.cancel(run.id, timer_id)
        self._maps.leave(run.id)
        return self.tasks.leave(run.id)

    def abandon(self, execution_ids: Container[UUID]) -> None:
        """Stop everything that was begun for these executions, which are all that there are."""
        self.tasks.cancel_of(execution_ids)
        self._maps.leave_all()
        self.timers.clear()

    def drain(self, runs: Collection[Run]) -> None:
        """Begin nothing any more, and give up what another process can go on with as it is."""
        self._draining = True
        self._maps.leave_all()
        running = self.tasks.withdraw(self._owner, {run.id for run in runs if run.committing})
        for run in runs:
            run.tasks = running[run.id]


def waits_for_message(task: RunTask) -> bool:
    """Whether nothing runs here for a task: a worker, a token's holder or a child execution will send word."""
    if task.submission is not UNSET:
        return task.pattern == "token" or starts_execution(task.resource)
    return activity_name(task.resource) is not None
