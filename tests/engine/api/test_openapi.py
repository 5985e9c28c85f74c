"""The published OpenAPI document."""

import msgspec
import pytest
import requests
from openapi_spec_validator import OpenAPIV31SpecValidator

from engine.api.application import api_application
from engine.api.keys import Drain
from engine.api.rest.openapi import document
from engine.observability.metrics import Metrics
from engine.runtime import Engine, EngineOptions
from engine.settings import load_settings
from engine.storage import open_storage
from engine.tasks.http import HttpTask
from engine.tasks.registry import Registry
from tests.engine.api.live import LiveEngine


def test_it_is_valid() -> None:
    OpenAPIV31SpecValidator(msgspec.json.decode(msgspec.json.encode(document()))).validate()


def test_it_has_every_route_and_no_other() -> None:
    registry = Registry([], HttpTask())
    engine = Engine(open_storage("memory:"), registry, EngineOptions())
    app = api_application(engine, load_settings({}), Metrics(), Drain())
    registry.close()
    served = {
        (route.method, route.resource.canonical)
        for route in app.router.routes()
        if route.resource is not None and route.resource.canonical.startswith("/api/v1/")
    }
    described = {(method.upper(), path) for path, item in document()["paths"].items() for method in item}
    documented = {each for each in served if each[0] != "HEAD" and each[1] != "/api/v1/openapi.json"}
    assert described == documented


def test_it_is_published_without_a_key(live: LiveEngine) -> None:
    response = requests.get(f"{live.api}/api/v1/openapi.json", timeout=5)
    assert response.json() == msgspec.json.decode(msgspec.json.encode(document()))


@pytest.mark.parametrize("name", ["NewInstance", "WorkflowInstance", "NewDefinition", "ProblemDetails", "HistoryItem"])
def test_it_describes_what_is_sent(name: str) -> None:
    schema = document()["components"]["schemas"][name]
    assert schema["description"]
    assert schema["properties"]


def test_every_operation_has_a_summary_and_problems() -> None:
    for item in document()["paths"].values():
        for operation in item.values():
            assert operation["summary"]
            assert {"400", "401", "429"} <= set(operation["responses"])
