"""Structured logs: one JSON object a line, or lines for people."""

import logging
import sys
from typing import TextIO

import orjson
import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

import engine

LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}
NOISY = ("aiohttp.access", "alembic", "asyncio", "botocore", "urllib3")


def configure_logs(level: str, form: str, stream: TextIO = sys.stdout) -> None:
    """Send the logs of the engine and its libraries to `stream`. `form` is json or console.

    The engine's own lines go straight to the stream; those of libraries come through the standard library's logging
    and get the same form.
    """
    common: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="timestamp"),
        _complete,
    ]
    rendering = _rendering(form, stream)
    structlog.configure(
        processors=[*common, *rendering],
        wrapper_class=structlog.make_filtering_bound_logger(LEVELS[level]),
        logger_factory=structlog.WriteLoggerFactory(file=stream),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(stream)
    remove_meta = structlog.stdlib.ProcessorFormatter.remove_processors_meta
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(foreign_pre_chain=[*common, _library], processors=[remove_meta, *rendering])
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(LEVELS[level])
    for name in NOISY:
        logging.getLogger(name).setLevel(max(LEVELS[level], logging.WARNING))


def _rendering(form: str, stream: TextIO) -> list[Processor]:
    if form == "console":
        return [structlog.dev.ConsoleRenderer(colors=stream.isatty())]
    return [
        structlog.processors.dict_tracebacks,
        structlog.processors.EventRenamer("message"),
        structlog.processors.JSONRenderer(serializer=_to_json),
    ]


def _to_json(event: EventDict, **_options: object) -> str:
    return orjson.dumps(event, default=str, option=orjson.OPT_NON_STR_KEYS).decode()


def _complete(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Leave out what is None, and say which version speaks."""
    return {name: value for name, value in event.items() if value is not None} | {"version": engine.__version__}


def _library(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Name the library that a line comes from."""
    record = event.get("_record")
    return event if record is None else {**event, "source": record.name}
