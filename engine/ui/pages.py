"""The admin pages: executions, one execution, a map run, definitions, activities."""

from __future__ import annotations

from typing import get_args

from aiohttp import web

from engine.api.keys import ARNS, ENGINE
from engine.api.rest.requests import page_size
from engine.api.rest.showing import status_of
from engine.api.visits import history_of, parent_of, variables, visits
from engine.runtime import Status
from engine.runtime.lifecycle.pausing import USUAL
from engine.ui.rendering import HERE, organization_of, render

STATUSES: tuple[Status, ...] = get_args(Status)
MOST_BESIDE = 100
"""Versions, aliases and map runs that a page shows beside its subject."""


def add_routes(app: web.Application) -> None:
    """Serve the pages under /ui."""
    app.router.add_get("/", to_executions)
    app.router.add_get("/ui", to_executions)
    app.router.add_get("/ui/executions", executions)
    app.router.add_get("/ui/executions/{id}", execution)
    app.router.add_get("/ui/map-runs/{id}", map_run)
    app.router.add_get("/ui/definitions", definitions)
    app.router.add_get("/ui/definitions/{id}", definition)
    app.router.add_get("/ui/activities", activities)
    app.router.add_get("/ui/style.css", style)


async def to_executions(_request: web.Request) -> web.Response:
    """The first page."""
    raise web.HTTPFound("/ui/executions")


async def executions(request: web.Request) -> web.Response:
    """Executions, newest first, by status."""
    status = request.query.get("status", "")
    page = await request.app[ENGINE].list_executions(
        organization_of(request),
        state_machine_arn=None,
        status=next((each for each in STATUSES if each == status), None),
        limit=page_size(request),
        after=request.query.get("after"),
    )
    conditions = await request.app[ENGINE].pausing.conditions(page.items)
    statuses = {each.id: status_of(each, conditions.get(each.id, USUAL)) for each in page.items}
    return render(request, "executions.html", page=page, status=status, statuses=STATUSES, status_of=statuses)


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
    return render(
        request,
        "definition.html",
        definition=await app_engine.machines.describe(organization, arn),
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


async def style(_request: web.Request) -> web.Response:
    """The style sheet."""
    text = (HERE / "style.css").read_text(encoding="utf-8")
    return web.Response(text=text, content_type="text/css", headers={"Cache-Control": "max-age=3600"})
