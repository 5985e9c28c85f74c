"""Reads a resource back: what the account says of it now, held against what the program asked for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import jmespath
from botocore.exceptions import ClientError

from sandbox.aws import attributes, tags
from sandbox.aws.api import is_not_found
from sandbox.aws.mapping import fill
from sandbox.aws.values import Properties, same

if TYPE_CHECKING:
    from sandbox.aws.api import Api
    from sandbox.aws.mapping import PropertyMap


def refresh(
    properties: PropertyMap, api: Api, state: Properties, inputs: Properties
) -> tuple[Properties, Properties] | None:
    """Return a resource's state, and its inputs with every value that has drifted; None when it is gone."""
    live = describe(properties, api, state)
    if live is None:
        return None
    current = {
        name: value if _kept(properties, name, value, live) else live.get(name) for name, value in inputs.items()
    }
    result = dict(live)
    for name, value in inputs.items():
        hidden = name not in live or name in properties.definition.hidden
        if hidden or (current[name] is value and not isinstance(value, dict | list)):
            result[name] = current[name]
    if "tagsAll" in inputs:
        _split_tags(result, current, inputs)
    return _without_none(result), _without_none(current)


def describe(properties: PropertyMap, api: Api, state: Properties) -> Properties | None:
    """Return every output that the account gives for the resource that a state identifies, or None."""
    definition = properties.definition
    try:
        answer = api.call(definition.read, properties.identity(definition.read, state))
        found = jmespath.search(str(fill(definition.found, state)), answer)
        if not found:
            return None
        live = properties.outputs(found) | attributes.read(properties, api, state)
        if definition.reader:
            live |= definition.reader(api, found, {**state, **live})
        return _completed(properties, api, live, found, state)
    except ClientError as error:
        if is_not_found(error):
            return None
        raise


def _completed(
    properties: PropertyMap, api: Api, live: Properties, found: Mapping[str, object], state: Properties
) -> Properties:
    """Add what the found object doesn't hold: region, ARN, tags, outputs made of others."""
    definition, outputs = properties.definition, properties.schema.outputs
    if "region" in outputs:
        live["region"] = api.region
    if "arn" in outputs and "arn" not in live and definition.tag_type:
        live["arn"] = f"arn:aws:ec2:{api.region}:{api.account_id}:{definition.tag_type}/{state['id']}"
    for name, compute in definition.computed.items():
        live[name] = compute({**state, **live})
    if "tagsAll" in outputs:
        live["tagsAll"] = live["tags"] = tags.read(api, definition.tag_identity({**state, **live}), found)
    return live


def _kept(properties: PropertyMap, name: str, asked: object, live: Properties) -> bool:
    """Tell whether an input is as it was asked for, as far as the account can say."""
    if name in properties.definition.hidden or (name not in live and not properties.gives(name)):
        return True
    return name not in properties.schema.inputs or same(asked, live.get(name), properties.schema.inputs[name].type)


def _split_tags(result: Properties, current: Properties, inputs: Properties) -> None:
    """Tell a resource's own tags from the default ones of the provider, which only `tagsAll` has."""
    live, asked, own = (
        tags.strings(result.get("tagsAll")),
        tags.strings(inputs["tagsAll"]),
        tags.strings(inputs.get("tags")),
    )
    defaults = {key: value for key, value in asked.items() if key not in own}
    result["tags"] = {key: value for key, value in live.items() if defaults.get(key) != value} or inputs.get("tags")
    current["tagsAll"], current["tags"] = (asked, inputs.get("tags")) if live == asked else (live, result["tags"])


def _without_none(values: Properties) -> Properties:
    return {name: value for name, value in values.items() if value is not None}
