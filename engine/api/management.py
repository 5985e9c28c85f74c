"""The management port: detailed health, metrics and admin pages."""

from aiohttp import web

from engine.api import health
from engine.api.keys import SETTINGS
from engine.api.whole import WHOLE
from engine.observability.metrics import Metrics
from engine.ui import pages


def add_routes(app: web.Application) -> None:
    """Serve everything for operators."""
    health.add_detailed_routes(app)
    if app[SETTINGS].metrics_enabled:
        add_metrics_routes(app)
    pages.add_routes(app)


def add_metrics_routes(app: web.Application) -> None:
    """Serve the metrics."""
    for path in ("/metrics", "/actuator/prometheus"):
        app.router.add_get(path, serve_metrics)


async def serve_metrics(request: web.Request) -> web.Response:
    """All metrics in Prometheus's text format."""
    return web.Response(body=await request.app[WHOLE].metrics(), headers={"Content-Type": Metrics.content_type})
