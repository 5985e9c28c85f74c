"""Activities in SQLite."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from typing import Final
from uuid import UUID

from engine.storage.records import Activity, ActivityTask
from engine.storage.sqlite.database import Database
from engine.storage.sqlite.executions import send
from engine.storage.sqlite.values import from_time, record

_CREATE: Final = """
insert into activities (id, organization, name, configuration, created_at) values (?, ?, ?, ?, ?)
on conflict do nothing returning id
"""
_ACTIVITY: Final = "select id, organization, name, configuration, created_at from activities"
_FIND: Final = f"{_ACTIVITY} where organization = ? and name = ?"
_LIST: Final = f"{_ACTIVITY} where organization = ? and name > ? order by name limit ?"
_DELETE: Final = "delete from activities where organization = ? and name = ? returning id"
_DELETE_TAGS: Final = "delete from tags where resource = ?"
_DELETE_TASKS: Final = "delete from activity_tasks where activity_id = ?"

_OLDEST: Final = """
select execution_id, task_id, activity_id, input from activity_tasks
where activity_id = ? and execution_id not in (select execution_id from active_executions where owner = -1)
order by id limit 1
"""
_DELETE_TASK: Final = "delete from activity_tasks where execution_id = ? and task_id = ?"


class SqliteActivities:
    """See `Activities`."""

    _database: Database

    async def create_activity(self, activity: Activity) -> bool:
        """See `Activities.create_activity`."""
        identity = (activity.id.bytes, activity.organization, activity.name)
        details = (activity.configuration, from_time(activity.created_at))
        return bool(await self._database.change(_CREATE, *identity, *details))

    async def find_activity(self, organization: str, name: str) -> Activity | None:
        """See `Activities.find_activity`."""
        rows = await self._database.rows(_FIND, organization, name)
        return record(Activity, rows[0]) if rows else None

    async def list_activities(self, organization: str, limit: int, after: str | None) -> list[Activity]:
        """See `Activities.list_activities`."""
        return [record(Activity, row) for row in await self._database.rows(_LIST, organization, after or "", limit)]

    async def delete_activity(self, organization: str, name: str) -> bool:
        """See `Activities.delete_activity`."""
        return await self._database.write(lambda connection: _delete(connection, organization, name))

    async def take_activity_task(
        self, activity_id: UUID, started: Callable[[ActivityTask], bytes]
    ) -> ActivityTask | None:
        """See `Activities.take_activity_task`."""
        if not await self._database.rows(_OLDEST, activity_id.bytes):
            return None
        task, owner = await self._database.write(lambda connection: _take(connection, activity_id, started))
        if owner is not None:
            self._database.tell([owner])
        return task


def _delete(connection: sqlite3.Connection, organization: str, name: str) -> bool:
    row = connection.execute(_DELETE, (organization, name)).fetchone()
    if row is None:
        return False
    connection.execute(_DELETE_TAGS, (row["id"],))
    connection.execute(_DELETE_TASKS, (row["id"],))
    return True


def _take(
    connection: sqlite3.Connection, activity_id: UUID, started: Callable[[ActivityTask], bytes]
) -> tuple[ActivityTask | None, int | None]:
    row = connection.execute(_OLDEST, (activity_id.bytes,)).fetchone()
    if row is None:
        return None, None
    task = record(ActivityTask, row)
    connection.execute(_DELETE_TASK, (row["execution_id"], row["task_id"]))
    return task, send(connection, task.execution_id, started(task))
