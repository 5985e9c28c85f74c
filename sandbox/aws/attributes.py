"""Inputs that AWS keeps as named strings beside a resource (load balancers, target groups, topics)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

from sandbox.aws.api import parameters
from sandbox.aws.convert import FromApi, text
from sandbox.aws.schema import Object
from sandbox.aws.values import Properties

if TYPE_CHECKING:
    from sandbox.aws.api import Api
    from sandbox.aws.mapping import PropertyMap


def read(properties: PropertyMap, api: Api, state: Properties) -> Properties:
    """Return the outputs that a resource's attributes give."""
    attributes, result = properties.definition.attributes, Properties()
    if attributes is None:
        return result
    answer = api.call(attributes.read, properties.identity(attributes.read, state))["Attributes"]
    pairs = answer if isinstance(answer, list) else []
    values = answer if isinstance(answer, dict) else {pair["Key"]: pair["Value"] for pair in pairs}
    for path, attribute in attributes.names.items():
        if values.get(attribute) not in (None, ""):
            _put(properties, result, path, values[attribute])
    return result


def write(properties: PropertyMap, api: Api, state: Properties, inputs: Properties, changed: Collection[str]) -> None:
    """Send those of the changed inputs that are attributes."""
    attributes = properties.definition.attributes
    if attributes is None:
        return
    wanted = properties.attributes_of(changed)
    values = {name: text(value) for path, name in wanted.items() if (value := _at(inputs, path)) is not None}
    if not values:
        return
    identity = properties.identity(attributes.write, state)
    if "Attributes" in parameters(properties.definition.service, attributes.write).members:
        pairs = [{"Key": name, "Value": value} for name, value in values.items()]
        api.call(attributes.write, {**identity, "Attributes": pairs})
        return
    for name, value in values.items():
        api.call(attributes.write, {**identity, "AttributeName": name, "AttributeValue": value})


def _at(inputs: Mapping[str, object], path: str) -> object:
    name, _, inner = path.partition(".")
    value = inputs.get(name)
    if not inner:
        return value
    return value.get(inner) if isinstance(value, Mapping) else None


def _put(properties: PropertyMap, result: Properties, path: str, value: object) -> None:
    name, _, inner = path.partition(".")
    kind = properties.schema.outputs[name].type
    if not inner:
        result[name] = FromApi({}).convert(value, kind, path)
        return
    holder = result.setdefault(name, {})
    if isinstance(holder, dict) and isinstance(kind, Object):
        holder[inner] = FromApi({}).convert(value, kind.properties[inner].type, path)
