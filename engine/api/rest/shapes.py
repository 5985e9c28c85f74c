"""What REST v1 takes and gives, as types; the OpenAPI document is made from them."""

from datetime import datetime
from typing import Annotated, Any, Generic, Literal, TypeVar

import msgspec
from msgspec import Meta

from engine.runtime import Status

Name = Annotated[str, Meta(min_length=1, max_length=80, description="Letters, digits, - and _.")]
InstanceStatus = Literal[Status, "PAUSED", "DATA_DELETED"]
Item = TypeVar("Item")


class NewDefinition(msgspec.Struct, rename="camel", forbid_unknown_fields=True):
    """A workflow definition to create. `definition` is an Amazon States Language object."""

    definition: dict[str, Any]
    id: Name | None = None
    name: Name | None = None
    description: Annotated[str, Meta(max_length=4096, pattern=r"\A[^\x00\ud800-\udfff]*\Z")] = ""
    role_arn: str | None = None


class ChangedDefinition(msgspec.Struct, rename="camel", forbid_unknown_fields=True):
    """The next version of a workflow definition."""

    definition: dict[str, Any]
    role_arn: str | None = None


class WorkflowDefinition(msgspec.Struct, rename="camel"):
    """A workflow definition in its current version."""

    id: str
    arn: str
    version: int
    description: str
    definition: dict[str, Any]
    created_at: datetime
    updated_at: datetime


class NewInstance(msgspec.Struct, rename="camel", forbid_unknown_fields=True):
    """A workflow instance to start. With a `name`, starting it again with the same input gives the same instance."""

    workflow_definition_id: str
    input: Any = {}
    name: Name | None = None


class Cancellation(msgspec.Struct, rename="camel", forbid_unknown_fields=True):
    """Why an instance is cancelled; with `children`, all that it has started is stopped as well."""

    error: Annotated[str, Meta(max_length=256)] | None = None
    cause: Annotated[str, Meta(max_length=32768)] | None = None
    children: bool = False


class StateVisit(msgspec.Struct, rename="camel"):
    """One visit to a state."""

    state: str
    type: str
    entered_at: datetime
    left_at: datetime | None
    attempts: int
    error: str | None
    cause: str | None


class InstanceSummary(msgspec.Struct, rename="camel"):
    """A workflow instance in a list.

    To the Step Functions protocol one that is PAUSED is RUNNING, and one that is DATA_DELETED has the status that it
    ended with.
    """

    id: str
    arn: str
    workflow_definition_id: str
    workflow_definition_version: int
    status: InstanceStatus
    started_at: datetime
    finished_at: datetime | None


class WorkflowInstance(InstanceSummary, rename="camel"):
    """A workflow instance: `current_states` are those that it is in now, `output` is there once it succeeded."""

    current_states: list[str]
    input: Any
    output: Any
    error: str | None
    cause: str | None
    paused_at: datetime | None


class DataDeletion(msgspec.Struct, rename="camel"):
    """Proof that an instance's data was deleted; `finished_at` is null while there is some left.

    `sha256` is over what was deleted, in order: input, output, error, cause, and the stored groups of history events,
    of which there were `event_groups`.
    """

    requested_at: datetime
    requested_by: str
    finished_at: datetime | None
    event_groups: int
    sha256: str


class HistoryItem(msgspec.Struct, rename="camel"):
    """One event of an instance's history, with the names that AWS Step Functions has for it."""

    id: int
    previous_id: int
    type: str
    timestamp: datetime
    details: dict[str, Any]


class Page(msgspec.Struct, Generic[Item], rename="camel"):
    """A part of a list; `next` is the value of `?after=` that continues it, null at the end."""

    items: list[Item]
    next: str | None


class ProblemDetails(msgspec.Struct, rename="camel"):
    """What went wrong (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    request_id: str
    errors: list[dict[str, str]] = []
