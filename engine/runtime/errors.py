"""What the engine refuses, named as the Step Functions API names it; the API layer turns these into answers."""

# ruff: noqa: N818 - the names are those of the Step Functions API

from __future__ import annotations

from typing import Final, Literal

from engine.language import InvalidDefinition

__all__ = [
    "AccessDeniedException",
    "ActivityAlreadyExists",
    "ActivityDoesNotExist",
    "ActivityLimitExceeded",
    "ActivityWorkerLimitExceeded",
    "ConflictException",
    "EngineError",
    "ExecutionAlreadyExists",
    "ExecutionDoesNotExist",
    "ExecutionLimitExceeded",
    "ExecutionNotRedrivable",
    "InvalidArn",
    "InvalidDefinition",
    "InvalidEncryptionConfiguration",
    "InvalidExecutionInput",
    "InvalidLoggingConfiguration",
    "InvalidName",
    "InvalidOutput",
    "InvalidToken",
    "InvalidTracingConfiguration",
    "KmsAccessDeniedException",
    "KmsInvalidStateException",
    "KmsThrottlingException",
    "MissingRequiredParameter",
    "Overloaded",
    "ResourceNotFound",
    "ResourceNotFoundException",
    "ServiceQuotaExceededException",
    "StateMachineAlreadyExists",
    "StateMachineDeleting",
    "StateMachineDoesNotExist",
    "StateMachineLimitExceeded",
    "StateMachineTypeNotSupported",
    "TaskDoesNotExist",
    "TaskTimedOut",
    "TooManyTags",
    "Unavailable",
    "ValidationException",
]

ValidationReason = Literal[
    "API_DOES_NOT_SUPPORT_LABELED_ARNS",
    "MISSING_REQUIRED_PARAMETER",
    "CANNOT_UPDATE_COMPLETED_MAP_RUN",
    "INVALID_ROUTING_CONFIGURATION",
]


class EngineError(Exception):
    """A request that the engine refuses; the message is one sentence for the caller.

    The class's name is the error's name in the Step Functions API, where it has one. (`InvalidDefinition`, which
    comes from the language with all its problems, stands beside these.)
    """


# State machines


class StateMachineDoesNotExist(EngineError):
    """The organization has no state machine with this ARN."""


class StateMachineAlreadyExists(EngineError):
    """A state machine with this name exists and its definition, role or type differs."""


class StateMachineDeleting(EngineError):
    """The state machine is being deleted: it ends with its last execution."""


class StateMachineLimitExceeded(EngineError):
    """The organization has as many state machines as it may have."""


class StateMachineTypeNotSupported(EngineError):
    """The operation doesn't work on state machines of this type."""


class InvalidLoggingConfiguration(EngineError):
    """The state machine's logging configuration isn't valid."""


class InvalidTracingConfiguration(EngineError):
    """The state machine's tracing configuration isn't valid."""


class InvalidEncryptionConfiguration(EngineError):
    """The encryption configuration of a state machine or an activity isn't valid."""


class KmsAccessDeniedException(EngineError):
    """The KMS key may not be used."""


class KmsInvalidStateException(EngineError):
    """The KMS key is disabled or deleted."""


class KmsThrottlingException(EngineError):
    """KMS is asked too often."""


class MissingRequiredParameter(EngineError):
    """Neither a definition nor a role was given to update."""


class ConflictException(EngineError):
    """Another request changes the same thing, or something still refers to what should be deleted."""


class ServiceQuotaExceededException(EngineError):
    """There are as many of these as there may be."""


class ResourceNotFound(EngineError):
    """There is nothing with this ARN.

    Attributes:
        resource_name: the ARN.
    """

    def __init__(self, message: str, resource_name: str | None = None) -> None:
        super().__init__(message)
        self.resource_name = resource_name


class TooManyTags(EngineError):
    """A resource has as many tags as it may have.

    Attributes:
        resource_name: the resource's ARN.
    """

    def __init__(self, message: str, resource_name: str | None = None) -> None:
        super().__init__(message)
        self.resource_name = resource_name


# Executions


class ExecutionDoesNotExist(EngineError):
    """The organization has no execution with this ARN."""


class ExecutionAlreadyExists(EngineError):
    """The name is taken by an execution that is over or has another input."""


class ExecutionLimitExceeded(EngineError):
    """As many executions are open as this engine may hold.

    Attributes:
        retry_after_seconds: when it makes sense to ask again.
    """

    def __init__(self, message: str, retry_after_seconds: int = 5) -> None:
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds


class ExecutionNotRedrivable(EngineError):
    """The execution can't be redriven: the message says why."""


class InvalidExecutionInput(EngineError):
    """The input isn't JSON text, or is too large."""


# Activities and tasks


class ActivityDoesNotExist(EngineError):
    """The organization has no activity with this ARN."""


class ActivityAlreadyExists(EngineError):
    """An activity with this name exists and its encryption differs."""


class ActivityLimitExceeded(EngineError):
    """The organization has as many activities as it may have."""


class ActivityWorkerLimitExceeded(EngineError):
    """As many workers wait for tasks as may wait.

    Attributes:
        retry_after_seconds: when it makes sense to ask again.
    """

    retry_after_seconds: Final = 5


class TaskDoesNotExist(EngineError):
    """There is no such task: its execution or its activity is gone."""


class TaskTimedOut(EngineError):
    """Nobody waits for the task's result any more: it timed out or was answered already."""


class InvalidOutput(EngineError):
    """The output isn't JSON text, or is too large."""


# Schedules (the names are those of the EventBridge Scheduler API)


class ResourceNotFoundException(EngineError):
    """There is no such schedule or group of schedules."""


# Requests


class AccessDeniedException(EngineError):
    """Tasks may not act under the role that the request names."""


class InvalidName(EngineError):
    """The name has a character that the API doesn't allow, or is empty or too long."""


class InvalidArn(EngineError):
    """The text isn't an ARN of the kind that the operation takes."""


class InvalidToken(EngineError):
    """A token wasn't made by this engine: one that continues a list, or a task's."""


class ValidationException(EngineError):
    """The request breaks a constraint.

    Attributes:
        reason: which kind of constraint, for programs; None where the API has no name for it.
    """

    def __init__(self, message: str, reason: ValidationReason | None = None) -> None:
        super().__init__(message)
        self.reason = reason


# The process


class Overloaded(EngineError):
    """The engine takes no more work for the moment; accepted work is safe (AWS: ThrottlingException).

    Attributes:
        retry_after_seconds: when it makes sense to ask again.
    """

    def __init__(self, message: str, retry_after_seconds: int = 1) -> None:
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds


class Unavailable(Overloaded):
    """The engine stops, or its database can't be reached; nothing that was accepted is lost."""
