"""What Parallel and inline Map states share: gather the children's outputs, end all when one fails."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from msgspec.structs import replace

from engine.language.definition import ForkState, MapState, ParallelState, TaskState
from engine.language.errors import StatesError
from engine.language.execution.failing import fail
from engine.language.execution.run import Run, families
from engine.language.execution.steps import leave
from engine.language.execution.work import Enter
from engine.language.snapshot import AwaitChildren, AwaitMap, AwaitTask, AwaitTimer, Frame


def run_parallel(run: Run, frame: Frame, state: ParallelState) -> None:
    """Start the branches of a Parallel state."""
    arguments = state.flow.arguments(run.scope(frame, state))
    run.payload(arguments, state.name)
    frame = run.record(frame, "ParallelStateStarted")
    total = len(state.branches)
    run.put(replace(frame, awaiting=AwaitChildren(total, total)))
    for index, branch in enumerate(state.branches):
        start_child(run, frame, index, branch.start_at, arguments)


def start_child(run: Run, parent: Frame, index: int, start_at: str, document: object) -> None:
    """Start a branch or iteration."""
    frame = Frame(
        id=f"{parent.entry_id}.{parent.attempt}/{index}",
        parent=parent.id,
        index=index,
        state=start_at,
        input=document,
        last_event=parent.last_event,
    )
    run.put(frame)
    run.work.append(Enter(frame.id))


def child_ended(
    run: Run, child: Frame, output: object, start_next: Callable[[Run, Frame, MapState, int], None]
) -> None:
    """Take the output of a branch or iteration that has ended; ``start_next`` starts another iteration."""
    parent, state, awaiting = _parent_of(run, child)
    last_event = child.last_event
    if isinstance(state, MapState):
        last_event = run.note("MapIterationSucceeded", last_event, {"name": state.name, "index": child.index})
    run.drop(child)
    awaiting = run.gather(parent, awaiting, child.index, output)
    parent = run.put(replace(parent, awaiting=awaiting))
    if len(awaiting.outputs) == awaiting.total:
        outputs = [awaiting.outputs[index] for index in range(awaiting.total)]
        succeed_fork(run, run.put(replace(parent, last_event=last_event)), state, outputs)
    elif awaiting.started < awaiting.total and isinstance(state, MapState):
        start_next(run, parent, state, child.last_event)


def child_failed(run: Run, child: Frame, failure: StatesError) -> None:
    """End all children of the state, since one has failed, and then let the state itself fail."""
    parent, state, _ = _parent_of(run, child)
    cause = child.last_event
    run.fall(parent)
    if isinstance(state, MapState):
        run.note("MapIterationFailed", cause, {"name": state.name, "index": child.index})
    if isinstance(run.state_of(child), TaskState):
        run.note("TaskStateAborted", cause, {})
    run.drop(child)
    abort_children(run, parent, cause)
    fail(run, run.put(replace(parent, last_event=cause, awaiting=None)), failure)


def succeed_fork(run: Run, frame: Frame, state: ForkState, outputs: object) -> None:
    """Record that all children are done and go on; the exit follows the last of their events, as in the service."""
    last_event = frame.last_event
    frame = run.record(replace(frame, awaiting=None), f"{state.type}StateSucceeded")
    outcome = state.flow.outcome(run.scope(frame, state), outputs)
    leave(run, frame, state, outcome, state.next, previous=last_event)


def abort_children(run: Run, frame: Frame, cause: int) -> None:
    """End everything that the frame's state started; the event ``cause`` is why."""
    if type(frame.awaiting) is AwaitChildren:
        _abort_below(run, frame, cause, families(run.frames))


def _abort_below(run: Run, frame: Frame, cause: int, started: Mapping[str, list[Frame]]) -> None:
    """End what ``frame`` has ``started``; the states it was in are recorded as aborted, the outer ones first."""
    children = started.get(frame.id, ())
    state = run.state_of(frame) if children else None
    for child in children:
        if isinstance(state, MapState):
            run.note("MapIterationAborted", cause, {"name": state.name, "index": child.index})
        if isinstance(child.awaiting, (AwaitTask, AwaitMap, AwaitTimer, AwaitChildren)):
            run.note(f"{run.state_of(child).type}StateAborted", cause, {})
        _abort_below(run, child, cause, started)
        run.drop(child)


def _parent_of(run: Run, child: Frame) -> tuple[Frame, ForkState, AwaitChildren]:
    parent = run.frames[child.parent or ""]
    state = run.state_of(parent)
    if type(parent.awaiting) is not AwaitChildren or not isinstance(state, (ParallelState, MapState)):
        msg = f"the frame {parent.id!r} has children but doesn't wait for them"
        raise TypeError(msg)
    return parent, state, parent.awaiting
