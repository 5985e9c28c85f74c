"""Puts the parts of an engine together."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from engine.events import Sink
from engine.runtime.callbacks.activity_queues import ActivityQueues
from engine.runtime.callbacks.activity_tasks import ActivityTasks
from engine.runtime.callbacks.service import Callbacks
from engine.runtime.callbacks.tokens import TaskTokens
from engine.runtime.children.runner import Children, TaskRouter
from engine.runtime.clock import DatabaseClock
from engine.runtime.control_plane.activities import Activities
from engine.runtime.control_plane.aliases import Aliases
from engine.runtime.control_plane.checks import Checks
from engine.runtime.control_plane.state_machines import StateMachines
from engine.runtime.control_plane.state_tests import StateTests
from engine.runtime.control_plane.tags import Tags
from engine.runtime.control_plane.targets import Targets
from engine.runtime.control_plane.versions import Versions
from engine.runtime.definitions import Definitions
from engine.runtime.executions import Executions
from engine.runtime.express import Express
from engine.runtime.identity import Terms
from engine.runtime.leader import Leader
from engine.runtime.leader.purging import Purging
from engine.runtime.lifecycle.handover import Handlers
from engine.runtime.lifecycle.lifecycle import Lifecycle
from engine.runtime.listing import Listing
from engine.runtime.maps.children import StandardChildren
from engine.runtime.maps.coordinator import MapCoordinator
from engine.runtime.maps.ends import Ends, patience
from engine.runtime.maps.expresschildren import ExpressChildren
from engine.runtime.maps.inputs import S3Access
from engine.runtime.maps.life import Limits
from engine.runtime.maps.service import MapRuns
from engine.runtime.observer import Observer
from engine.runtime.options import EngineOptions
from engine.runtime.outbox.describing import Describer
from engine.runtime.outbox.publisher import Publisher
from engine.runtime.ownership.adoption import Adoption
from engine.runtime.ownership.lease import ProcessLease
from engine.runtime.ownership.sweeper import Sweeper
from engine.runtime.redrive import Redrives
from engine.runtime.retention import Archives, Archiving, NoPlace, open_place
from engine.runtime.running.commit_loop import CommitLoop
from engine.runtime.running.executor import Executor
from engine.runtime.running.task_pool import TaskPool
from engine.runtime.schedules.groups import ScheduleGroups
from engine.runtime.schedules.launching import Launcher, Launching
from engine.runtime.schedules.scheduler import Scheduler
from engine.runtime.schedules.service import Schedules
from engine.runtime.starter import Starter
from engine.storage.protocol import Storage
from engine.tasks.requests import TaskRunner


class Resources:
    """What is made, found and described, whichever process runs what: state machines and all that belongs to them."""

    def __init__(self, storage: Storage, options: EngineOptions, clock: DatabaseClock, checks: Checks) -> None:
        self.definitions = Definitions(storage, options)
        self.machines = StateMachines(storage, self.definitions, clock, checks)
        self.versions = Versions(storage, self.definitions, self.machines, clock)
        self.aliases = Aliases(storage, self.machines, clock)
        self.activities = Activities(storage, self.definitions, clock)
        self.tags = Tags(storage, self.machines, self.activities)
        self.targets = Targets(self.machines, self.versions, self.aliases)
        place = NoPlace() if options.archive is None else open_place(options.archive, options.region)
        self.archives = Archives(place)
        self.archiving = Archiving(storage, place, clock, _archive_after(options))
        self.executions = Executions(storage, self.definitions, clock, self.archives)
        self.map_runs = MapRuns(storage, self.definitions, self.executions)
        self.schedule_groups = ScheduleGroups(storage, self.definitions, clock)
        self.schedules = Schedules(storage, self.definitions, self.schedule_groups, clock, options, self.executions)
        self.listing = Listing(self.machines, self.map_runs, self.executions, self.definitions)


class Parts:
    """The parts of one process's engine, each made with those that it uses."""

    def __init__(
        self,
        storage: Storage,
        tasks: TaskRunner,
        options: EngineOptions,
        observer: Observer,
        s3: S3Access,
        on_lost: Callable[[], None],
        checks: Checks,
        clock: DatabaseClock,
        *,
        handlers: Handlers | None,
        sink: Sink | None,
    ) -> None:
        self.tokens = TaskTokens()
        terms = Terms(self.tokens, options.max_payload_bytes)
        self.lease = ProcessLease(storage, clock, name=options.instance, seconds=options.lease_seconds, on_lost=on_lost)
        self.commits = CommitLoop(storage, self.lease, observer, options.commit_batch, options.inline_payload_bytes)

        resources = Resources(storage, options, clock, checks)
        self.resources = resources

        router = TaskRouter(tasks)
        pool = TaskPool(router, clock, observer, options.max_concurrent_tasks)
        maps = MapCoordinator(storage, self.lease, clock, s3, Limits(options.max_payload_bytes))
        workers = ActivityTasks(storage, clock)
        self.executor = Executor(pool, maps, workers, self.commits, clock, options, observer)
        self.starter = Starter(self.executor, self.commits, resources.executions, terms, clock, options)
        self.express = Express(pool, terms, clock, options, observer)
        self.state_tests = StateTests(router, resources.definitions, clock)
        children = Children(storage, resources.targets, self.starter, self.express, resources.executions)
        router.connect(children)
        self.executor.on_stray = children.stop

        adoption = Adoption(
            storage,
            self.executor,
            resources.definitions,
            maps,
            workers,
            lease=self.lease,
            terms=terms,
            clock=clock,
            options=options,
            observer=observer,
        )
        self.executor.on_doubtful = adoption.doubt
        ends = Ends(storage, maps.abort_strays, patience(options.lease_seconds))
        self._give_children(maps, storage, adoption, ends, terms, clock, options)
        self.redrives = Redrives(storage, self.executor, resources.executions, adoption, ends, clock, options)
        self.queues = ActivityQueues(storage, clock, options)
        self.callbacks = Callbacks(storage, resources.activities, self.queues, self.tokens, clock, options)
        self.leader = Leader(storage, self.lease, options.lease_seconds)
        self._lead(storage, observer, clock, options.poll_seconds)
        self.publisher = self._publisher(storage, sink, clock, options.poll_seconds)
        self.lifecycle = self._lifecycle(storage, adoption, handlers, options)
        self.lifecycle.register(self.leader)
        self.sweeper = Sweeper(storage, adoption, maps, self.lease, clock, options, self.lifecycle)

    def _give_children(
        self,
        maps: MapCoordinator,
        storage: Storage,
        adoption: Adoption,
        ends: Ends,
        terms: Terms,
        clock: DatabaseClock,
        options: EngineOptions,
    ) -> None:
        """Give map runs those who run their children, by the type of execution."""
        horizon = options.timer_horizon_seconds
        standard = StandardChildren(self.executor, adoption, storage, terms, clock, ends, horizon)
        express = ExpressChildren(self.express, self.commits, storage, clock, maps.child_ended)
        maps.connect({"STANDARD": standard, "EXPRESS": express})

    def _lead(self, storage: Storage, observer: Observer, clock: DatabaseClock, poll_seconds: float) -> None:
        """Give the leader what only one process does: schedules, what is to be forgotten, and what to be archived."""
        of = self.resources
        launcher = Launcher(of.targets, of.definitions, self.starter, self.express, of.executions)
        Scheduler(storage, Launching(storage, launcher, observer), self.leader, clock).register(poll_seconds)
        Purging(storage, clock).register(self.leader)
        of.archiving.register(self.leader)

    def _lifecycle(
        self, storage: Storage, adoption: Adoption, handlers: Handlers | None, options: EngineOptions
    ) -> Lifecycle:
        of = self.resources
        return Lifecycle(
            storage,
            self.lease,
            self.executor,
            adoption,
            of.executions,
            of.definitions,
            handlers=handlers,
            options=options,
        )

    def _publisher(
        self, storage: Storage, sink: Sink | None, clock: DatabaseClock, poll_seconds: float
    ) -> Publisher | None:
        if sink is None:
            return None
        publisher = Publisher(storage, sink, Describer(storage, self.resources.executions), self.leader, clock)
        publisher.register(poll_seconds)
        return publisher


def _archive_after(options: EngineOptions) -> timedelta | None:
    if options.archive is None or options.archive_after_days == 0:
        return None
    return timedelta(days=options.archive_after_days)
