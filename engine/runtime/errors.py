"""What the engine refuses, named as the Step Functions API names it; the API layer turns these into answers."""

# ruff: noqa: N818 - the names are those of the Step Functions API

from __future__ import annotations

from engine.language import InvalidDefinition

__all__ = [
    "EngineError",
    "ExecutionAlreadyExists",
    "ExecutionDoesNotExist",
    "ExecutionLimitExceeded",
    "InvalidArn",
    "InvalidDefinition",
    "InvalidExecutionInput",
    "InvalidName",
    "InvalidToken",
    "Overloaded",
    "StateMachineAlreadyExists",
    "StateMachineDoesNotExist",
    "StateMachineTypeNotSupported",
    "Unavailable",
]


class EngineError(Exception):
    """A request that the engine refuses; the message is one sentence for the caller.

    The class's name is the error's name in the Step Functions API, where it has one. (`InvalidDefinition`, which
    comes from the language with all its problems, stands beside these.)
    """


class StateMachineDoesNotExist(EngineError):
    """The organization has no state machine with this ARN."""


class StateMachineAlreadyExists(EngineError):
    """A state machine with this name exists and its definition or type differs."""


class StateMachineTypeNotSupported(EngineError):
    """The state machine's type isn't one that the engine runs."""


class ExecutionDoesNotExist(EngineError):
    """The organization has no execution with this ARN."""


class ExecutionAlreadyExists(EngineError):
    """The name is taken by an execution that is over or has another input."""


class ExecutionLimitExceeded(EngineError):
    """As many executions are open as this engine may hold."""


class InvalidName(EngineError):
    """The name has a character that the API doesn't allow, or is empty or too long."""


class InvalidExecutionInput(EngineError):
    """The input isn't JSON text, or is too large."""


class InvalidArn(EngineError):
    """The text isn't an ARN of the kind that the operation takes."""


class InvalidToken(EngineError):
    """A token that should continue a list wasn't made by this engine."""


class Overloaded(EngineError):
    """The engine takes no more work for the moment; accepted work is safe.

    Attributes:
        retry_after_seconds: when it makes sense to ask again.
    """

    def __init__(self, message: str, retry_after_seconds: int = 1) -> None:
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds


class Unavailable(Overloaded):
    """The engine stops, or its database can't be reached; nothing that was accepted is lost."""
