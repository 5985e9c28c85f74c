"""Makes pages of templates."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import quote

import jinja2
import msgspec
from aiohttp import web

import engine
from engine.api.arns import instance_id
from engine.api.auth.identity import DEFAULT_ORGANIZATION, Identity, is_organization
from engine.api.errors import ApiError
from engine.api.keys import IDENTITY

HERE = Path(__file__).parent
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; form-action 'self'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}


def render(request: web.Request, template: str, **content: object) -> web.Response:
    """A page in the organization that the request is about."""
    organization = organization_of(request)
    shown = "" if organization == DEFAULT_ORGANIZATION else organization
    html = PAGES.get_template(template).render(organization=shown, request=request, **content)
    return web.Response(text=html, content_type="text/html", headers=HEADERS)


def render_failure(
    request: web.Request, title: str, message: str, *, status: int, headers: Mapping[str, str]
) -> web.Response:
    """A page that says why there is no other, in no organization, as that may be what is wrong."""
    html = PAGES.get_template("failure.html").render(organization="", request=request, heading=title, message=message)
    return web.Response(text=html, status=status, content_type="text/html", headers={**HEADERS, **headers})


def organization_of(request: web.Request) -> str:
    """Whose executions to show: the caller's on the API's port, any on the management port."""
    identity: Identity | None = request.get(IDENTITY)
    if identity is not None:
        return identity.organization
    name = request.query.get("organization") or DEFAULT_ORGANIZATION
    if not is_organization(name):
        raise ApiError("InvalidRequest", f"{name!r} is not the name of an organization")
    return name


def pretty(text: str | None) -> str:
    """JSON text with indentation."""
    return "" if text is None else msgspec.json.format(text, indent=2)


def moment(value: datetime | None) -> str:
    """A time in UTC, to the second."""
    return "" if value is None else value.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")


def instant(value: datetime) -> str:
    """A time in UTC, to the millisecond."""
    return value.astimezone(UTC).isoformat(" ", "milliseconds").removesuffix("+00:00")


def lasted(start: datetime, end: datetime | None) -> str:
    """How long something took: `12 ms`, `1.2 s`, `3 min 5 s`, `2 h 0 min`; nothing while it goes on."""
    if end is None:
        return ""
    total = end - start
    if total < timedelta(seconds=1):
        return f"{total // timedelta(milliseconds=1)} ms"
    if total < timedelta(minutes=1):
        return f"{total.total_seconds():.1f} s"
    minutes, seconds = divmod(int(total.total_seconds()), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {seconds} s"


def segment(text: str) -> str:
    """A text as one part of a path, whatever is in it: a map run's child has a slash in its id."""
    return quote(text, safe="")


def last_part(arn: str) -> str:
    """The name, or the version or alias, at the end of an ARN."""
    return arn.rpartition(":")[2]


PAGES = jinja2.Environment(
    loader=jinja2.FileSystemLoader(HERE / "templates"),
    autoescape=True,
    undefined=jinja2.StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
PAGES.filters.update(
    pretty=pretty,
    moment=moment,
    instant=instant,
    segment=segment,
    last_part=last_part,
    encode=lambda value: msgspec.json.encode(value).decode(),
)
PAGES.globals.update(lasted=lasted, instance_id=instance_id, version=engine.__version__)
