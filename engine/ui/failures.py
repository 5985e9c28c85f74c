"""Refusals on the admin pages, as a page for people."""

from __future__ import annotations

from http import HTTPStatus

from aiohttp import web
from aiohttp.typedefs import Handler

from engine.api.errors import as_api_error
from engine.ui.rendering import render_failure


def readable(page: Handler) -> Handler:
    """Show why there is no page, or none now, to who asks for HTML; the application answers others, and faults."""

    async def shown(request: web.Request) -> web.StreamResponse:
        try:
            return await page(request)
        except Exception as error:
            refusal = as_api_error(error)
            if refusal is None or "text/html" not in request.headers.get("Accept", ""):
                raise
            title = HTTPStatus(refusal.status).phrase
            return render_failure(request, title, refusal.message, status=refusal.status, headers=refusal.headers)

    return shown
