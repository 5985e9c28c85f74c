"""The execution that a definition runs in, and how the context object ``$$`` shows it."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec


class ExecutionContext(msgspec.Struct, frozen=True):
    """What an execution knows of itself (AWS: "Accessing execution data from the Context object").

    Attributes:
        execution_id: the execution's ARN.
        execution_name: its name.
        state_machine_id: the state machine's ARN.
        state_machine_name: its name.
        role_arn: the role that the state machine acts as.
        start_time: when the execution started, with a time zone.
        input: the execution's input, any JSON value.
    """

    execution_id: str
    execution_name: str
    state_machine_id: str
    state_machine_name: str
    role_arn: str
    start_time: datetime
    input: object

    def render(self) -> dict[str, object]:
        """Give the parts of the context object that stay the same for the whole execution."""
        return {
            "Execution": {
                "Id": self.execution_id,
                "Input": self.input,
                "Name": self.execution_name,
                "RoleArn": self.role_arn,
                "StartTime": timestamp_text(self.start_time),
                "RedriveCount": 0,
            },
            "StateMachine": {"Id": self.state_machine_id, "Name": self.state_machine_name},
        }


def timestamp_text(moment: datetime) -> str:
    """Write ``moment`` as the context object does: UTC, milliseconds, ``Z``."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
