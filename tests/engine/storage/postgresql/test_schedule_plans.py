"""That looking for what is due reads what is due, however many schedules there are."""

from __future__ import annotations

import json
from datetime import timedelta

from engine.storage import open_storage
from engine.storage.postgresql import PostgresStorage, schedules
from tests.engine.storage.rows import NOW
from tests.support.postgres import Databases

_MANY = (
    "insert into organizations (name, account) values ('default', '000000000001')",
    """
    insert into schedule_groups (id, organization, name, created_at, updated_at)
    values (gen_random_uuid(), 'default', 'default', now(), now())
    """,
    f"""
    insert into schedules (
        id, organization, group_name, name, configuration, enabled, ends, revision, due_at, created_at, updated_at
    )
    select gen_random_uuid(), 'default', 'default', 's' || n, '{{}}', true, false, 1,
        timestamptz '{NOW.isoformat()}' + n * interval '1 minute', now(), now()
    from generate_series(1, 5000) as n
    """,
    f"""
    insert into schedule_firings (schedule_id, scheduled_at, start_at, attempt, target)
    select id, due_at, timestamptz '{NOW.isoformat()}' + (due_at - timestamptz '{NOW.isoformat()}'), 1, '{{}}'
    from schedules
    """,
    "analyze",
)


async def test_what_is_due_is_found_by_way_of_an_index(databases: Databases) -> None:
    with databases.migrated() as url:
        for statement in _MANY:
            databases.execute(url, statement)
        storage = open_storage(url, pool_size=1)
        assert isinstance(storage, PostgresStorage)
        await storage.open()
        soon = NOW + timedelta(minutes=10)
        for query in (schedules.DUE, schedules.DUE_FIRINGS):
            [row] = await storage._database.fetch(f"explain (format json) {query}", soon, 1000)
            assert "Seq Scan" not in json.dumps(json.loads(row[0]))
        assert len(await storage.due_schedules(soon, 1000)) == 10
        assert len(await storage.due_firings(soon, 1000)) == 10
        await storage.close()
