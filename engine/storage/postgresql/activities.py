"""Activities in PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final
from uuid import UUID

from engine.storage.errors import OutcomeUnknown, StorageUnavailable
from engine.storage.postgresql.database import Database
from engine.storage.postgresql.listener import CHANNEL
from engine.storage.records import Activity, ActivityTask

_CREATE: Final = """
insert into activities (id, organization, name, configuration, created_at) values ($1, $2, $3, $4, $5)
on conflict do nothing returning id
"""
_ACTIVITY: Final = "select id, organization, name, configuration, created_at from activities"
FIND_ACTIVITY: Final = f"{_ACTIVITY} where organization = $1 and name = $2"
LIST_ACTIVITIES: Final = f"""
{_ACTIVITY} where organization = $1 and ($3::text is null or name > $3) order by name limit $2
"""
_DELETE: Final = """
with activity as (delete from activities where organization = $1 and name = $2 returning id),
tagged as (delete from tags as t using activity as a where t.resource = a.id),
waiting as (delete from activity_tasks as t using activity as a where t.activity_id = a.id)
select id from activity
"""

# The tasks of paused executions, whose owner is -1, are for nobody. Most polls find nothing, and one statement without
# a transaction tells so.
WAITING: Final = """
select exists (
    select from activity_tasks as t where t.activity_id = $1
        and exists (select from active_executions as a where a.execution_id = t.execution_id and a.owner <> -1)
) as found
"""
LOCK_OLDEST: Final = """
select t.id, t.execution_id, t.task_id, t.activity_id, t.input
from activity_tasks as t
where t.activity_id = $1
    and exists (select from active_executions as a where a.execution_id = t.execution_id and a.owner <> -1)
order by t.id limit 1 for update of t skip locked
"""
_TAKE: Final = """
with taken as (delete from activity_tasks where id = $1),
owned as (select execution_id, owner from active_executions where execution_id = $2),
message as (insert into messages (execution_id, data) select execution_id, $3 from owned)
select pg_notify($4, owner::text) from owned
"""


class PostgresActivities:
    """See `Activities`."""

    _database: Database

    async def create_activity(self, activity: Activity) -> bool:
        """See `Activities.create_activity`."""
        values = (activity.id, activity.organization, activity.name, activity.configuration, activity.created_at)
        return bool(await self._database.fetch(_CREATE, *values))

    async def find_activity(self, organization: str, name: str) -> Activity | None:
        """See `Activities.find_activity`."""
        return await self._database.one(Activity, FIND_ACTIVITY, organization, name)

    async def list_activities(self, organization: str, limit: int, after: str | None) -> list[Activity]:
        """See `Activities.list_activities`."""
        return await self._database.all(Activity, LIST_ACTIVITIES, organization, limit, after)

    async def delete_activity(self, organization: str, name: str) -> bool:
        """See `Activities.delete_activity`."""
        return bool(await self._database.fetch(_DELETE, organization, name))

    async def take_activity_task(
        self, activity_id: UUID, started: Callable[[ActivityTask], bytes]
    ) -> ActivityTask | None:
        """See `Activities.take_activity_task`."""
        if not (await self._database.fetch(WAITING, activity_id))[0]["found"]:
            return None
        task: ActivityTask | None = None
        try:
            async with self._database.transaction() as connection:
                rows = await connection.fetch(LOCK_OLDEST, activity_id)
                if not rows:
                    return None
                key, *values = rows[0].values()
                taken = ActivityTask(*values)
                data = started(taken)
                task = taken
                await connection.fetch(_TAKE, key, taken.execution_id, data, CHANNEL)
        except StorageUnavailable as error:
            if task is not None:
                raise OutcomeUnknown(str(error)) from error
            raise
        return task
