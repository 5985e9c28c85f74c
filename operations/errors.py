"""How an operation fails: one sentence for people, an exit code for pipelines."""

from __future__ import annotations

from typing import ClassVar


class OperationError(Exception):
    """The operation cannot go on; the message is the one sentence the user reads."""

    exit_code: ClassVar[int] = 1
    meaning: ClassVar[str] = "it failed, for the reason that it says"


class RefusedError(OperationError):
    """The operation was not begun: something about the request or the stack forbids it."""

    exit_code = 3
    meaning = "it refused before anything was changed"


class DriftError(OperationError):
    """The account differs from what the last update left there."""

    exit_code = 4
    meaning = "the account differs from the last update (`drift` alone)"


class RolledBackError(OperationError):
    """ECS went back to the tasks of before."""

    exit_code = 5
    meaning = "ECS rolled the deployment back"


class BusyError(OperationError):
    """Somebody else's operation is at work on the same stack, or AWS asks for patience."""

    exit_code = 6
    meaning = "another operation is at work on the stack, or AWS throttles: try again later"


class CredentialsError(OperationError):
    """AWS doesn't know who asks, or no longer."""

    exit_code = 7
    meaning = "AWS credentials are missing, wrong or expired"


FAILURES: tuple[type[OperationError], ...] = (
    OperationError,
    RefusedError,
    DriftError,
    RolledBackError,
    BusyError,
    CredentialsError,
)
WRONG_COMMAND_LINE = 2
"""Exit code of argparse."""

INTERRUPTED = 130
"""Exit code after Ctrl-C, as shells have it (128 and the number of SIGINT)."""
