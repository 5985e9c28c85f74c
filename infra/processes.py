"""How many processes of the engine share a task."""

from collections.abc import Mapping

from infra.contract import EngineValue

PROCESSES = "ENGINE_PROCESSES"
"""Setting of the engine that says it."""

_UNITS = 1024
"""CPU units of a core; Python's code runs on one."""


def processes(cpu: int, overrides: Mapping[str, EngineValue]) -> int:
    """One for each whole core of the task's CPU units, unless the stack's `engineSettings` say how many.

    What they say that isn't a whole number is a problem of its own (`infra/rules/service.py`).
    """
    wanted = overrides.get(PROCESSES)
    return (wanted if isinstance(wanted, int) else 0) or max(1, cpu // _UNITS)
