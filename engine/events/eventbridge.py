"""Events to Amazon EventBridge (AWS: PutEvents), with the process's own credentials."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, Final, TypeVar, cast

from botocore.exceptions import BotoCoreError, ClientError

from engine.events.event import DETAIL_TYPE, Event
from engine.events.sink import Delivery
from engine.tasks.aws.sessions import make_client, make_session

if TYPE_CHECKING:
    from mypy_boto3_events.client import EventBridgeClient
    from mypy_boto3_events.type_defs import PutEventsRequestEntryTypeDef

Result = TypeVar("Result")

MOST_ENTRIES: Final = 10
LARGEST_REQUEST_BYTES: Final = 256 * 1024
_TIME_BYTES: Final = 14
_AT_ONCE: Final = 8


class EventBridgeSink:
    """See `Sink`. Standard settings of AWS SDKs (AWS_ENDPOINT_URL_EVENTBRIDGE, …) hold.

    `bus` is an event bus's name or ARN, `source` what rules match events by; PutEvents refuses sources of AWS's own.
    """

    def __init__(self, bus: str, source: str, region: str) -> None:
        self._bus = bus
        self._source = source
        self._region = region
        self._client: EventBridgeClient | None = None
        self._threads = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="events")

    async def publish(self, events: Sequence[Event]) -> Delivery:
        """See `Sink.publish`."""
        client = await self._in_thread(self._connected)
        requests = [self._in_thread(partial(self._put, client, part)) for part in _requests(events, self._source)]
        answers = await asyncio.gather(*requests)
        problems = [answer.problem for answer in answers if answer.problem is not None]
        accepted = frozenset[str]().union(*(answer.accepted for answer in answers))
        return Delivery(accepted, problems[0] if problems else None)

    async def close(self) -> None:
        """See `Sink.close`."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _put(self, client: EventBridgeClient, events: Sequence[Event]) -> Delivery:
        """Make one request. EventBridge answers for each entry by itself."""
        try:
            answer = client.put_events(Entries=[self._entry(event) for event in events])
        except (BotoCoreError, ClientError) as error:
            return Delivery(frozenset(), f"EventBridge refused PutEvents to the bus {self._bus}: {error}")
        results = list(zip(events, answer["Entries"], strict=True))
        accepted = frozenset(event.deduplication_id for event, entry in results if "ErrorCode" not in entry)
        failed = [entry for _, entry in results if "ErrorCode" in entry]
        if not failed:
            return Delivery(accepted)
        why = f"{failed[0].get('ErrorCode')}: {failed[0].get('ErrorMessage', '')}"
        return Delivery(accepted, f"EventBridge refused {len(failed)} events for the bus {self._bus}: {why}")

    def _entry(self, event: Event) -> PutEventsRequestEntryTypeDef:
        return {
            "Time": event.time,
            "Source": self._source,
            "Resources": [event.execution_arn],
            "DetailType": DETAIL_TYPE,
            "Detail": event.detail.decode(),
            "EventBusName": self._bus,
        }

    async def _in_thread(self, work: Callable[[], Result]) -> Result:
        return await asyncio.get_running_loop().run_in_executor(self._threads, work)

    def _connected(self) -> EventBridgeClient:
        if self._client is None:
            session = make_session(None, "", self._region)
            self._client = cast("EventBridgeClient", make_client(session, "events", _AT_ONCE))
        return self._client


def _requests(events: Sequence[Event], source: str) -> Iterator[list[Event]]:
    """Share events out to requests ("Calculating PutEvents event entry size")."""
    request: list[Event] = []
    size = 0
    for event in events:
        own = _TIME_BYTES + len(source) + len(DETAIL_TYPE) + len(event.execution_arn.encode()) + len(event.detail)
        if request and (len(request) == MOST_ENTRIES or size + own > LARGEST_REQUEST_BYTES):
            yield request
            request, size = [], 0
        request.append(event)
        size += own
    if request:
        yield request
