"""Calls to the account's AWS API, and what botocore's service model says of its operations."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import botocore.session
from botocore import xform_name
from botocore.model import StructureShape

if TYPE_CHECKING:
    from botocore.client import BaseClient
    from botocore.exceptions import ClientError
    from botocore.model import OperationModel, ServiceModel

ClientFactory = Callable[[str, str], "BaseClient"]
"""Gives the client of a service in a region."""

NOT_FOUND = re.compile(
    r"NotFound|NoSuch|DoesNotExist|Malformed$|InvalidAllocationID|ServiceNotActive|UnknownAssociationId|Nonexistent|^404$"
)
NO_TASK_DEFINITION = "Unable to describe task definition"
"""How ECS says that one doesn't exist: its code, ClientException, stands for much else, too."""


@functools.cache
def service_model(service: str) -> ServiceModel:
    """Return botocore's model of a service."""
    return botocore.session.get_session().get_service_model(service)


def operation(service: str, name: str) -> OperationModel:
    """Return botocore's model of an operation such as `CreateVpc`."""
    return service_model(service).operation_model(name)


def parameters(service: str, name: str) -> StructureShape:
    """Return the shape of an operation's parameters."""
    shape = operation(service, name).input_shape
    return shape if isinstance(shape, StructureShape) else StructureShape(f"{name}Input", {"members": {}})


@dataclass(frozen=True)
class Api:
    """One service in one region."""

    clients: ClientFactory
    service: str
    region: str
    account_id: str

    def call(self, name: str, arguments: Mapping[str, object]) -> dict[str, object]:
        """Call an operation such as `CreateVpc`; raises botocore's ClientError."""
        answer: dict[str, object] = getattr(self.client, xform_name(name))(**arguments)
        answer.pop("ResponseMetadata", None)
        return answer

    @property
    def client(self) -> BaseClient:
        """The boto3 client."""
        return self.clients(self.service, self.region)

    def of(self, service: str) -> Api:
        """Return another service in the same region."""
        return Api(self.clients, service, self.region, self.account_id)


def is_not_found(error: ClientError) -> bool:
    """Tell whether AWS says that the resource doesn't exist."""
    said = error.response["Error"]
    return bool(NOT_FOUND.search(said["Code"])) or NO_TASK_DEFINITION in said["Message"]
