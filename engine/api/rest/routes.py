"""The routes of REST v1, each with what its documentation says."""

from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Any, Literal

import msgspec
from aiohttp import web

from engine.api.rest import definitions, instances, lifecycle, schedules
from engine.api.rest.scheduleshapes import NewSchedule, ScheduleChoices, ScheduleShown
from engine.api.rest.shapes import (
    Cancellation,
    ChangedDefinition,
    DataDeletion,
    HistoryItem,
    InstanceSummary,
    NewDefinition,
    NewInstance,
    Page,
    StateVisit,
    WorkflowDefinition,
    WorkflowInstance,
)

PREFIX = "/api/v1"
Parameter = Literal["limit", "after", "wait", "status", "stop", "workflowDefinitionId", "group"]


class Route(msgspec.Struct, frozen=True):
    """An operation: where, what runs it, what it takes and gives, and which errors it has beside the common ones.

    `other_statuses` are those of answers of the same form.
    """

    name: str
    method: Literal["GET", "POST", "PUT", "DELETE"]
    path: str
    handler: Callable[[web.Request], Awaitable[web.Response]]
    answer: Any
    body: Any = None
    body_required: bool = True
    status: int = 200
    other_statuses: tuple[int, ...] = ()
    query: tuple[Parameter, ...] = ()
    errors: tuple[int, ...] = ()

    @property
    def summary(self) -> str:
        """The first line of the handler's docstring."""
        return (self.handler.__doc__ or "").strip().partition("\n")[0].rstrip(".")


ROUTES = (
    Route(
        "listDefinitions",
        "GET",
        "/workflow-definitions",
        definitions.list_definitions,
        Page[WorkflowDefinition],
        query=("limit", "after"),
    ),
    Route(
        "createDefinition",
        "POST",
        "/workflow-definitions",
        definitions.create_definition,
        WorkflowDefinition,
        body=NewDefinition,
        status=HTTPStatus.CREATED,
        errors=(409,),
    ),
    Route(
        "getDefinition",
        "GET",
        "/workflow-definitions/{id}",
        definitions.get_definition,
        WorkflowDefinition,
        errors=(404,),
    ),
    Route(
        "changeDefinition",
        "PUT",
        "/workflow-definitions/{id}",
        definitions.change_definition,
        WorkflowDefinition,
        body=ChangedDefinition,
        errors=(404,),
    ),
    Route(
        "listInstances",
        "GET",
        "/workflow-instances",
        instances.list_instances,
        Page[InstanceSummary],
        query=("limit", "after", "status", "workflowDefinitionId"),
        errors=(404,),
    ),
    Route(
        "startInstance",
        "POST",
        "/workflow-instances",
        instances.start_instance,
        WorkflowInstance,
        body=NewInstance,
        status=HTTPStatus.CREATED,
        query=("wait",),
        errors=(404, 409, 503),
    ),
    Route(
        "getInstance",
        "GET",
        "/workflow-instances/{id}",
        instances.get_instance,
        WorkflowInstance,
        query=("wait",),
        errors=(404,),
    ),
    Route(
        "getInstanceHistory",
        "GET",
        "/workflow-instances/{id}/history",
        instances.get_history,
        Page[HistoryItem],
        query=("limit", "after"),
        errors=(404,),
    ),
    Route(
        "getInstanceStates",
        "GET",
        "/workflow-instances/{id}/states",
        instances.get_states,
        Page[StateVisit],
        errors=(404,),
    ),
    Route(
        "cancelInstance",
        "POST",
        "/workflow-instances/{id}/cancel",
        instances.cancel_instance,
        WorkflowInstance,
        body=Cancellation,
        body_required=False,
        errors=(404,),
    ),
    Route(
        "pauseInstance",
        "POST",
        "/workflow-instances/{id}/pause",
        lifecycle.pause_instance,
        WorkflowInstance,
        errors=(404, 409),
    ),
    Route(
        "resumeInstance",
        "POST",
        "/workflow-instances/{id}/resume",
        lifecycle.resume_instance,
        WorkflowInstance,
        errors=(404, 409),
    ),
    Route(
        "deleteInstanceData",
        "DELETE",
        "/workflow-instances/{id}/data",
        lifecycle.delete_data,
        DataDeletion,
        other_statuses=(HTTPStatus.ACCEPTED,),
        query=("stop",),
        errors=(404, 409),
    ),
    Route(
        "getInstanceDataDeletion",
        "GET",
        "/workflow-instances/{id}/data",
        lifecycle.get_deletion,
        DataDeletion,
        errors=(404,),
    ),
    Route(
        "listSchedules",
        "GET",
        "/schedules",
        schedules.list_schedules,
        Page[ScheduleShown],
        query=("limit", "after", "group"),
        errors=(404,),
    ),
    Route(
        "createSchedule",
        "POST",
        "/schedules",
        schedules.create_schedule,
        ScheduleShown,
        body=NewSchedule,
        status=HTTPStatus.CREATED,
        errors=(404, 409),
    ),
    Route(
        "getSchedule",
        "GET",
        "/schedules/{id}",
        schedules.get_schedule,
        ScheduleShown,
        query=("group",),
        errors=(404,),
    ),
    Route(
        "changeSchedule",
        "PUT",
        "/schedules/{id}",
        schedules.change_schedule,
        ScheduleShown,
        body=ScheduleChoices,
        query=("group",),
        errors=(404, 409),
    ),
    Route(
        "deleteSchedule",
        "DELETE",
        "/schedules/{id}",
        schedules.delete_schedule,
        ScheduleShown,
        query=("group",),
        errors=(404,),
    ),
)


def add_routes(app: web.Application) -> None:
    """Serve REST v1."""
    for route in ROUTES:
        app.router.add_route(route.method, PREFIX + route.path, route.handler, name=route.name)
