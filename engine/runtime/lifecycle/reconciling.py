"""What an execution that changes hands asks for, once its messages are known."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import UNSET
from msgspec.structs import replace

from engine.language import Command, RunMap, RunTask, Stopped, TaskFailed, TaskSubmitted, TaskSucceeded
from engine.runtime.running.run import Arrival


def in_order(arrivals: Sequence[Arrival]) -> list[Arrival]:
    """Put first what tells that a task's call was made: the task's end may have been told before it.

    Then comes the wish to stop: an execution that was told of it goes no step further, whatever came before.
    """
    return sorted(arrivals, key=_rank)


def _rank(arrival: Arrival) -> int:
    if isinstance(arrival.event, TaskSubmitted):
        return 0
    return 1 if isinstance(arrival.event, Stopped) else 2


def reconciled(commands: Sequence[Command], arrivals: Sequence[Arrival]) -> tuple[Command, ...]:
    """Leave out what is of no use: tasks and map runs that have ended, and everything when the execution is stopped.

    A task whose call was made is only waited for. That a task with a token has ended says nothing of its call.
    """
    events = [arrival.event for arrival in arrivals]
    if any(isinstance(event, Stopped) for event in events):
        return ()
    submitted = {event.task_id: event.output for event in events if isinstance(event, TaskSubmitted)}
    ended = {event.task_id for event in events if isinstance(event, TaskSucceeded | TaskFailed)}
    kept: list[Command] = []
    for command in commands:
        if isinstance(command, RunMap) and command.task_id in ended:
            continue
        if not isinstance(command, RunTask):
            kept.append(command)
        elif command.task_id in submitted:
            kept.append(replace(command, submission=submitted[command.task_id]))
        elif command.task_id not in ended or (command.pattern == "token" and command.submission is UNSET):
            kept.append(command)
    return tuple(kept)
