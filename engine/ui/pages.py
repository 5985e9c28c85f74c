"""The admin pages: executions, one execution, a map run, definitions, schedules, activities."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import get_args

from aiohttp import web
from aiohttp.typedefs import Handler

from engine.api.errors import ApiError
from engine.api.keys import ARNS, ENGINE
from engine.api.rest.requests import page_size
from engine.api.rest.showing import status_of
from engine.api.visits import history_of, parent_of, variables, visits
from engine.runtime import ExecutionRecord, Page, Status
from engine.runtime.errors import InvalidArn, StateMachineDoesNotExist, StateMachineTypeNotSupported
from engine.runtime.lifecycle.pausing import USUAL
from engine.ui.failures import readable
from engine.ui.outline import outline
from engine.ui.rendering import HERE, organization_of, render
from engine.ui.schedules import schedule, schedules

STATUSES: tuple[Status, ...] = get_args(Status)
MOST_BESIDE = 100
"""Versions, aliases and map runs that a page shows beside its subject."""


def add_routes(app: web.Application) -> None:
    """Serve the pages under /ui."""
    for path in ("/", "/ui", "/ui/"):
        app.router.add_get(path, to_executions)
    app.router.add_get("/ui/style.css", style)
    for path, page in _PAGES.items():
        app.router.add_get(f"/ui/{path}", readable(page))


async def to_executions(_request: web.Request) -> web.Response:
    """The first page."""
    raise web.HTTPFound("/ui/executions")


async def executions(request: web.Request) -> web.Response:
    """Executions, newest first, by status and by definition."""
    status, name = request.query.get("status", ""), request.query.get("definition", "")
    page = await _executions_of(request, name, next((each for each in STATUSES if each == status), None))
    conditions = await request.app[ENGINE].pausing.conditions(page.items)
    statuses = {each.id: status_of(each, conditions.get(each.id, USUAL)) for each in page.items}
    return render(
        request, "executions.html", page=page, status=status, definition=name, statuses=STATUSES, status_of=statuses
    )


async def _executions_of(request: web.Request, name: str, status: Status | None) -> Page[ExecutionRecord]:
    """Executions of the definition of that name, of all without a name; none where there is no such definition."""
    organization = organization_of(request)
    try:
        return await request.app[ENGINE].list_executions(
            organization,
            state_machine_arn=await request.app[ARNS].state_machine(organization, name) if name else None,
            status=status,
            limit=page_size(request),
            after=request.query.get("after"),
        )
    except (InvalidArn, StateMachineDoesNotExist, StateMachineTypeNotSupported):
        return Page((), None)


async def execution(request: web.Request) -> web.Response:
    """One execution with its states, its variables, its map runs and its history."""
    app_engine, organization = request.app[ENGINE], organization_of(request)
    arn = await request.app[ARNS].execution(organization, request.match_info["id"])
    found = await app_engine.describe_execution(organization, arn)
    history = await app_engine.get_history(
        organization, found.arn, reverse=False, limit=page_size(request), after=request.query.get("after")
    )
    events = await history_of(app_engine, found)
    runs = await app_engine.map_runs.list(organization, found.arn, limit=MOST_BESIDE)
    return render(
        request,
        "execution.html",
        execution=found,
        condition=(await app_engine.pausing.conditions([found])).get(found.id, USUAL),
        parent=parent_of(found),
        states=visits(events),
        variables=variables(events),
        map_runs=runs.items,
        history=history,
    )


async def map_run(request: web.Request) -> web.Response:
    """One map run with its children."""
    app_engine, organization = request.app[ENGINE], organization_of(request)
    arn = await request.app[ARNS].map_run(organization, request.match_info["id"])
    found = await app_engine.map_runs.describe(organization, arn)
    children = await app_engine.list_executions(
        organization, map_run_arn=arn, limit=page_size(request), after=request.query.get("after")
    )
    return render(request, "map_run.html", run=found, page=children)


async def definitions(request: web.Request) -> web.Response:
    """Definitions by name."""
    page = await request.app[ENGINE].machines.list(
        organization_of(request), limit=page_size(request), after=request.query.get("after")
    )
    return render(request, "definitions.html", page=page)


async def definition(request: web.Request) -> web.Response:
    """One definition with its versions, aliases and tags."""
    app_engine, organization = request.app[ENGINE], organization_of(request)
    arn = await request.app[ARNS].state_machine(organization, request.match_info["id"])
    found = await app_engine.machines.describe(organization, arn)
    return render(
        request,
        "definition.html",
        definition=found,
        states=outline(found.definition),
        versions=(await app_engine.versions.list(organization, arn, limit=MOST_BESIDE)).items,
        aliases=(await app_engine.aliases.list(organization, arn, limit=MOST_BESIDE)).items,
        tags=await app_engine.tags.list(organization, arn),
    )


async def activities(request: web.Request) -> web.Response:
    """Activities by name."""
    page = await request.app[ENGINE].activities.list(
        organization_of(request), limit=page_size(request), after=request.query.get("after")
    )
    return render(request, "activities.html", page=page)


async def nowhere(request: web.Request) -> web.Response:
    """What is no page."""
    raise ApiError("NotFound", f"There is no page {request.path}.", HTTPStatus.NOT_FOUND)


async def style(_request: web.Request) -> web.Response:
    """The style sheet."""
    text = (HERE / "style.css").read_text(encoding="utf-8")
    return web.Response(text=text, content_type="text/css", headers={"Cache-Control": "max-age=3600"})


_PAGES: Mapping[str, Handler] = {
    "executions": executions,
    "executions/{id}": execution,
    "map-runs/{id}": map_run,
    "definitions": definitions,
    "definitions/{id}": definition,
    "schedules": schedules,
    "schedules/{group}/{name}": schedule,
    "activities": activities,
    "{path:.*}": nowhere,
}
