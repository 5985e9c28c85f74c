"""Task requests for tests."""

from collections.abc import Callable

from engine.tasks import TaskRequest


def request(
    resource: str, value: object, *, attempt: int = 1, heartbeat: Callable[[], None] = lambda: None
) -> TaskRequest:
    return TaskRequest(
        resource=resource,
        input=value,
        execution_arn="arn:aws:states:us-east-1:000000000000:execution:orders:o-1",
        execution_name="o-1",
        state_machine_arn="arn:aws:states:us-east-1:000000000000:stateMachine:orders",
        organization="default",
        state_name="Charge",
        task_id="task-1",
        idempotency_key="key-1",
        attempt=attempt,
        heartbeat_seconds=None,
        heartbeat=heartbeat,
    )
