"""The event that an execution's status changed (AWS: "Step Functions Execution Status Change")."""

from __future__ import annotations

from datetime import datetime
from typing import Final

import msgspec

DETAIL_TYPE: Final = "Step Functions Execution Status Change"

LARGEST_DETAIL_BYTES: Final = 248 * 1024
"""What AWS lets an event's payload be ("EventBridge payloads"); beyond it input and output are left out."""


class Included(msgspec.Struct, frozen=True):
    """Whether a payload is in the event (AWS: CloudWatchEventsExecutionDataDetails)."""

    included: bool


class Detail(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The event's detail: the fields are AWS's, but for `deduplication_id`. Dates are milliseconds since 1970."""

    deduplication_id: str
    execution_arn: str
    state_machine_arn: str
    name: str
    status: str
    start_date: int
    stop_date: int | None
    input: str | None
    input_details: Included | None
    output: str | None
    output_details: Included | None
    error: str | None
    cause: str | None
    state_machine_version_arn: str | None
    state_machine_alias_arn: str | None
    redrive_count: int
    redrive_date: int | None
    redrive_status: str
    redrive_status_reason: str | None


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """An event as sinks are given it.

    Attributes:
        deduplication_id: the same each time the event is published, and no other event's.
        execution_arn: whose it is; events of one execution are in order.
        time: when it happened.
        region: the region of that ARN.
        account: the account of that ARN.
        detail: `Detail` in JSON.
    """

    deduplication_id: str
    execution_arn: str
    time: datetime
    region: str
    account: str
    detail: bytes


class Envelope(msgspec.Struct, frozen=True, kw_only=True):
    """An event with what EventBridge puts around it (EventBridge: "AWS service event metadata")."""

    id: str
    source: str
    account: str
    time: str
    region: str
    resources: tuple[str, ...]
    detail: msgspec.Raw
    version: str = "0"
    detail_type: str = msgspec.field(default=DETAIL_TYPE, name="detail-type")


def encode_detail(detail: Detail) -> bytes:
    """Write a detail in JSON, without its input, and then without its output, where it is too large for EventBridge."""
    data = msgspec.json.encode(detail)
    if len(data) > LARGEST_DETAIL_BYTES and detail.input is not None:
        detail = msgspec.structs.replace(detail, input=None, input_details=Included(included=False))
        data = msgspec.json.encode(detail)
    if len(data) > LARGEST_DETAIL_BYTES and detail.output is not None:
        detail = msgspec.structs.replace(detail, output=None, output_details=Included(included=False))
        data = msgspec.json.encode(detail)
    return data


def envelope(event: Event, source: str) -> bytes:
    """Write an event in JSON as EventBridge's targets get it."""
    return msgspec.json.encode(
        Envelope(
            id=event.deduplication_id,
            source=source,
            account=event.account,
            time=event.time.strftime("%Y-%m-%dT%H:%M:%SZ"),
            region=event.region,
            resources=(event.execution_arn,),
            detail=msgspec.Raw(event.detail),
        )
    )
