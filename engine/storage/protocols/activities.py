"""Activities and the tasks that wait for their workers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol
from uuid import UUID

from engine.storage.records import Activity, ActivityTask


class Activities(Protocol):
    """Activities by name; their tasks come and go with the writes of executions."""

    async def create_activity(self, activity: Activity) -> bool:
        """Store a new activity; False if its organization has one of that name."""
        ...

    async def find_activity(self, organization: str, name: str) -> Activity | None:
        """Give an activity."""
        ...

    async def list_activities(self, organization: str, limit: int, after: str | None) -> list[Activity]:
        """Give an organization's activities by name, from the first name after `after` on."""
        ...

    async def delete_activity(self, organization: str, name: str) -> bool:
        """Delete an activity with its tags and the tasks that wait in it; False if there is none."""
        ...

    async def take_activity_task(
        self, activity_id: UUID, started: Callable[[ActivityTask], bytes]
    ) -> ActivityTask | None:
        """Take the oldest task that waits in an activity; None if none does. Nobody else ever gets that task.

        In the same transaction `started(task)`, the encoded event TaskStarted with the worker in it, is left as a
        message for the execution, and its owner is told. `started` may run in another thread and has no effects.
        Tasks of executions that are over or paused are not given. A lost connection raises OutcomeUnknown: the task may
        be taken, with the message left, though the worker never sees it; its timeout or heartbeat then ends it.
        """
        ...
