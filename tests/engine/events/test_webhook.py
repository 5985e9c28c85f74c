"""Events posted to a web server."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import AsyncIterator, Callable

import pytest
from aiohttp import web

from engine.events.signing import signing_key
from engine.events.webhook import WebhookSink
from tests.engine.events.conftest import Serve, event_of

KEY = b"a key of more than 24 bytes"
SECRET = f"whsec_{base64.b64encode(KEY).decode()}"

Open = Callable[[str], WebhookSink]


@pytest.fixture
async def opened() -> AsyncIterator[Open]:
    """Opens sinks."""
    sinks: list[WebhookSink] = []

    def make(url: str) -> WebhookSink:
        sinks.append(WebhookSink(url, SECRET, "workflow.states", clock=lambda: 1_777_863_721.9))
        return sinks[-1]

    yield make
    for sink in sinks:
        await sink.close()


async def test_each_event_is_a_signed_request(serve: Serve, opened: Open) -> None:
    received: dict[str, object] = {}

    async def answer(request: web.Request) -> web.Response:
        body = await request.read()
        key, timestamp = request.headers["Webhook-Id"], request.headers["Webhook-Timestamp"]
        digest = hmac.new(KEY, f"{key}.{timestamp}.".encode() + body, hashlib.sha256).digest()
        assert request.headers["Webhook-Signature"] == f"v1,{base64.b64encode(digest).decode()}"
        assert (timestamp, request.content_type) == ("1777863721", "application/json")
        received[key] = json.loads(body)["detail"]
        return web.Response(status=204)

    events = [event_of(number) for number in range(20)]
    delivery = await opened(await serve(answer)).publish(events)
    assert delivery.problem is None
    assert delivery.accepted == set(received)
    assert received == {event.deduplication_id: json.loads(event.detail) for event in events}


@pytest.mark.parametrize("status", [302, 400, 500])
async def test_any_other_status_is_a_refusal(serve: Serve, opened: Open, status: int) -> None:
    async def answer(request: web.Request) -> web.Response:
        bad = request.headers["Webhook-Id"].startswith("e1:")
        return web.Response(status=status if bad else 200, headers={"Location": "/other"} if bad else {})

    delivery = await opened(await serve(answer)).publish([event_of(number) for number in range(3)])
    assert delivery.accepted == {"e0:0:SUCCEEDED", "e2:0:SUCCEEDED"}
    assert delivery.problem == f"The webhook answered with the status {status}."


async def test_nobody_answers(opened: Open) -> None:
    delivery = await opened("http://127.0.0.1:9/").publish([event_of(1)])
    assert delivery.accepted == frozenset()
    assert delivery.problem == "The webhook doesn't answer: ClientConnectorError."


@pytest.mark.parametrize("secret", ["short", "whsec_c2hvcnQ=", "whsec_not base64, however long it may be"])
def test_a_secret_that_is_none(secret: str) -> None:
    with pytest.raises(ValueError, match=r"short|base64"):
        signing_key(secret)


def test_a_secret_may_be_any_text() -> None:
    assert signing_key("x" * 24) == b"x" * 24
