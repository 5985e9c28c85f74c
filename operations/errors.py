"""The one way an operation fails."""


class OperationError(Exception):
    """The operation cannot go on; the message is the one sentence the user reads."""
