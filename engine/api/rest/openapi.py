"""The OpenAPI 3.1 document of REST v1, made from its routes and types."""

import functools
import re
from http import HTTPStatus
from typing import Any, get_args

import msgspec
from aiohttp import web

import engine
from engine.api.rest.requests import DEFAULT_PAGE, LARGEST_PAGE, LONGEST_WAIT_SECONDS, json_response
from engine.api.rest.routes import PREFIX, ROUTES, Parameter, Route
from engine.api.rest.shapes import ProblemDetails
from engine.runtime import Status

PATH = f"{PREFIX}/openapi.json"
COMMON_ERRORS = (400, 401, 403, 413, 429, 500, 503)
SCHEMA_REFERENCE = "#/components/schemas/{name}"

Json = dict[str, Any]

PARAMETERS: dict[Parameter, tuple[str, Json]] = {
    "limit": (
        "How many items to give at most.",
        {"type": "integer", "minimum": 1, "maximum": LARGEST_PAGE, "default": DEFAULT_PAGE},
    ),
    "after": ("Continues a list: the `next` of the page before.", {"type": "string"}),
    "wait": (
        "Seconds to wait for the end of the instance before answering.",
        {"type": "number", "minimum": 0, "maximum": LONGEST_WAIT_SECONDS, "default": 0},
    ),
    "status": (
        "Only instances of this status; PAUSED ones are among the RUNNING, DATA_DELETED ones among what they ended as.",
        {"enum": [*get_args(Status), "PAUSED"]},
    ),
    "stop": ("Whether to stop the instance before.", {"type": "boolean", "default": False}),
    "workflowDefinitionId": ("Only instances of this definition.", {"type": "string"}),
    "group": (
        "The group of the schedule, or of the schedules to list: without it default, or all.",
        {"type": "string"},
    ),
}


async def serve(_request: web.Request) -> web.Response:
    """This document."""
    return json_response(document())


def add_routes(app: web.Application) -> None:
    """Publish the document."""
    app.router.add_get(PATH, serve, name="openapi")


@functools.cache
def document() -> Json:
    """The document."""
    types = [kind for route in ROUTES for kind in (route.answer, route.body) if kind is not None]
    schemas, components = msgspec.json.schema_components([*types, ProblemDetails], ref_template=SCHEMA_REFERENCE)
    by_type = dict(zip([*types, ProblemDetails], schemas, strict=True))
    paths: Json = {}
    for route in ROUTES:
        paths.setdefault(PREFIX + route.path, {})[route.method.lower()] = _operation(route, by_type)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Workflow engine",
            "version": engine.__version__,
            "description": "Workflow definitions in Amazon States Language, and their instances.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "security": [{"bearer": []}, {"signature": []}],
        "paths": paths,
        "components": {"schemas": components, "securitySchemes": _security()},
    }


def _operation(route: Route, schemas: dict[Any, Json]) -> Json:
    operation: Json = {
        "operationId": route.name,
        "summary": route.summary,
        "parameters": [*_path_parameters(route), *(_query_parameter(name) for name in route.query)],
        "responses": {
            str(int(status)): _content(HTTPStatus(status).phrase, "application/json", schemas[route.answer])
            for status in (route.status, *route.other_statuses)
        },
    }
    for status in sorted({*COMMON_ERRORS, *route.errors}):
        problem = _content(HTTPStatus(status).phrase, "application/problem+json", schemas[ProblemDetails])
        operation["responses"][str(status)] = problem
    if route.body is not None:
        body = {"content": {"application/json": {"schema": schemas[route.body]}}}
        operation["requestBody"] = {"required": route.body_required, **body}
    return operation


def _content(description: str, kind: str, schema: Json) -> Json:
    return {"description": description, "content": {kind: {"schema": schema}}}


def _path_parameters(route: Route) -> list[Json]:
    names = re.findall(r"\{(\w+)\}", route.path)
    return [{"name": name, "in": "path", "required": True, "schema": {"type": "string"}} for name in names]


def _query_parameter(name: Parameter) -> Json:
    description, schema = PARAMETERS[name]
    return {"name": name, "in": "query", "required": False, "description": description, "schema": schema}


def _security() -> Json:
    return {
        "bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
        "signature": {
            "type": "apiKey",
            "in": "header",
            "name": "Authorization",
            "description": "AWS Signature Version 4 for the service states.",
        },
    }
