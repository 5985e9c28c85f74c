"""The admin pages about schedules."""

from __future__ import annotations

from aiohttp import web

from engine.api.keys import ENGINE
from engine.api.rest.requests import page_size
from engine.ui.rendering import organization_of, render

UPCOMING = 5
"""Times that the page of a schedule shows."""


async def schedules(request: web.Request) -> web.Response:
    """Schedules by group and name, with the next time and the last execution of each."""
    found = request.app[ENGINE].schedules
    page = await found.list(organization_of(request), limit=page_size(request), after=request.query.get("after"))
    return render(request, "schedules.html", page=page, latest=await found.latest(page.items))


async def schedule(request: web.Request) -> web.Response:
    """One schedule with all that is chosen of it, and its next times."""
    found = request.app[ENGINE].schedules
    names = request.match_info
    record = await found.describe(organization_of(request), names["name"], names["group"])
    latest = (await found.latest([record])).get(record.latest_execution) if record.latest_execution else None
    return render(request, "schedule.html", schedule=record, latest=latest, upcoming=record.upcoming(UPCOMING))
