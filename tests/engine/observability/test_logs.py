"""Log lines, from the engine and from libraries."""

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import structlog
from aiohttp import web
from aiohttp.http_exceptions import BadHttpMessage
from aiohttp.test_utils import TestClient, TestServer

import engine
from engine.api.keys import DRAIN, Drain
from engine.api.middleware.tracking import tracking
from engine.observability.logs import configure_logs
from engine.observability.metrics import Metrics


@pytest.fixture
def out() -> Iterator[io.StringIO]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield io.StringIO()
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


async def _here(_request: web.Request) -> web.Response:
    return web.Response()


def lines(out: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in out.getvalue().splitlines()]


async def test_an_application_may_be_made_before_logs_are_configured(out: io.StringIO) -> None:
    app = web.Application(middlewares=[tracking(Metrics())])
    app[DRAIN] = Drain()
    app.router.add_get("/here", _here)
    configure_logs("info", "json", out)
    async with TestClient(TestServer(app)) as client:
        await client.get("/here")
    assert [line["path"] for line in lines(out) if line["message"] == "request"] == ["/here"]


def test_json_has_what_searches_need(out: io.StringIO) -> None:
    configure_logs("info", "json", out)
    with structlog.contextvars.bound_contextvars(correlationId="c-1"):
        structlog.get_logger(source="engine.test").info("execution started", workflowId="orders", executionId=None)
    (line,) = lines(out)
    assert line.pop("timestamp").endswith("Z")
    assert line == {
        "message": "execution started",
        "level": "info",
        "source": "engine.test",
        "correlationId": "c-1",
        "workflowId": "orders",
        "version": engine.__version__,
    }


def test_libraries_log_in_the_same_form(out: io.StringIO) -> None:
    configure_logs("info", "json", out)
    logging.getLogger("some.library").warning("%s happened", "it")
    logging.getLogger("aiohttp.access").info("noise")
    (line,) = lines(out)
    assert (line["message"], line["level"], line["source"]) == ("it happened", "warning", "some.library")


def test_less_severe_lines_are_left_out(out: io.StringIO) -> None:
    configure_logs("warning", "json", out)
    structlog.get_logger(source="engine.test").info("quiet")
    structlog.get_logger(source="engine.test").error("loud")
    assert [line["message"] for line in lines(out)] == ["loud"]


def test_a_fault_brings_its_traceback(out: io.StringIO) -> None:
    configure_logs("info", "json", out)
    try:
        json.loads("{}")["absent"]
    except KeyError:
        structlog.get_logger(source="engine.test").exception("request failed")
    (line,) = lines(out)
    assert line["exception"][0]["exc_type"] == "KeyError"
    assert line["exception"][0]["exc_value"] == "'absent'"


def test_a_form_for_people(out: io.StringIO) -> None:
    configure_logs("info", "console", out)
    structlog.get_logger(source="engine.test").info("execution started", workflowId="orders")
    assert "execution started" in out.getvalue()
    assert "workflowId=orders" in out.getvalue()


@pytest.mark.parametrize("form", ["json", "console"])
def test_a_traceback_shows_no_values(out: io.StringIO, form: str) -> None:
    configure_logs("info", form, out)
    jwt_secret = "not for logs"
    try:
        json.loads("{}")[jwt_secret[:3]]
    except KeyError:
        structlog.get_logger(source="engine.test").exception("request failed")
        logging.getLogger("some.library").exception("it failed")
    assert "test_logs.py" in out.getvalue()
    assert out.getvalue().count(jwt_secret) == 0


@pytest.mark.parametrize("form", ["json", "console"])
def test_text_that_is_not_unicode_is_logged_all_the_same(form: str) -> None:
    configure_logs("info", form, stream := io.TextIOWrapper(io.BytesIO(), encoding="utf-8"))
    structlog.get_logger(source="engine.test").error("failed", error="lone \ud800 surrogate")
    stream.seek(0)
    assert "\\ud800" in stream.read()


def test_bad_http_is_no_fault_of_ours(out: io.StringIO) -> None:
    configure_logs("info", "json", out)
    error = BadHttpMessage("Authorization: Bearer xyz")
    logging.getLogger("aiohttp.server").error("Error handling request", exc_info=error)
    (line,) = lines(out)
    assert (line["level"], line["message"]) == ("info", "a client sent bad HTTP (BadHttpMessage)")
    assert "xyz" not in out.getvalue()
    configure_logs("warning", "json", out)
    logging.getLogger("aiohttp.server").error("Error handling request", exc_info=error)
    assert len(lines(out)) == 1
