"""The canary, as a frozen model: a client of the stack's own that calls the API from outside."""

from typing import Annotated

import msgspec
from msgspec import Meta, field

from infra.values import between

Runtime = Annotated[
    str,
    Meta(
        pattern=r"^syn-python-selenium-[0-9]{1,3}\.[0-9]{1,2}$",
        description="a Python runtime of CloudWatch Synthetics such as syn-python-selenium-14.0",
    ),
]


class CanarySettings(msgspec.Struct, frozen=True, rename="camel"):
    """Whether there is one, what it runs on, how often, and how long what a run leaves is kept."""

    enabled: bool = field(name="canary")
    runtime: Runtime = field(name="canaryRuntime")
    minutes: Annotated[int, between(1, 60, "minutes")] = field(name="canaryIntervalMinutes")
    retention_days: Annotated[int, between(1, 455, "days")] = field(name="canaryRetentionDays")
