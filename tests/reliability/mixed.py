"""The definitions of the load: of each kind of state that waits for something, one machine."""

from __future__ import annotations

from typing import Final

Json = dict[str, object]

ARN: Final = "arn:aws:states:us-east-1:000000000000"
ACTIVITY: Final = f"{ARN}:activity:work"
_START: Final = "arn:aws:states:::states:startExecution"
_AGAIN: Final = [
    {"ErrorEquals": ["States.ALL"], "IntervalSeconds": 1, "MaxAttempts": 50, "BackoffRate": 1.1, "MaxDelaySeconds": 2}
]


def machine_arn(name: str) -> str:
    """Give a machine's ARN."""
    return f"{ARN}:stateMachine:{name}"


def machines() -> dict[str, Json]:
    """Give the definitions by the names of their machines."""
    return {
        "sequence": _chain({"A": _task("step"), "B": _task("flaky", Retry=_AGAIN), "C": _task("step")}),
        "waits": _chain(
            {"A": _task("step"), "Near": _wait(1), "B": _task("step"), "Far": _wait(4), "C": _task("step")}
        ),
        "branches": _chain({"Many": _many(), "After": _task("count")}),
        "items": _chain({"Each": _each(_chain({"I": _task("step"), "J": _task("flaky", Retry=_AGAIN)}))}),
        "distributed": _chain({"Each": _distributed(), "After": _task("count")}),
        "worker": _chain({"A": _task("step"), "Work": _resource(ACTIVITY, TimeoutSeconds=5, Retry=_AGAIN)}),
        "parent": _chain({"Child": _starting("sequence", ".sync:2"), "After": _task("count")}),
        "asks": _chain({"Ask": _starting("asked", ".waitForTaskToken"), "After": _task("step")}),
        "asked": _chain({"Tell": _task("ask")}),
        "deadline": _chain({"Slow": _task("slow", TimeoutSeconds=2, Retry=_AGAIN), "After": _task("step")}),
        "beats": _chain({"Work": _resource(ACTIVITY, HeartbeatSeconds=2, Retry=_AGAIN), "After": _task("step")}),
        "starts": _chain({"Child": _starting("waits", ""), "After": _task("count")}),
        "tolerant": _chain({"Each": _tolerant(), "After": _task("count")}),
        "nested": _chain({"Each": _nested(), "After": _task("count")}),
        "express": _chain({"Each": _express(), "After": _task("count")}),
    }


def _chain(states: dict[str, Json]) -> Json:
    names = list(states)
    following = [*(Json(Next=name) for name in names[1:]), Json(End=True)]
    chained = {name: {**states[name], **then} for name, then in zip(names, following, strict=True)}
    return {"StartAt": names[0], "States": chained}


def _resource(resource: str, **fields: object) -> Json:
    return {"Type": "Task", "Resource": resource, **fields}


def _task(handler: str, **fields: object) -> Json:
    return _resource(f"handler:{handler}", **fields)


def _wait(seconds: int) -> Json:
    return {"Type": "Wait", "Seconds": seconds}


def _many() -> Json:
    """Give so many branches that several of them end while a commit is under way, and share the next one."""
    long = _chain({"L": _task("step"), "M": _wait(1), "N": _task("step")})
    short = [_chain({f"{name}1": _task("step"), f"{name}2": _task("step")}) for name in ("R", "S", "T", "U")]
    return {"Type": "Parallel", "Branches": [long, *short]}


def _each(processor: Json) -> Json:
    items = {"ItemsPath": "$.items", "MaxConcurrency": 2, "ItemProcessor": processor}
    return {"Type": "Map", "ItemSelector": {"n.$": "$$.Map.Item.Value"}, **items}


def _distributed(processor: Json | None = None, kind: str = "STANDARD", **fields: object) -> Json:
    mode = {"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": kind}}
    return {**_each({**(processor or _chain({"D": _task("step")})), **mode}), "Label": "Items", **fields}


def _tolerant() -> Json:
    """Give a map run that fails about every fourth time: when more than one of its three items does."""
    return _distributed(_chain({"R": _task("risky")}), ToleratedFailureCount=1)


def _nested() -> Json:
    inner = _distributed(Label="Inner")
    return _distributed(_chain({"Inner": inner}), ItemSelector={"items": [1, 2]}, MaxConcurrency=1)


def _express() -> Json:
    return _distributed(_chain({"P": {"Type": "Pass"}}), "EXPRESS")


def _starting(machine: str, suffix: str) -> Json:
    given: Json = {"n.$": "$.n"}
    if suffix == ".waitForTaskToken":
        given["token.$"] = "$$.Task.Token"
    return _resource(_START + suffix, Parameters={"StateMachineArn": machine_arn(machine), "Input": given})


STARTED: Final = tuple(name for name in machines() if name != "asked")
"""Machines that clients start; the other one is only ever started by a parent."""
