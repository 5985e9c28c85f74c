"""Reads the Resource of a Task state: which kinds of tasks this version runs."""

from __future__ import annotations

import re

from engine.language.definition import Resource
from engine.language.parsing.fields import Fields

_HANDLER = re.compile(r"handler:(?P<name>[A-Za-z0-9][A-Za-z0-9._-]{0,127})")
_HTTP = re.compile(r"(?:arn:aws[a-z-]*:states:::)?http:invoke")
_ALLOWED = "handler:NAME for a Python handler, and http:invoke or arn:aws:states:::http:invoke for an HTTP call"


def read_resource(state: Fields) -> Resource:
    """Read the field Resource of a Task state."""
    state.require("Resource")
    text = state.text("Resource")
    if text is None:
        return Resource("", "", "")
    handler = _HANDLER.fullmatch(text)
    if handler is not None:
        return Resource(text, "handler", handler["name"])
    if _HTTP.fullmatch(text) is not None:
        return Resource(text, "http", "invoke")
    if text.startswith("handler:"):
        message = f"{text!r} must name a handler by letters, digits, dots, underscores and hyphens, 128 at most."
        state.report("Resource", "bad-resource", message)
    else:
        state.report("Resource", "unsupported-resource", f"This version does not run {text!r}; it runs {_ALLOWED}.")
    return Resource("", "", "")
