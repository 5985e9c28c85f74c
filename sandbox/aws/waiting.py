"""Waits for resources that AWS makes and deletes in its own time."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from botocore.exceptions import WaiterError

from sandbox.aws.errors import NotReadyError

if TYPE_CHECKING:
    from sandbox.aws.api import Api
    from sandbox.aws.definition import Wait
    from sandbox.aws.values import Properties

POLL_SECONDS = 0.2


def waiter(name: str, member: str, state_key: str, *, many: bool = False) -> Wait:
    """Return a wait by one of boto3's waiters; `member` takes the state's `state_key`, in a list where `many`."""

    def wait(api: Api, identity: str, state: Properties, seconds: float) -> None:
        value = {**state, "id": identity}[state_key]
        config = {"Delay": POLL_SECONDS, "MaxAttempts": math.ceil(seconds / POLL_SECONDS)}
        try:
            api.client.get_waiter(name).wait(**{member: [value] if many else value, "WaiterConfig": config})
        except WaiterError as error:
            raise NotReadyError(f"{value} did not become ready: {error}") from error

    return wait
