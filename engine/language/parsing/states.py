"""Reads states (ASL: "States"); what is wrong with them goes to the problems."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from engine.language.dataflow import DataFlow
from engine.language.definition import (
    UNSET,
    ChoiceState,
    FailState,
    MapState,
    ParallelState,
    PassState,
    State,
    StateTable,
    SucceedState,
    TaskState,
    WaitState,
)
from engine.language.expressions.paths import ROOT_PATH, Path
from engine.language.expressions.timestamps import parse_timestamp
from engine.language.limits import MAX_SECONDS
from engine.language.parsing.choices import read_rules
from engine.language.parsing.fields import Fields
from engine.language.parsing.resources import read_resource
from engine.language.parsing.retries import read_catch, read_retry
from engine.language.problems import sentence

_COMMON: Final = ("Type", "Comment", "QueryLanguage")
_FILTERS: Final = ("InputPath", "OutputPath")
_GOING_ON: Final = ("Next", "End")
_RESULTS: Final = ("Parameters", "ResultSelector", "ResultPath")
_ERRORS: Final = ("Retry", "Catch")

ReadTable = Callable[[Fields], StateTable]
"""Reads the states of a branch or of an item processor; handed in, since they in turn hold states."""


def read_state(name: str, state: Fields, read_table: ReadTable) -> State | None:
    """Read the state ``name``; None if it has no type that is known."""
    kind = state.value.get("Type")
    reader = _READERS.get(kind) if isinstance(kind, str) else None
    if reader is None:
        allowed = ", ".join(_READERS)
        if "Type" in state.value:
            state.report("Type", "unknown-type", f"{kind!r} is not a type of state; allowed are {allowed}.")
        else:
            state.problems.add(state.path, "missing-field", f"A state must have a Type: one of {allowed}.")
        return None
    state.kind = f"a {kind} state"
    state.text("Comment")
    read_query_language(state)
    return reader(name, state, read_table)


def read_query_language(fields: Fields) -> None:
    """Check the field QueryLanguage of a machine or state."""
    language = fields.text("QueryLanguage")
    if language == "JSONata":
        message = "This version does not run JSONata; the query language must be JSONPath."
        fields.report("QueryLanguage", "unsupported-query-language", message)
    elif language not in {None, "JSONPath"}:
        fields.report("QueryLanguage", "wrong-value", f"'QueryLanguage' must be JSONPath, but is {language!r}.")


def _pass(name: str, state: Fields, _: ReadTable) -> PassState:
    state.allow((*_COMMON, *_FILTERS, *_GOING_ON, "Parameters", "ResultPath", "Result"))
    return PassState(name=name, next=_next(state), flow=_flow(state), result=state.value.get("Result", UNSET))


def _task(name: str, state: Fields, _: ReadTable) -> TaskState:
    timing = ("TimeoutSeconds", "TimeoutSecondsPath", "HeartbeatSeconds", "HeartbeatSecondsPath")
    state.allow((*_COMMON, *_FILTERS, *_GOING_ON, *_RESULTS, *_ERRORS, *timing, "Resource"))
    timeout, heartbeat = _seconds(state, "TimeoutSeconds"), _seconds(state, "HeartbeatSeconds")
    if isinstance(timeout, int) and isinstance(heartbeat, int) and heartbeat >= timeout:
        message = f"'HeartbeatSeconds' must be less than TimeoutSeconds, which is {timeout}, but is {heartbeat}."
        state.report("HeartbeatSeconds", "wrong-value", message)
    resource = read_resource(state)
    if resource.type == "http":
        for field in ("HeartbeatSeconds", "HeartbeatSecondsPath"):
            if field in state.value:
                message = f"An HTTP call sends no heartbeats, so that {field!r} would end it; use TimeoutSeconds."
                state.report(field, "unsupported-field", message)
    return TaskState(
        name=name,
        next=_next(state),
        flow=_flow(state),
        resource=resource,
        timeout=timeout,
        heartbeat=heartbeat,
        retry=read_retry(state),
        catch=read_catch(state),
    )


def _choice(name: str, state: Fields, _: ReadTable) -> ChoiceState:
    state.allow((*_COMMON, *_FILTERS, "Choices", "Default"))
    return ChoiceState(name=name, flow=_flow(state), rules=read_rules(state), default=state.text("Default"))


def _wait(name: str, state: Fields, _: ReadTable) -> WaitState:
    ways = ("Seconds", "Timestamp", "SecondsPath", "TimestampPath")
    state.allow((*_COMMON, *_FILTERS, *_GOING_ON, *ways))
    state.require(*ways)
    timestamp = parse_timestamp(state.value.get("Timestamp"))
    if "Timestamp" in state.value and timestamp is None:
        state.report("Timestamp", "wrong-type", "'Timestamp' must be a timestamp such as 2024-08-18T17:33:00Z.")
    return WaitState(
        name=name,
        next=_next(state),
        flow=_flow(state),
        seconds=state.whole("Seconds", 0, MAX_SECONDS),
        seconds_path=state.reference("SecondsPath"),
        timestamp=timestamp,
        timestamp_path=state.reference("TimestampPath"),
    )


def _succeed(name: str, state: Fields, _: ReadTable) -> SucceedState:
    state.allow((*_COMMON, *_FILTERS))
    return SucceedState(name=name, flow=_flow(state))


def _fail(name: str, state: Fields, _: ReadTable) -> FailState:
    state.allow((*_COMMON, "Error", "ErrorPath", "Cause", "CausePath"))
    state.exclude("Error", "ErrorPath")
    state.exclude("Cause", "CausePath")
    return FailState(
        name=name,
        error=state.expression("ErrorPath") or state.text("Error"),
        cause=state.expression("CausePath") or state.text("Cause"),
    )


def _parallel(name: str, state: Fields, read_table: ReadTable) -> ParallelState:
    state.allow((*_COMMON, *_FILTERS, *_GOING_ON, *_RESULTS, *_ERRORS, "Branches"))
    state.require("Branches")
    branches: list[StateTable] = []
    for branch in state.children("Branches", "a branch", least=1):
        branch.allow(("StartAt", "States", "Comment", "QueryLanguage"))
        branches.append(read_table(branch))
    return ParallelState(
        name=name,
        next=_next(state),
        flow=_flow(state),
        branches=tuple(branches),
        retry=read_retry(state),
        catch=read_catch(state),
    )


def _map(name: str, state: Fields, read_table: ReadTable) -> MapState:
    processors, selectors = ("ItemProcessor", "Iterator"), ("ItemSelector", "Parameters")
    concurrency = ("MaxConcurrency", "MaxConcurrencyPath")
    own = (*processors, *selectors, *concurrency, "ItemsPath", "ResultSelector", "ResultPath")
    state.allow((*_COMMON, *_FILTERS, *_GOING_ON, *_ERRORS, *own))
    state.require(*processors)
    state.exclude(*selectors)
    state.exclude(*concurrency)
    selector = state.template("ItemSelector" if "ItemSelector" in state.value else "Parameters")
    return MapState(
        name=name,
        next=_next(state),
        flow=_flow(state, parameters=False),
        processor=_processor(state, read_table),
        items_path=state.reference("ItemsPath") or ROOT_PATH,
        item_selector=selector,
        max_concurrency=state.reference("MaxConcurrencyPath") or state.whole("MaxConcurrency", 0, MAX_SECONDS) or 0,
        retry=read_retry(state),
        catch=read_catch(state),
    )


def _processor(state: Fields, read_table: ReadTable) -> StateTable:
    name = "ItemProcessor" if "ItemProcessor" in state.value else "Iterator"
    processor = state.child(name, "an item processor")
    if processor is None:
        return StateTable("", {})
    processor.allow(("StartAt", "States", "Comment", "QueryLanguage", "ProcessorConfig"))
    config = processor.child("ProcessorConfig", "a processor configuration")
    if config is not None:
        config.allow(("Mode",))
        mode = config.text("Mode")
        if mode == "DISTRIBUTED":
            config.report("Mode", "unsupported-mode", "This version does not run DISTRIBUTED; the mode must be INLINE.")
        elif mode not in {None, "INLINE"}:
            config.report("Mode", "wrong-value", f"'Mode' must be INLINE, but is {mode!r}.")
    return read_table(processor)


def _flow(state: Fields, *, parameters: bool = True) -> DataFlow:
    """Read what the state has of InputPath, Parameters, ResultSelector, ResultPath and OutputPath."""
    return DataFlow(
        input_path=state.filter_path("InputPath"),
        parameters=state.template("Parameters") if parameters else None,
        result_selector=state.template("ResultSelector"),
        result_path=state.result_path(),
        output_path=state.filter_path("OutputPath"),
    )


def _next(state: Fields) -> str | None:
    """Read Next or End; None is the end."""
    ends = state.flag("End")
    if "Next" in state.value and ends:
        state.report("End", "exclusive-fields", "Next and End exclude each other; only one of them is allowed.")
    elif "Next" not in state.value and not ends:
        message = f"{sentence(state.kind)} must say how to go on: 'Next' with the name of a state, or 'End': true."
        state.problems.add(state.path, "missing-field", message)
    return state.text("Next")


def _seconds(state: Fields, name: str) -> int | Path | None:
    state.exclude(name, f"{name}Path")
    return state.reference(f"{name}Path") or state.whole(name, 1, MAX_SECONDS)


_READERS: Final[dict[str, Callable[[str, Fields, ReadTable], State]]] = {
    "Task": _task,
    "Pass": _pass,
    "Choice": _choice,
    "Wait": _wait,
    "Succeed": _succeed,
    "Fail": _fail,
    "Parallel": _parallel,
    "Map": _map,
}
