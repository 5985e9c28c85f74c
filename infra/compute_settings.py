"""What the tasks run on, as a frozen model."""

from typing import Annotated, Literal

import msgspec
from msgspec import field

from infra.values import between


class ComputeSettings(msgspec.Struct, frozen=True, rename="camel"):
    """Processors, the share of Fargate Spot beyond the tasks that are always on demand, and commands in tasks."""

    architecture: Literal["X86_64", "ARM64"] = field(name="taskArchitecture")
    spot_percent: Annotated[int, between(0, 100, "percent")]
    on_demand_tasks: Annotated[int, between(0, 1000, "tasks")]
    execute_command: bool
