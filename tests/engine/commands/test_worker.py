"""What one of the processes makes of its supervisor's end."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from pathlib import Path

import pytest
import uvloop

from engine.commands import worker
from engine.processes.child import SERVING
from engine.processes.place import Place
from engine.settings import Settings, load_settings
from engine.tasks.components import Component


@pytest.mark.parametrize("heard", [True, False])
def test_one_whose_supervisor_dies_stops_even_if_it_was_never_heard(
    heard: bool,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    supervisor, own = socket.socketpair()
    folder = tmp_path / "sockets"
    folder.mkdir()

    async def serve(
        _: Settings, __: list[Component], asked: asyncio.Event, ___: Place, begun: Callable[[], None]
    ) -> None:
        begun()
        await asyncio.sleep(0.05)
        assert supervisor.recv(len(SERVING), 0 if heard else socket.MSG_PEEK) == SERVING
        supervisor.close()
        await asyncio.wait_for(asked.wait(), 30)

    monkeypatch.setattr(worker, "serve", serve)
    place = Place(number=1, count=2, folder=str(folder), config=None, listening={}, supervisor=own.detach())
    uvloop.run(worker.work(load_settings({}), [], place))
    assert not folder.exists()
