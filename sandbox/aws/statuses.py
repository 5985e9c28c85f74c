"""gRPC statuses with details, as the engine reads them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import grpc
from pulumi.runtime.proto import provider_pb2, status_pb2

from sandbox.aws.values import to_struct

if TYPE_CHECKING:
    from sandbox.aws.errors import InitializationFailedError


@dataclass(frozen=True)
class DetailedStatus(grpc.Status):
    """A status and its metadata."""

    code: grpc.StatusCode
    details: str
    trailing_metadata: tuple[tuple[str, bytes], ...]


def initialization_failed(error: InitializationFailedError) -> DetailedStatus:
    """Say that a resource was made but isn't ready, with the state it is in."""
    detail = provider_pb2.ErrorResourceInitFailed(
        id=error.identity,
        properties=to_struct(error.state),
        reasons=[str(error)],
        inputs=to_struct(error.inputs),
    )
    status = status_pb2.Status(code=grpc.StatusCode.UNKNOWN.value[0], message=str(error))
    status.details.add().Pack(detail)
    return DetailedStatus(
        grpc.StatusCode.UNKNOWN, str(error), (("grpc-status-details-bin", status.SerializeToString()),)
    )
