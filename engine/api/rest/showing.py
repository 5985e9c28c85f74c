"""Finds workflow instances and shows them as REST v1 has them."""

from collections.abc import Mapping, Sequence

import msgspec
from aiohttp import web

from engine.api.arns import instance_id
from engine.api.keys import ARNS, ENGINE, IDENTITY
from engine.api.rest.shapes import InstanceStatus, InstanceSummary, WorkflowInstance
from engine.api.visits import current_states, visits_of
from engine.runtime import ExecutionRecord
from engine.runtime.lifecycle.pausing import USUAL, Condition


async def find_instance(request: web.Request) -> ExecutionRecord:
    """The organization's execution that the path names. Raises `ExecutionDoesNotExist`."""
    organization = request[IDENTITY].organization
    arn = await request.app[ARNS].execution(organization, request.match_info["id"])
    return await request.app[ENGINE].describe_execution(organization, arn)


async def shown(request: web.Request, execution: ExecutionRecord) -> WorkflowInstance:
    """An instance with all that is known of it."""
    engine = request.app[ENGINE]
    condition = (await engine.pausing.conditions([execution])).get(execution.id, USUAL)
    states = [] if execution.finished else current_states(await visits_of(engine, execution))
    return WorkflowInstance(
        **msgspec.structs.asdict(_summary(execution, condition)),
        current_states=states,
        input=msgspec.Raw(execution.input.encode()),
        output=None if execution.output is None else msgspec.Raw(execution.output.encode()),
        error=execution.error,
        cause=execution.cause,
        paused_at=None if condition.pause is None else condition.pause.paused_at,
    )


async def summaries(request: web.Request, executions: Sequence[ExecutionRecord]) -> list[InstanceSummary]:
    """Instances as a list has them."""
    conditions: Mapping[str, Condition] = await request.app[ENGINE].pausing.conditions(executions)
    return [_summary(execution, conditions.get(execution.id, USUAL)) for execution in executions]


def _summary(execution: ExecutionRecord, condition: Condition) -> InstanceSummary:
    return InstanceSummary(
        id=instance_id(execution.arn),
        arn=execution.arn,
        workflow_definition_id=execution.state_machine_arn.rpartition(":")[2],
        workflow_definition_version=execution.state_machine_version,
        status=status_of(execution, condition),
        started_at=execution.started_at,
        finished_at=execution.stopped_at,
    )


def status_of(execution: ExecutionRecord, condition: Condition = USUAL) -> InstanceStatus:
    """An execution's status, which is PAUSED or DATA_DELETED where that is so."""
    if condition.pause is not None:
        return "PAUSED"
    return execution.status if condition.erasure is None else "DATA_DELETED"
