"""What the engine asks before it acts: are these inputs valid, and what would change."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sandbox.aws import schema
from sandbox.aws.values import UNKNOWN, Properties, has_unknown

if TYPE_CHECKING:
    from sandbox.aws.mapping import PropertyMap
    from sandbox.aws.schema import Property, PropertyType

DEFAULTED = "__defaults"
"""Key under which Pulumi keeps the names of inputs that the provider chose."""


@dataclass(frozen=True)
class Failure:
    """An input that can't be, and why."""

    property: str
    reason: str


def failures(properties: PropertyMap, inputs: Properties) -> list[Failure]:
    """Return everything wrong with a resource's inputs: types, missing, unexpected and unmapped ones."""
    plain = {name: value for name, value in inputs.items() if not name.startswith("__")}
    found = [Failure(path, why) for path, why in _object(plain, properties.schema.inputs, "")]
    if not found:
        why = f"the sandbox's AWS provider doesn't map this input of {properties.definition.type}"
        found = [Failure(path, why) for path in properties.unmapped(plain)]
    return found


def completed(
    properties: PropertyMap,
    name: str,
    seed: bytes,
    inputs: Properties,
    old: Properties,
    default_tags: Mapping[str, str],
) -> Properties:
    """Add the inputs that the provider chooses: a name, kept for the resource's life, and the default tags."""
    autoname, result = properties.definition.autoname, dict(inputs)
    result[DEFAULTED] = []
    if autoname and result.get(autoname.input) is None:
        defaulted = old.get(DEFAULTED)
        kept = isinstance(defaulted, list) and autoname.input in defaulted and old.get(autoname.input)
        prefix = next((inputs[key] for key in ("namePrefix", "identifierPrefix") if inputs.get(key)), f"{name}-")
        result[autoname.input] = kept or f"{prefix}{hashlib.sha256(seed).hexdigest()[:7]}"
        result[DEFAULTED] = [autoname.input]
    if "tags" in properties.schema.inputs:
        own = inputs.get("tags")
        result["tagsAll"] = UNKNOWN if own == UNKNOWN else {**default_tags, **(own if isinstance(own, Mapping) else {})}
    return result


def too_long(properties: PropertyMap, inputs: Properties) -> list[Failure]:
    """Return a failure when a resource's name is longer than AWS allows."""
    autoname = properties.definition.autoname
    name = inputs.get(autoname.input) if autoname else None
    if autoname is None or not isinstance(name, str) or has_unknown(name) or len(name) <= autoname.longest:
        return []
    return [Failure(autoname.input, f"{name!r} has {len(name)} characters, at most {autoname.longest} are allowed")]


def name_stays(properties: PropertyMap, old: Properties, new: Properties) -> bool:
    """Tell whether a replacement would have the name of what it replaces, so that only one of them can exist."""
    definition = properties.definition
    autoname = definition.autoname
    if autoname is None:
        return definition.one_at_a_time
    chosen = new.get(DEFAULTED)
    fixed = not (isinstance(chosen, list) and autoname.input in chosen)
    return fixed and old.get(autoname.input) == new.get(autoname.input)


def _object(value: Mapping[str, object], declared: Mapping[str, Property], path: str) -> Iterator[tuple[str, str]]:
    prefix = f"{path}." if path else ""
    for name, item in declared.items():
        if item.required and value.get(name) is None:
            yield prefix + name, "is required"
    for name, given in value.items():
        if name.startswith("__"):
            continue
        if name not in declared:
            yield prefix + name, "is no property of this type"
        else:
            yield from _value(given, declared[name].type, prefix + name)


def _value(value: object, kind: PropertyType, path: str) -> Iterator[tuple[str, str]]:
    if value is None or value == UNKNOWN or isinstance(kind, schema.Anything):
        return
    if isinstance(kind, schema.AnyOf):
        if all(list(_value(value, option, path)) for option in kind.options):
            yield path, "fits none of the allowed types"
    elif isinstance(kind, schema.ListOf):
        yield from _items(value, kind, path)
    elif isinstance(kind, schema.Scalar):
        if not _fits(value, kind.type):
            yield path, f"must be of type {kind.type.__name__}, is {type(value).__name__}"
    elif not isinstance(value, Mapping):
        yield path, f"must be a map, is {type(value).__name__}"
    elif isinstance(kind, schema.MapOf):
        for key, item in value.items():
            yield from _value(item, kind.value, f"{path}.{key}")
    else:
        yield from _object(value, kind.properties, path)


def _items(value: object, kind: schema.ListOf, path: str) -> Iterator[tuple[str, str]]:
    if not isinstance(value, list):
        yield path, f"must be a list, is {type(value).__name__}"
        return
    for index, item in enumerate(value):
        yield from _value(item, kind.item, f"{path}[{index}]")


def _fits(value: object, kind: type) -> bool:
    if kind is str:
        return isinstance(value, str | bool | int | float)
    if kind is bool:
        return isinstance(value, bool) or value in ("true", "false")
    if isinstance(value, str):
        return re.fullmatch(r"-?\d+(\.\d+)?", value) is not None
    return isinstance(value, int | float) and not isinstance(value, bool)
