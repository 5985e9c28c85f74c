"""What a process tells the others about itself."""

from __future__ import annotations

from pathlib import Path

from aiohttp import ClientSession, web
from aiohttp.test_utils import TestServer

from engine.commands.process import Work, running
from engine.commands.sinks import open_sink
from engine.events.eventbridge import EventBridgeSink
from engine.observability.metrics import Metrics
from engine.runtime import SilentObserver
from engine.settings import load_settings
from engine.storage.memory import MemoryStorage
from engine.tasks.components import load_components
from tests.engine.runtime.support import ORGANIZATION, begin, create, eventually, finished, sequence

COMPONENT = Path(__file__).parents[1] / "api" / "component"
PASS: dict[str, object] = {"StartAt": "P", "States": {"P": {"Type": "Pass", "End": True}}}


async def test_it_publishes_its_handlers_and_waits_for_those_of_others() -> None:
    storage = MemoryStorage()
    settings = load_settings({"HANDLER_WAIT_SECONDS": "0"})
    work = Work(settings, storage, load_components([COMPONENT]), SilentObserver())
    await work.engine.start()
    await eventually(lambda: bool(storage._tables.abilities))
    [abilities] = storage._tables.abilities.values()
    assert {f"handler:{name}" for name in work.registry.names} <= abilities
    over = await finished(work.engine, await begin(work.engine, await create(work.engine, sequence("absent"))))
    assert (over.organization, over.error) == (ORGANIZATION, "HandlerNotFound")
    assert over.cause == "no component defines the handler 'absent'"
    await work.stop(0)


class Received:
    """What a web server was told."""

    def __init__(self) -> None:
        self.statuses: list[str] = []

    async def take(self, request: web.Request) -> web.Response:
        """Take an event."""
        self.statuses.append((await request.json())["detail"]["status"])
        return web.Response()


async def test_it_publishes_where_the_settings_say(tmp_path: Path) -> None:
    received, app = Received(), web.Application()
    app.router.add_post("/events", received.take)
    server = TestServer(app)
    await server.start_server()
    settings = load_settings(
        {
            "WORKFLOW_DB_FILE": str(tmp_path / "engine.db"),
            "EVENTS_PUBLISHER": "webhook",
            "EVENTS_WEBHOOK_URL": str(server.make_url("/events")),
            "EVENTS_WEBHOOK_SECRET": "x" * 24,
            "MANAGEMENT_PORT": "0",
            "WORKFLOW_ADDR": "127.0.0.1:0",
        }
    )
    metrics = Metrics()
    async with running(settings, [], metrics, SilentObserver()) as process:
        await finished(process.engine, await begin(process.engine, await create(process.engine, PASS)))
        await eventually(lambda: received.statuses == ["RUNNING", "SUCCEEDED"])
        health = await process.engine.health()
        metrics.health(health)
        assert health.outbox is not None
        assert health.outbox.publishing
        assert b"\noutbox_event_pending_total " in metrics.render()
        _, management = process.server.addresses
        url = f"http://127.0.0.1:{management[1]}/health/detailed"
        async with ClientSession() as session, session.get(url) as answer:
            shown = (await answer.json())["components"]["outbox"]
        assert (shown["status"], shown["details"]["isPublisher"]) == ("healthy", True)
    await server.close()


def test_eventbridge_and_none() -> None:
    assert open_sink(load_settings({})) is None
    assert isinstance(open_sink(load_settings({"EVENTS_PUBLISHER": "eventbridge"})), EventBridgeSink)
