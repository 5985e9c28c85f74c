"""What the provider refuses, and how it says so."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sandbox.aws.values import Properties


class ProviderError(Exception):
    """An operation that can't be done; the message names the resource type and the property."""


class AbandonedError(ProviderError):
    """The engine that asked is gone, so that nothing more is done for it."""

    def __init__(self) -> None:
        super().__init__("the engine that asked for this is gone")


class UnknownTypeError(ProviderError):
    """The table has no such resource type or function."""

    def __init__(self, token: str) -> None:
        super().__init__(f"{token}: the sandbox's AWS provider has no such resource type or function")


class UnmappedInputError(ProviderError):
    """Nothing in the AWS API takes an input."""

    def __init__(self, token: str, names: Sequence[str]) -> None:
        super().__init__(f"{token}: the sandbox's AWS provider maps no input {', '.join(names)}")


class MissingOutputError(ProviderError):
    """The account's answer lacks an output that the type always has."""

    def __init__(self, token: str, names: Sequence[str]) -> None:
        super().__init__(f"{token}: the account's answer gives no output {', '.join(names)}")


class WrongEchoError(ProviderError):
    """The account describes a resource otherwise than it was asked for."""

    def __init__(self, token: str, differences: Sequence[str]) -> None:
        super().__init__(f"{token}: the account gives back other values than it was sent: {'; '.join(differences)}")


class NotReadyError(ProviderError):
    """A resource didn't reach the state that the program waits for."""


class InitializationFailedError(ProviderError):
    """A resource exists but isn't as it should be; the engine keeps it and tries again on the next update."""

    def __init__(self, identity: str, state: Properties, inputs: Properties, reason: ProviderError) -> None:
        super().__init__(str(reason))
        self.identity = identity
        self.state = state
        self.inputs = inputs
