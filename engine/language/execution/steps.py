"""What every state does: enter, leave, give way to others."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec.structs import replace

from engine.language.dataflow.interface import Outcome
from engine.language.definition import State
from engine.language.errors import variables_too_large
from engine.language.execution.run import Run
from engine.language.execution.work import Ended, Enter
from engine.language.history import ENTERED, EXITED
from engine.language.limits import MAX_VARIABLES_BYTES
from engine.language.snapshot import AwaitTurn, Frame
from engine.language.values import json_text


def enter(run: Run, frame: Frame, state: State) -> Frame:
    """Record the entry into the frame's ``state``."""
    run.entered += 1
    details: dict[str, object] = {"name": state.name, "input": run.accepted(frame.input)}
    event = run.note(ENTERED[state.type], frame.last_event, details)
    return run.put(
        replace(
            frame,
            last_event=event,
            entry_event=event,
            entry_id=str(event),
            entered_at=run.now,
            attempt=1,
            retries={},
            awaiting=None,
        )
    )


def give_way(run: Run, frame: Frame) -> None:
    """Let others have their turn: enter the state when a timer that is due at once has fired.

    All threads that give way in one transition share the timer, so that many of them don't make a transition each.
    """
    run.put(replace(frame, awaiting=AwaitTurn(run.turn_id, run.now)))
    run.start_timer(run.turn_id, run.now)


def leave(
    run: Run, frame: Frame, state: State, outcome: Outcome, next_state: str | None, previous: int | None = None
) -> None:
    """Record the exit from the frame's ``state`` and go on at ``next_state``, or end the frame.

    ``previous`` is the event that the exit follows, where it isn't the frame's latest.
    """
    output = outcome.output
    details: dict[str, object] = {"name": state.name, "output": run.payload(output, state.name)}
    variables = frame.variables
    if outcome.assigned:
        details["assignedVariables"] = _texts(run, frame, outcome.assigned)
        variables = {**variables, **outcome.assigned}
    event = run.note(EXITED[state.type], frame.last_event if previous is None else previous, details)
    if next_state is None:
        run.put(replace(frame, last_event=event, awaiting=None, variables=variables))
        run.work.append(Ended(frame.id, output))
    else:
        frame = replace(frame, state=next_state, input=output, last_event=event, awaiting=None, variables=variables)
        run.put(frame)
        run.work.append(Enter(frame.id))


def _texts(run: Run, frame: Frame, assigned: Mapping[str, object]) -> dict[str, str]:
    """Give the variables as JSON texts; too large, they are a failure."""
    texts = {name: json_text(value) for name, value in assigned.items()}
    if sum(len(text.encode()) for text in texts.values()) > run.context.max_payload_bytes:
        raise variables_too_large(frame.state, run.context.max_payload_bytes)
    whole = json_text({**run.variables(frame), **assigned})
    if len(whole.encode()) > MAX_VARIABLES_BYTES:
        raise variables_too_large(frame.state, MAX_VARIABLES_BYTES)
    return texts
