"""The state machines of the benchmark, by name: each is as plain as its workload allows."""

from __future__ import annotations

import json
from typing import Final

JsonObject = dict[str, object]

STEP: Final = "handler:benchmarks-step"
INPUT: Final[JsonObject] = {"order": 1, "done": 0}
"""What an execution starts with, and each step gets and gives."""


def _step(following: str | None = None) -> JsonObject:
    end: JsonObject = {"End": True} if following is None else {"Next": following}
    return {"Type": "Task", "Resource": STEP, **end}


def three_steps() -> JsonObject:
    """Three steps, one after the other."""
    return {
        "StartAt": "Reserve",
        "States": {"Reserve": _step("Charge"), "Charge": _step("Ship"), "Ship": _step()},
    }


def one_pass() -> JsonObject:
    """One state that does nothing: the smallest execution there is."""
    return {"StartAt": "Done", "States": {"Done": {"Type": "Pass", "End": True}}}


def wait() -> JsonObject:
    """Waits as many seconds as its input says."""
    return {"StartAt": "Rest", "States": {"Rest": {"Type": "Wait", "SecondsPath": "$.seconds", "End": True}}}


def parallel(width: int) -> JsonObject:
    """Steps side by side."""
    branches = [{"StartAt": f"Step{index}", "States": {f"Step{index}": _step()}} for index in range(width)]
    return {"StartAt": "All", "States": {"All": {"Type": "Parallel", "Branches": branches, "End": True}}}


def each_item(children: str) -> JsonObject:
    """A step for each item of the input, in executions of their own, which are STANDARD or EXPRESS.

    Inline, 10,000 items would make more events than one history may have (AWS: 25,000).
    """
    each = {
        "Type": "Map",
        "ItemsPath": "$.items",
        "ItemProcessor": {
            "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": children},
            "StartAt": "Step",
            "States": {"Step": _step()},
        },
        "ResultPath": None,
        "Next": "Done",
    }
    return {"StartAt": "Each", "States": {"Each": each, "Done": {"Type": "Pass", "Result": {}, "End": True}}}


def inputs(count: int) -> str:
    """The input of `each_item` with so many items, as JSON; of 10,000 it is nearly as large as an input may be."""
    items = [{"order": index, "done": 0} for index in range(count)]
    return json.dumps({"items": items}, separators=(",", ":"))
