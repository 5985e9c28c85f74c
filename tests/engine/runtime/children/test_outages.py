"""A task starts an execution while the database goes away."""

from __future__ import annotations

from engine.storage import StorageUnavailable
from engine.storage.memory import MemoryStorage
from engine.storage.records import Execution
from tests.engine.runtime.children.test_children import starting
from tests.engine.runtime.support import Tasks, begin, create, finished, make_engine, sequence


class Away(MemoryStorage):
    """A storage that is away so many times when an execution is looked for."""

    lookups = 0

    async def find_execution(self, organization: str, machine: str, name: str) -> Execution | None:
        """Look for an execution."""
        if self.lookups and name == "same":
            self.lookups -= 1
            raise StorageUnavailable("it is away")
        return await super().find_execution(organization, machine, name)


async def test_a_child_that_runs_already_is_looked_for_until_it_is_found() -> None:
    storage, tasks = Away(), Tasks()
    engine = make_engine(storage, tasks)
    await engine.start()
    child = await create(engine, sequence("gate"), "child")
    await begin(engine, child, "same")
    await tasks.started.wait()
    storage.lookups = 1
    parent = await create(engine, starting(child, "", Name="same"), "parent")
    over = await finished(engine, await begin(engine, parent))
    assert (over.status, storage.lookups) == ("SUCCEEDED", 0)
    tasks.gate.set()
    await engine.stop(1)
