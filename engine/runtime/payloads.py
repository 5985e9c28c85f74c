"""Large payloads of a history, kept once for the execution however often its events have them.

An event's input or output is JSON text. A large one is stored by its SHA-256, and the event has a reference in its
place, which is no JSON and so can't be taken for a payload.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from typing import Final
from uuid import UUID

import msgspec
from msgspec.structs import replace

from engine.language import HistoryEvent
from engine.storage.protocol import Storage
from engine.storage.records import Events, Write

_REFERENCE: Final = "payload:sha256:"
_FIELDS: Final = ("input", "output", "parameters")
_EVENTS: Final = msgspec.json.Decoder(list[HistoryEvent])
_ENCODER: Final = msgspec.json.Encoder()


def detached(write: Write, limit: int) -> Write:
    """Give a write whose events have references in the place of payloads of more than `limit` bytes."""
    if write.events is None or len(write.events.data) <= limit:
        return write
    payloads: dict[bytes, bytes] = {}
    events = [_detach(event, limit, payloads) for event in _EVENTS.decode(write.events.data)]
    if not payloads:
        return write
    recorded = Events(write.events.first, write.events.last, _ENCODER.encode(events))
    return replace(write, events=recorded, payloads=tuple(payloads.items()))


def _detach(event: HistoryEvent, limit: int, payloads: dict[bytes, bytes]) -> HistoryEvent:
    changed: dict[str, object] = {}
    for field in _FIELDS:
        value = event.details.get(field)
        if isinstance(value, str) and (len(value) > limit or len(value.encode()) > limit):
            data = value.encode()
            digest = hashlib.sha256(data).digest()
            payloads[digest] = data
            changed[field] = f"{_REFERENCE}{digest.hex()}"
    return replace(event, details=event.details | changed) if changed else event


async def attached(storage: Storage, execution_id: UUID, events: list[HistoryEvent]) -> list[HistoryEvent]:
    """Give an execution's events as they were before `detached`."""
    wanted = {digest for event in events for _, digest in _references(event)}
    if not wanted:
        return events
    payloads = await storage.read_payloads(execution_id, sorted(wanted))
    return [_attach(event, payloads) for event in events]


async def attached_data(storage: Storage, execution_id: UUID, data: bytes) -> bytes:
    """Give stored events as they were before `detached`."""
    if _REFERENCE.encode() not in data:
        return data
    return _ENCODER.encode(await attached(storage, execution_id, _EVENTS.decode(data)))


def _attach(event: HistoryEvent, payloads: Mapping[bytes, bytes]) -> HistoryEvent:
    found = {field: payloads[digest].decode() for field, digest in _references(event) if digest in payloads}
    return replace(event, details=event.details | found) if found else event


def _references(event: HistoryEvent) -> Iterator[tuple[str, bytes]]:
    for field in _FIELDS:
        value = event.details.get(field)
        if isinstance(value, str) and value.startswith(_REFERENCE):
            yield field, bytes.fromhex(value.removeprefix(_REFERENCE))
