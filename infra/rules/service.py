"""The tasks: their size and number, and how they are replaced."""

import math
from collections.abc import Iterator, Mapping, Sequence

from infra.contract import Contract, EngineValue
from infra.problems import Problem
from infra.rules.rule import Rule, problem

_FARGATE_MEMORY: Mapping[int, Sequence[int]] = {
    256: (512, 1024, 2048),
    512: range(1024, 4097, 1024),
    1024: range(2048, 8193, 1024),
    2048: range(4096, 16385, 1024),
    4096: range(8192, 30721, 1024),
    8192: range(16384, 61441, 4096),
    16384: range(32768, 122881, 8192),
}
"""Memory in MiB that Fargate offers by CPU units ("Task size" in the Amazon ECS Developer Guide)."""


def _fargate_pair(cpu: int, memory: int) -> Iterator[Problem]:
    sizes = _FARGATE_MEMORY[cpu]
    if memory not in sizes:
        several = f"{sizes[0]} to {sizes[-1]} in steps of {sizes[1] - sizes[0]}"
        wanted = several if isinstance(sizes, range) else "one of " + ", ".join(map(str, sizes))
        yield problem("taskMemory", memory, f"must be {wanted} for a taskCpu of {cpu}")


def _drain(stop: int, overrides: Mapping[str, EngineValue], contract: Contract) -> Iterator[Problem]:
    drain = contract.effective("SHUTDOWN_DRAIN_SECONDS", overrides)
    if not drain < stop:
        yield problem("stopTimeout", stop, f"must be above the engine's SHUTDOWN_DRAIN_SECONDS {drain:g}")


def _engine_settings(overrides: Mapping[str, EngineValue], contract: Contract) -> Iterator[Problem]:
    for name, value in overrides.items():
        wrong = contract.check(name, value)
        if wrong:
            found, _, wanted = wrong.partition(": ")
            yield Problem(f"workflow:engineSettings.{name}", found, wanted)


def _autoscaling(enabled: bool, minimum: int, desired: int, maximum: int) -> Iterator[Problem]:  # noqa: FBT001 the value of a key
    if enabled and not minimum <= desired <= maximum:
        wanted = f"must be between autoscalingMinimum {minimum} and autoscalingMaximum {maximum}"
        yield problem("desiredCount", desired, wanted)


def _replacement(least: int, most: int, autoscaled: bool, desired: int, minimum: int) -> Iterator[Problem]:  # noqa: FBT001 the value of a key
    tasks = minimum if autoscaled else desired
    kept = math.ceil(tasks * least / 100)
    if tasks and tasks * most // 100 <= kept:
        needed = math.ceil((kept + 1) / tasks * 100)
        wanted = f"must be at least {needed}, as deploymentMinimumHealthyPercent {least} keeps {kept} of {tasks} tasks"
        yield problem("deploymentMaximumPercent", most, wanted)


def _log_router(image: str, arn: str, host: str) -> Iterator[Problem]:
    for key, value in (("openSearchDomainArn", arn), ("openSearchHost", host)):
        if image and not value:
            yield problem(key, '""', "must be set with logRouterImage, which sends the log there")
        if value and not image:
            yield problem("logRouterImage", '""', f"must be set with {key}, as the log router sends the log there")


RULES = (
    Rule(("taskCpu", "taskMemory"), _fargate_pair),
    Rule(("stopTimeout", "engineSettings", "contract"), _drain),
    Rule(("engineSettings", "contract"), _engine_settings),
    Rule(("logRouterImage", "openSearchDomainArn", "openSearchHost"), _log_router),
    Rule(("autoscaling", "autoscalingMinimum", "desiredCount", "autoscalingMaximum"), _autoscaling),
    Rule(
        (
            "deploymentMinimumHealthyPercent",
            "deploymentMaximumPercent",
            "autoscaling",
            "desiredCount",
            "autoscalingMinimum",
        ),
        _replacement,
    ),
)
