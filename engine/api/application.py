"""The aiohttp applications: the API, the management pages, and metrics alone."""

from aiohttp import web

from engine.api import health, management
from engine.api.arns import Arns
from engine.api.auth.authenticator import Authenticator
from engine.api.keys import ARNS, DRAIN, ENGINE, SETTINGS, Drain
from engine.api.middleware.access import access
from engine.api.middleware.cors import cors
from engine.api.middleware.failures import failures
from engine.api.middleware.tracking import tracking
from engine.api.rate_limit import Counter, RateLimiter
from engine.api.rest import openapi, routes
from engine.api.scheduler import protocol as scheduler
from engine.api.stepfunctions import protocol
from engine.api.whole import WHOLE, Whole
from engine.observability.metrics import Metrics
from engine.runtime import Engine
from engine.settings import Password, Settings


def api_application(
    engine: Engine, settings: Settings, metrics: Metrics, drain: Drain, whole: Whole | None = None
) -> web.Application:
    """The API: AWS's protocols, REST v1, probes; the management pages too where they share its port."""
    limiter = _limiter(settings)
    app = web.Application(
        client_max_size=settings.request_max_bytes,
        middlewares=[
            tracking(metrics),
            *([cors(settings.cors_origin, credentials=settings.cors_credentials)] if settings.cors_origin else []),
            failures,
            access(Authenticator(settings), limiter),
        ],
    )
    _share(app, engine, settings, drain, whole or Whole(engine, metrics, drain))
    protocol.add_routes(app)
    scheduler.add_routes(app)
    routes.add_routes(app)
    openapi.add_routes(app)
    health.add_probe_routes(app)
    if settings.one_port:
        management.add_routes(app)
    if limiter is not None:
        app.on_cleanup.append(lambda _: limiter.close())
    return app


def management_application(
    engine: Engine, settings: Settings, metrics: Metrics, drain: Drain, whole: Whole | None = None
) -> web.Application:
    """The management port: health, metrics and admin pages. Never public, so that nobody needs a key."""
    app = web.Application(middlewares=[tracking(metrics), failures])
    _share(app, engine, settings, drain, whole or Whole(engine, metrics, drain))
    health.add_probe_routes(app)
    management.add_routes(app)
    return app


def metrics_application(
    engine: Engine, settings: Settings, metrics: Metrics, drain: Drain, whole: Whole | None = None
) -> web.Application:
    """The metrics port."""
    app = web.Application(middlewares=[tracking(metrics), failures])
    _share(app, engine, settings, drain, whole or Whole(engine, metrics, drain))
    management.add_metrics_routes(app)
    return app


def _share(app: web.Application, engine: Engine, settings: Settings, drain: Drain, whole: Whole) -> None:
    app[ENGINE] = engine
    app[ARNS] = Arns(engine)
    app[SETTINGS] = settings
    app[WHOLE] = whole
    app[DRAIN] = drain


def _limiter(settings: Settings) -> RateLimiter | None:
    if settings.rate_limit_max_requests == 0:
        return None
    limit, window = settings.rate_limit_max_requests, settings.rate_limit_window
    return RateLimiter(limit=limit, window_seconds=window, shared=_shared_counter(settings))


def _shared_counter(settings: Settings) -> Counter | None:
    if settings.redis_url is None:
        return None
    from engine.api.redis_counter import RedisCounter  # noqa: PLC0415 - slow to import, and rarely needed

    password = Password(settings.redis_password) if settings.redis_password else None
    return RedisCounter(settings.redis_url, username=settings.redis_username, password=password)
