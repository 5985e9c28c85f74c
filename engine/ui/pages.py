"""The admin pages: executions, one execution, definitions."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import get_args

import jinja2
import msgspec
from aiohttp import web

import engine
from engine.api.arns import instance_id
from engine.api.auth.identity import DEFAULT_ORGANIZATION, Identity, is_organization
from engine.api.errors import ApiError
from engine.api.keys import ARNS, ENGINE, IDENTITY
from engine.api.rest.requests import page_size
from engine.api.visits import visits_of
from engine.runtime import Status

STATUSES: tuple[Status, ...] = get_args(Status)
HERE = Path(__file__).parent
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; form-action 'self'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}


def add_routes(app: web.Application) -> None:
    """Serve the pages under /ui."""
    app.router.add_get("/", to_executions)
    app.router.add_get("/ui", to_executions)
    app.router.add_get("/ui/executions", executions)
    app.router.add_get("/ui/executions/{id}", execution)
    app.router.add_get("/ui/definitions", definitions)
    app.router.add_get("/ui/definitions/{id}", definition)
    app.router.add_get("/ui/style.css", style)


async def to_executions(_request: web.Request) -> web.Response:
    """The first page."""
    raise web.HTTPFound("/ui/executions")


async def executions(request: web.Request) -> web.Response:
    """Executions, newest first, by status."""
    status = request.query.get("status", "")
    organization = _organization(request)
    page = await request.app[ENGINE].list_executions(
        organization,
        state_machine_arn=None,
        status=next((each for each in STATUSES if each == status), None),
        limit=page_size(request),
        after=request.query.get("after"),
    )
    return _render(request, "executions.html", page=page, status=status, statuses=STATUSES)


async def execution(request: web.Request) -> web.Response:
    """One execution with its states and its history."""
    app_engine, organization = request.app[ENGINE], _organization(request)
    arn = await request.app[ARNS].execution(organization, request.match_info["id"])
    found = await app_engine.describe_execution(organization, arn)
    history = await app_engine.get_history(
        organization, found.arn, reverse=False, limit=page_size(request), after=request.query.get("after")
    )
    states = await visits_of(app_engine, found)
    return _render(request, "execution.html", execution=found, states=states, history=history)


async def definitions(request: web.Request) -> web.Response:
    """Definitions by name."""
    page = await request.app[ENGINE].list_state_machines(
        _organization(request), limit=page_size(request), after=request.query.get("after")
    )
    return _render(request, "definitions.html", page=page)


async def definition(request: web.Request) -> web.Response:
    """One definition."""
    organization = _organization(request)
    arn = await request.app[ARNS].state_machine(organization, request.match_info["id"])
    found = await request.app[ENGINE].describe_state_machine(organization, arn)
    return _render(request, "definition.html", definition=found)


async def style(_request: web.Request) -> web.Response:
    """The style sheet."""
    text = (HERE / "style.css").read_text(encoding="utf-8")
    return web.Response(text=text, content_type="text/css", headers={"Cache-Control": "max-age=3600"})


def pretty(text: str | None) -> str:
    """JSON text with indentation."""
    return "" if text is None else msgspec.json.format(text, indent=2)


def moment(value: datetime | None) -> str:
    """A time in UTC, to the second."""
    return "" if value is None else value.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")


def lasted(start: datetime, end: datetime | None) -> str:
    """How long something took: `1.2 s`, `3 min 5 s`, `2 h 0 min`; nothing while it goes on."""
    if end is None:
        return ""
    total = end - start
    if total < timedelta(minutes=1):
        return f"{total.total_seconds():.1f} s"
    minutes, seconds = divmod(int(total.total_seconds()), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {seconds} s"


def _organization(request: web.Request) -> str:
    """Whose executions to show: the caller's on the API's port, any on the management port."""
    identity: Identity | None = request.get(IDENTITY)
    if identity is not None:
        return identity.organization
    name = request.query.get("organization") or DEFAULT_ORGANIZATION
    if not is_organization(name):
        raise ApiError("InvalidRequest", f"{name!r} is not the name of an organization")
    return name


def _render(request: web.Request, template: str, **content: object) -> web.Response:
    organization = _organization(request)
    shown = "" if organization == DEFAULT_ORGANIZATION else organization
    html = PAGES.get_template(template).render(organization=shown, request=request, **content)
    return web.Response(text=html, content_type="text/html", headers=HEADERS)


PAGES = jinja2.Environment(
    loader=jinja2.FileSystemLoader(HERE / "templates"),
    autoescape=True,
    undefined=jinja2.StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
PAGES.filters.update(pretty=pretty, moment=moment, encode=lambda value: msgspec.json.encode(value).decode())
PAGES.globals.update(lasted=lasted, instance_id=instance_id, version=engine.__version__)
