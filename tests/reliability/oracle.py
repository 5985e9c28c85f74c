"""What has to hold after every storm, whatever broke."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Final

import msgspec

from engine.language import ExecutionContext, HistoryEvent
from engine.runtime.callbacks.tokens import TaskTokens
from engine.runtime.definitions import Definitions
from engine.runtime.identity import Identity, Terms, context_of, info_of
from engine.runtime.maps.children import processor
from engine.runtime.options import EngineOptions
from engine.storage import Storage
from engine.storage.lifecycle import EMPTY
from engine.storage.records import ALL, ChildCount, Execution, ExecutionFilter, MapRun
from tests.reliability.replay import Departure, check

_EVENTS: Final = msgspec.json.Decoder(list[HistoryEvent])
_AT_A_TIME: Final = 1_000
_DATA: Final = frozenset({"input", "output", "error", "cause", "parameters"})
"""What an event's details may hold of the data of its execution, among other things."""


class Effect(msgspec.Struct, frozen=True, array_like=True):
    """A side effect of a handler: the key that it was asked for under, and the process that had it."""

    key: str
    process: str


class Verdict(msgspec.Struct, kw_only=True):
    """What was judged, and what is wrong: a sentence for each problem.

    `repeated` counts side effects beyond the first under a key: retries, and tasks that ran again.
    """

    executions: int = 0
    events: int = 0
    effects: int = 0
    repeated: int = 0
    problems: list[str] = []


class Oracle:
    """Judges the executions of a storage against what an engine promises.

    `apart` is how far the processes' notions of the database's time may have been apart.
    """

    def __init__(
        self, storage: Storage, token_key: bytes, options: EngineOptions, apart: timedelta = timedelta(seconds=1)
    ) -> None:
        self._storage = storage
        self._apart = apart
        self._definitions = Definitions(storage, options)
        tokens = TaskTokens()
        tokens.key = token_key
        self._terms = Terms(tokens, options.max_payload_bytes)

    async def judge(self, organization: str, effects: Iterable[Effect]) -> Verdict:
        """Look at every execution of the organization, and at every side effect."""
        verdict = Verdict()
        histories: dict[str, list[HistoryEvent]] = {}
        async for execution in self._executions(organization):
            history = await self._history(execution)
            histories[str(execution.id)] = history
            verdict.executions += 1
            verdict.events += len(history)
            problems = [*_record(execution, history), *await self._contents(execution, history)]
            verdict.problems += [f"{execution.name}: {problem}" for problem in problems]
        runs: dict[str, int] = defaultdict(int)
        for effect in effects:
            runs[effect.key] += 1
        verdict.effects, verdict.repeated = sum(runs.values()), sum(count - 1 for count in runs.values())
        verdict.problems += _effects(histories, runs)
        return verdict

    async def _executions(self, organization: str) -> AsyncIterator[Execution]:
        """Give all executions, each followed by the children of its map runs."""
        async for execution in self._listed(organization, ALL):
            async for each in self._with_children(organization, execution):
                yield each

    async def _with_children(self, organization: str, execution: Execution) -> AsyncIterator[Execution]:
        yield execution
        for map_run in await self._storage.list_map_runs(execution.id, _AT_A_TIME, None):
            async for child in self._listed(organization, ExecutionFilter(map_run=map_run.id)):
                async for each in self._with_children(organization, child):
                    yield each

    async def _listed(self, organization: str, chosen: ExecutionFilter) -> AsyncIterator[Execution]:
        before = None
        while page := await self._storage.list_executions(organization, None, None, _AT_A_TIME, before, chosen):
            for execution in page:
                yield execution
            before = page[-1].id

    async def _history(self, execution: Execution) -> list[HistoryEvent]:
        chunks = await self._storage.read_history(execution.id, after=None, limit=100_000, reverse=False)
        return [event for chunk in chunks for event in _EVENTS.decode(chunk.data)]

    async def _contents(self, execution: Execution, history: Sequence[HistoryEvent]) -> list[str]:
        """Complain of what an execution and its map runs say, and shouldn't."""
        map_runs = await self._storage.list_map_runs(execution.id, _AT_A_TIME, None)
        problems = [
            problem
            for each in map_runs
            for problem in _map_run(execution, each, await self._storage.count_children(each.id))
        ]
        if await self._storage.erasures([execution.id]):
            return [*problems, *_erased(execution, history)]
        if execution.origin.map_run is None or history:
            problems += _answers(history)
            try:
                await self._replay(execution, history)
            except Departure as departure:
                problems.append(str(departure))
        return problems

    async def _replay(self, execution: Execution, history: Sequence[HistoryEvent]) -> None:
        definition = await self._definitions.version(execution.state_machine_id, execution.version)
        if execution.origin.map_run is not None:
            map_run = await self._storage.find_map_run(execution.origin.map_run)
            if map_run is None:
                raise Departure(f"{execution.id}: its map run isn't stored")
            definition = processor(definition, map_run.label, map_run.pointer)

        def context(redrives: int, at: datetime | None) -> ExecutionContext:
            identity = Identity(
                id=execution.id,
                name=execution.name,
                input=execution.input,
                data=msgspec.json.decode(execution.input),
                started_at=execution.started_at,
                origin=execution.origin,
                redrive_count=redrives,
                redriven_at=at,
            )
            return context_of(definition, identity, info_of(definition, identity), self._terms)

        check(definition.parsed, context, history, self._apart)


def _record(execution: Execution, history: Sequence[HistoryEvent]) -> Iterator[str]:
    """Complain of gaps, and of an end that the history doesn't tell of; EXPRESS children have no history."""
    ids = [event.id for event in history]
    if ids != list(range(1, len(ids) + 1)):
        yield f"the ids of its events are {ids}"
    if execution.status == "RUNNING":
        yield "it never ended"
    elif not history:
        if execution.origin.map_run is None:
            yield f"it is {execution.status}, but has no history"
    elif history[-1].type.removeprefix("Execution").upper() != execution.status.replace("_", ""):
        yield f"it is {execution.status}, but its history ends with {history[-1].type}"


def _map_run(execution: Execution, row: MapRun, counts: Sequence[ChildCount]) -> Iterator[str]:
    """Complain of a map run that isn't over, and of one that succeeded without, or in spite of, its children."""
    items = {count.status: count.items for count in counts}
    if row.status == "RUNNING":
        yield f"its map run {row.id} never ended"
    elif row.status == "SUCCEEDED":
        failed = sum(items.values()) - items.get("SUCCEEDED", 0)
        if failed > row.tolerated_failure_count or sum(items.values()) != row.items:
            yield f"its map run {row.id} of {row.items} items succeeded with {items}"
    elif execution.status == "SUCCEEDED":
        yield f"it succeeded, and its map run {row.id} is {row.status}"


def _erased(execution: Execution, history: Sequence[HistoryEvent]) -> Iterator[str]:
    """Complain of data that is left after its erasure."""
    if (execution.input, execution.output, execution.error, execution.cause) != (EMPTY, None, None, None):
        yield "its input, output, error or cause is left after the erasure of its data"
    left = [event.id for event in history if event.details.keys() & _DATA]
    if left:
        yield f"the events {left} have data left after its erasure"


def _answers(history: Sequence[HistoryEvent]) -> Iterator[str]:
    """Complain of a handler's result that was made for another visit or before a redrive."""
    redrives = [event.id for event in history if event.type == "ExecutionRedriven"]
    for event, entry in _done(history):
        made_by = msgspec.json.decode(str(event.details["output"])).get("by", "")
        visit = made_by.rpartition(":")[2].partition(".")[0]
        count = sum(each < event.id for each in redrives)
        wanted = f"{entry}r{count}" if count and redrives[count - 1] > entry else str(entry)
        if visit != wanted:
            yield f"the event {event.id} has the result of the visit {visit} instead of {wanted}"


def _effects(histories: dict[str, list[HistoryEvent]], runs: dict[str, int]) -> Iterator[str]:
    """Complain of side effects that nobody asked for, that were forgotten, or that changed their keys."""
    keys: dict[tuple[str, int], set[str]] = defaultdict(set)
    for key in runs:
        execution, _, entry = key.partition(":")
        event = int(entry.partition("r")[0])
        keys[execution, event].add(key)
        history = histories.get(execution, [])
        if not (0 < event <= len(history) and history[event - 1].type == "TaskStateEntered"):
            yield f"{key}: a side effect without a committed entry of its state"
    for execution, history in histories.items():
        redrives = sum(event.type == "ExecutionRedriven" for event in history)
        for _, done in _done(history):
            seen = keys[execution, done]
            if not seen:
                yield f"{execution}:{done}: its task succeeded without a side effect"
            elif len(seen) > 1 + redrives:
                yield f"{execution}:{done}: its side effect came under the keys {sorted(seen)}"


def _done(history: Sequence[HistoryEvent]) -> Iterator[tuple[HistoryEvent, int]]:
    """Give successes of handlers and the entries of their states; one that was redriven isn't caused by its entry."""
    for event in history:
        if event.type == "TaskSucceeded" and event.details.get("resourceType") == "handler":
            cause = event
            while cause.type != "TaskStateEntered" and cause.previous_id:
                cause = history[cause.previous_id - 1]
            if cause.type == "TaskStateEntered":
                yield event, cause.id
