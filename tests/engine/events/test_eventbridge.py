"""Events on a bus of EventBridge: moto's, and one that refuses."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator

import boto3
import pytest
from aiohttp import web

from engine.events.eventbridge import LARGEST_REQUEST_BYTES, MOST_ENTRIES, EventBridgeSink
from tests.engine.events.conftest import ACCOUNT, Serve, event_of
from tests.support.moto_server import running_account


@pytest.fixture(scope="module")
def moto_url() -> Iterator[str]:
    """An AWS account."""
    with running_account() as url:
        yield url


@pytest.fixture
async def sink(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[EventBridgeSink]:
    """A sink that connects to what AWS_ENDPOINT_URL says then."""
    for name, value in ACCOUNT.items():
        monkeypatch.setenv(name, value)
    opened = EventBridgeSink("orders", "workflow.states", "us-east-1")
    yield opened
    await opened.close()


async def test_a_rule_matches_what_is_published(
    sink: EventBridgeSink, moto_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", moto_url)
    bus, queues = boto3.client("events"), boto3.client("sqs")
    queue = queues.create_queue(QueueName="changes")["QueueUrl"]
    arn = queues.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    bus.create_event_bus(Name="orders")
    pattern = {"source": ["workflow.states"], "detail-type": ["Step Functions Execution Status Change"]}
    bus.put_rule(Name="all", EventBusName="orders", EventPattern=json.dumps(pattern))
    bus.put_targets(Rule="all", EventBusName="orders", Targets=[{"Id": "queue", "Arn": arn}])
    events = [event_of(number) for number in range(25)]
    delivery = await sink.publish(events)
    assert delivery.problem is None
    assert delivery.accepted == {event.deduplication_id for event in events}
    received: dict[str, object] = {}
    while messages := queues.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages", []):
        for message in messages:
            body = json.loads(message["Body"])
            received[body["detail"]["deduplicationId"]] = body["detail"]
            queues.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
    assert received == {event.deduplication_id: json.loads(event.detail) for event in events}


async def test_entries_that_are_refused_are_not_accepted(
    sink: EventBridgeSink, serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def answer(request: web.Request) -> web.Response:
        entries = (await request.json())["Entries"]
        refused = {"ErrorCode": "ThrottlingException", "ErrorMessage": "Rate exceeded"}
        told = [
            refused if entry["Detail"].startswith('{"deduplicationId":"e1:') else {"EventId": "1"} for entry in entries
        ]
        return web.json_response({"FailedEntryCount": told.count(refused), "Entries": told})

    monkeypatch.setenv("AWS_ENDPOINT_URL_EVENTBRIDGE", await serve(answer))
    delivery = await sink.publish([event_of(number) for number in range(3)])
    assert delivery.accepted == {"e0:0:SUCCEEDED", "e2:0:SUCCEEDED"}
    assert delivery.problem is not None
    assert delivery.problem.endswith("refused 1 events for the bus orders: ThrottlingException: Rate exceeded")


async def test_a_request_that_fails_harms_no_other(
    sink: EventBridgeSink, serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes: list[tuple[int, int]] = []

    async def answer(request: web.Request) -> web.Response:
        entries = (await request.json())["Entries"]
        if '"e0:' in entries[0]["Detail"]:
            return web.json_response({"__type": "AccessDeniedException", "message": "not allowed"}, status=400)
        sizes.append((len(entries), sum(len(entry["Detail"]) for entry in entries)))
        return web.json_response({"FailedEntryCount": 0, "Entries": [{"EventId": "1"} for _ in entries]})

    monkeypatch.setenv("AWS_ENDPOINT_URL_EVENTBRIDGE", await serve(answer))
    large = [event_of(number, json.dumps("x" * 100_000)) for number in range(30, 35)]
    delivery = await sink.publish([*(event_of(number) for number in range(20)), *large])
    assert delivery.accepted == {f"e{number}:0:SUCCEEDED" for number in (*range(10, 20), *range(30, 35))}
    assert delivery.problem is not None
    assert "AccessDeniedException" in delivery.problem
    assert max(count for count, _ in sizes) <= MOST_ENTRIES
    assert max(size for _, size in sizes) <= LARGEST_REQUEST_BYTES


async def test_nobody_answers(sink: EventBridgeSink, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_EVENTBRIDGE", "http://127.0.0.1:9")
    delivery = await sink.publish([event_of(1)])
    assert delivery.accepted == frozenset()
    assert delivery.problem is not None
    assert delivery.problem.startswith("EventBridge refused PutEvents to the bus orders: ")
