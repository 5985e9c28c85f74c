"""Activities in memory."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from engine.storage.lifecycle import PAUSED
from engine.storage.memory.tables import Tables
from engine.storage.records import Activity, ActivityTask


class MemoryActivities:
    """See `Activities`."""

    _tables: Tables

    async def create_activity(self, activity: Activity) -> bool:
        """See `Activities.create_activity`."""
        return self._tables.activities.setdefault((activity.organization, activity.name), activity) is activity

    async def find_activity(self, organization: str, name: str) -> Activity | None:
        """See `Activities.find_activity`."""
        return self._tables.activities.get((organization, name))

    async def list_activities(self, organization: str, limit: int, after: str | None) -> list[Activity]:
        """See `Activities.list_activities`."""
        known = self._tables.activities.values()
        found = [a for a in known if a.organization == organization and (after is None or a.name > after)]
        return sorted(found, key=lambda activity: activity.name)[:limit]

    async def delete_activity(self, organization: str, name: str) -> bool:
        """See `Activities.delete_activity`."""
        activity = self._tables.activities.pop((organization, name), None)
        if activity is None:
            return False
        self._tables.tags.pop(activity.id, None)
        tasks = self._tables.activity_tasks
        self._tables.activity_tasks = {key: task for key, task in tasks.items() if task.activity_id != activity.id}
        return True

    async def take_activity_task(
        self, activity_id: UUID, started: Callable[[ActivityTask], bytes]
    ) -> ActivityTask | None:
        """See `Activities.take_activity_task`."""
        for key, task in self._tables.activity_tasks.items():
            if task.activity_id == activity_id and not self._is_paused(task.execution_id):
                self._tables.send(task.execution_id, started(task))
                del self._tables.activity_tasks[key]
                return task
        return None

    def _is_paused(self, execution_id: UUID) -> bool:
        active = self._tables.active.get(execution_id)
        return active is not None and active.owner == PAUSED
