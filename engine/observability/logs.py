"""Structured logs: one JSON object a line, or lines for people."""

import functools
import json
import logging
import sys
from typing import TextIO

import orjson
import structlog
from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError
from structlog.typing import EventDict, Processor, WrappedLogger

import engine

LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}
TRACEBACKS = structlog.tracebacks.ExceptionDictTransformer(show_locals=False)  # locals hold keys, tokens and inputs
NOISY = ("aiohttp.access", "alembic", "asyncio", "botocore", "urllib3")


def configure_logs(level: str, form: str, to: TextIO | None = None, process: int | None = None) -> None:
    """Send the logs of the engine and its libraries to a stream, standard output if none is given.

    `form` is json or console. `process` is the number of one among several, which its lines then name.

    The engine's own lines go straight to the stream; those of libraries come through the standard library's logging
    and get the same form.
    """
    stream = to or sys.stdout
    common: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="timestamp"),
        functools.partial(
            _complete, {"version": engine.__version__} | ({} if process is None else {"process": process})
        ),
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
    logging.getLogger("aiohttp.server").addFilter(_client_faults)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(LEVELS[level])
    for name in NOISY:
        logging.getLogger(name).setLevel(max(LEVELS[level], logging.WARNING))


def _rendering(form: str, stream: TextIO) -> list[Processor]:
    if form == "console":
        plain = structlog.dev.plain_traceback
        lines = structlog.dev.ConsoleRenderer(colors=stream.isatty(), exception_formatter=plain)
        return [lambda logger, method, event: _writable(lines(logger, method, event))]
    return [
        structlog.processors.ExceptionRenderer(TRACEBACKS),
        structlog.processors.EventRenamer("message"),
        structlog.processors.JSONRenderer(serializer=_to_json),
    ]


def _to_json(event: EventDict, **_options: object) -> str:
    try:
        return orjson.dumps(event, default=str, option=orjson.OPT_NON_STR_KEYS).decode()
    except TypeError:  # lone surrogates, which a handler's error or a client's request may hold
        return json.dumps(event, default=str)


def _writable(line: str) -> str:
    """Escape what no stream takes."""
    return line.encode(errors="backslashreplace").decode()


def _client_faults(record: logging.LogRecord) -> bool:
    """Make one line of what aiohttp says about bytes that aren't HTTP: no fault of ours, and they may hold a token."""
    error = record.exc_info[1] if record.exc_info else None
    if isinstance(error, HttpProcessingError | web.RequestPayloadError):
        record.levelno, record.levelname = logging.INFO, "INFO"
        record.msg, record.args, record.exc_info = "a client sent bad HTTP (%s)", (type(error).__name__,), None
    return logging.getLogger().isEnabledFor(record.levelno)


def _complete(speaker: dict[str, object], _logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Leave out what is None, and say which version speaks, and which process."""
    return {name: value for name, value in event.items() if value is not None} | speaker


def _library(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Name the library that a line comes from."""
    record = event.get("_record")
    return event if record is None else {**event, "source": record.name}
