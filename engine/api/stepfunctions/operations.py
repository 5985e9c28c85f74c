"""The operations of the Step Functions API that this engine offers (AWS Step Functions API Reference)."""

from collections.abc import Awaitable, Callable, Mapping
from typing import cast

import msgspec

from engine.api.errors import ApiError
from engine.language import HistoryEvent, InvalidDefinition, api_details, details_key, parse
from engine.runtime import Engine, ExecutionRecord, StateMachineRecord, Status

DEFAULT_PAGE = 100
LARGEST_PAGE = 1000
HIDDEN_DETAILS = frozenset({"input", "output", "inputDetails", "outputDetails"})

Answer = Mapping[str, object]


class Call(msgspec.Struct, frozen=True):
    """One request: its arguments fit the operation's input shape."""

    engine: Engine
    organization: str
    arguments: dict[str, object]

    def text(self, name: str) -> str:
        """A required text."""
        return cast("str", self.arguments[name])

    def text_or_none(self, name: str) -> str | None:
        """An optional text."""
        return cast("str | None", self.arguments.get(name))

    def flag(self, name: str, *, default: bool) -> bool:
        """An optional boolean."""
        value = self.arguments.get(name)
        return default if value is None else bool(value)

    @property
    def page_size(self) -> int:
        """`maxResults`, of which 0 and nothing mean the default."""
        size = cast("int | None", self.arguments.get("maxResults"))
        return min(size or DEFAULT_PAGE, LARGEST_PAGE)


async def create_state_machine(call: Call) -> Answer:
    """CreateStateMachine: idempotent by name, definition, type and role."""
    machine = await call.engine.create_state_machine(
        organization=call.organization,
        name=call.text("name"),
        definition=call.text("definition"),
        role_arn=call.text("roleArn"),
        kind=call.text_or_none("type") or "STANDARD",
    )
    return {"stateMachineArn": machine.arn, "creationDate": machine.created_at}


async def update_state_machine(call: Call) -> Answer:
    """UpdateStateMachine: a new version; executions that run keep theirs."""
    definition, role_arn = call.text_or_none("definition"), call.text_or_none("roleArn")
    if definition is None and role_arn is None:
        raise ApiError("MissingRequiredParameter", "Either the definition, the role ARN or both must be given.")
    machine = await call.engine.update_state_machine(
        organization=call.organization, arn=call.text("stateMachineArn"), definition=definition, role_arn=role_arn
    )
    return {"updateDate": machine.updated_at}


async def describe_state_machine(call: Call) -> Answer:
    """DescribeStateMachine."""
    machine = await call.engine.describe_state_machine(call.organization, call.text("stateMachineArn"))
    return {
        **_machine_item(machine),
        "status": machine.status,
        "definition": machine.definition,
        "roleArn": machine.role_arn,
        "description": machine.description or None,
        "revisionId": str(machine.version),
        "loggingConfiguration": {"level": "OFF", "includeExecutionData": False},
        "tracingConfiguration": {"enabled": False},
    }


async def list_state_machines(call: Call) -> Answer:
    """ListStateMachines."""
    page = await call.engine.list_state_machines(
        call.organization, limit=call.page_size, after=call.text_or_none("nextToken")
    )
    return {"stateMachines": [_machine_item(machine) for machine in page.items], "nextToken": page.next_token}


async def validate_state_machine_definition(call: Call) -> Answer:
    """ValidateStateMachineDefinition: every problem as a diagnostic."""
    try:
        parse(call.text("definition"))
    except InvalidDefinition as error:
        size = call.page_size
        diagnostics = [
            {
                "severity": "ERROR",
                "code": problem.rule.replace("-", "_").upper(),
                "message": problem.message,
                "location": problem.path,
            }
            for problem in error.problems
        ]
        return {"result": "FAIL", "diagnostics": diagnostics[:size], "truncated": len(diagnostics) > size}
    return {"result": "OK", "diagnostics": [], "truncated": False}


async def start_execution(call: Call) -> Answer:
    """StartExecution: durable once answered; idempotent by name and input while the execution runs."""
    execution = await call.engine.start_execution(
        organization=call.organization,
        state_machine_arn=call.text("stateMachineArn"),
        name=call.text_or_none("name"),
        input=call.text_or_none("input") or "{}",
    )
    return {"executionArn": execution.arn, "startDate": execution.started_at}


async def describe_execution(call: Call) -> Answer:
    """DescribeExecution."""
    execution = await call.engine.describe_execution(call.organization, call.text("executionArn"))
    included = {"included": True}
    return {
        **_execution_item(execution),
        "input": execution.input,
        "inputDetails": included,
        "output": execution.output,
        "outputDetails": None if execution.output is None else included,
        "error": execution.error,
        "cause": execution.cause,
    }


async def list_executions(call: Call) -> Answer:
    """ListExecutions, newest first."""
    page = await call.engine.list_executions(
        call.organization,
        state_machine_arn=call.text_or_none("stateMachineArn"),
        status=cast("Status | None", call.text_or_none("statusFilter")),
        limit=call.page_size,
        after=call.text_or_none("nextToken"),
    )
    return {"executions": [_execution_item(execution) for execution in page.items], "nextToken": page.next_token}


async def stop_execution(call: Call) -> Answer:
    """StopExecution: the execution ends as ABORTED with the error and cause given."""
    execution = await call.engine.stop_execution(
        call.organization,
        call.text("executionArn"),
        error=call.text_or_none("error"),
        cause=call.text_or_none("cause"),
    )
    return {"stopDate": execution.stopped_at}


async def get_execution_history(call: Call) -> Answer:
    """GetExecutionHistory, from either end."""
    page = await call.engine.get_history(
        call.organization,
        call.text("executionArn"),
        reverse=call.flag("reverseOrder", default=False),
        limit=call.page_size,
        after=call.text_or_none("nextToken"),
    )
    with_data = call.flag("includeExecutionData", default=True)
    return {"events": [_event(event, with_data=with_data) for event in page.items], "nextToken": page.next_token}


def _machine_item(machine: StateMachineRecord) -> Answer:
    return {
        "stateMachineArn": machine.arn,
        "name": machine.name,
        "type": machine.kind,
        "creationDate": machine.created_at,
    }


def _execution_item(execution: ExecutionRecord) -> Answer:
    return {
        "executionArn": execution.arn,
        "stateMachineArn": execution.state_machine_arn,
        "name": execution.name,
        "status": execution.status,
        "startDate": execution.started_at,
        "stopDate": execution.stopped_at,
        "redriveCount": 0,
    }


def _event(event: HistoryEvent, *, with_data: bool) -> Answer:
    key = details_key(event.type)
    details = api_details(event)
    if not with_data:
        details = {name: value for name, value in details.items() if name not in HIDDEN_DETAILS}
    return {
        "timestamp": event.timestamp,
        "type": event.type,
        "id": event.id,
        "previousEventId": event.previous_id,
        **({key: details} if key else {}),
    }


OPERATIONS: dict[str, Callable[[Call], Awaitable[Answer]]] = {
    "CreateStateMachine": create_state_machine,
    "UpdateStateMachine": update_state_machine,
    "DescribeStateMachine": describe_state_machine,
    "ListStateMachines": list_state_machines,
    "ValidateStateMachineDefinition": validate_state_machine_definition,
    "StartExecution": start_execution,
    "DescribeExecution": describe_execution,
    "ListExecutions": list_executions,
    "StopExecution": stop_execution,
    "GetExecutionHistory": get_execution_history,
}
