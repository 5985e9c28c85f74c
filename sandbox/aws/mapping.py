"""Where each property of a resource type goes in the AWS API, and where each comes from."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from functools import cached_property
from typing import TYPE_CHECKING

import jmespath
from botocore.model import ListShape, StructureShape

from sandbox.aws import naming, schema
from sandbox.aws.api import operation, parameters
from sandbox.aws.convert import FromApi, ToApi
from sandbox.aws.values import Properties

if TYPE_CHECKING:
    from botocore.model import Shape

    from sandbox.aws.definition import ResourceType

LOCAL = frozenset({"region", "namePrefix", "identifierPrefix"})
"""Inputs that no operation takes, whatever the type."""


class PropertyMap:
    """A resource type's table entry joined with what botocore and the SDK say about it."""

    def __init__(self, definition: ResourceType) -> None:
        self.definition = definition
        self.schema = schema.load(definition.type)
        self.nouns = (definition.name, *definition.nouns)

    # To the API

    def request(
        self, name: str, inputs: Mapping[str, object], only: Collection[str] | None = None
    ) -> tuple[Properties, set[str], list[str]]:
        """Return an operation's parameters, the inputs that went into them, and the nested paths that couldn't."""
        shape, arguments, used = parameters(self.definition.service, name), Properties(), set()
        to_api = ToApi(self.definition.names)
        for input_name, value in inputs.items():
            if value is None or (only is not None and input_name not in only):
                continue
            for path, part, source in self._parts(shape, input_name, value):
                to_api.put(arguments, shape, path, part, source)
                used.add(input_name)
        return arguments, used, to_api.unmapped

    def takes(self, name: str, input_name: str) -> bool:
        """Tell whether an operation takes an input other than to find the resource by."""
        shape = parameters(self.definition.service, name)
        path = self._path(shape, input_name)
        flat = any(self._flat(shape, input_name))
        return flat or (path is not None and path not in self._key_members(shape))

    def updatable(self, input_name: str) -> bool:
        """Tell whether an input can change without a new resource."""
        definition = self.definition
        if input_name in definition.replaces:
            return False
        if input_name in ("tags", "tagsAll") or input_name in definition.local | LOCAL | definition.handled:
            return True
        if definition.attributes and self.attributes_of([input_name]):
            return True
        return any(self.takes(update.operation, input_name) for update in definition.updates)

    def attributes_of(self, input_names: Collection[str]) -> dict[str, str]:
        """Return attribute names by dotted input, for those inputs that are attributes."""
        names = self.definition.attributes.names if self.definition.attributes else {}
        return {path: name for path, name in names.items() if path.split(".")[0] in input_names}

    def unmapped(self, inputs: Mapping[str, object]) -> list[str]:
        """Return the inputs, and nested properties by path, that nothing in the API takes."""
        missing: list[str] = []
        taken = set(self.definition.local | self.definition.handled | LOCAL | {"tags", "tagsAll"})
        for name in self._writers:
            _, used, nested = self.request(name, {key: inputs[key] for key in inputs if key not in taken})
            missing += nested
            taken |= used
        taken |= {path.split(".")[0] for path in self.attributes_of(inputs.keys())}
        missing += [path for path in self._nested(inputs) if path not in self.attributes_of(inputs.keys())]
        missing += [name for name, value in inputs.items() if name not in taken and value is not None]
        return sorted(set(missing))

    def identity(self, name: str, state: Mapping[str, object]) -> Properties:
        """Return the parameters by which an operation finds the resource."""
        shape = parameters(self.definition.service, name)
        found = Properties()
        for member, template in self._key.items():
            value = fill(template, state)
            if value in (None, ""):
                continue
            if member in shape.members:
                found[member] = value
            elif f"{member}s" in shape.members:
                found[f"{member}s"] = [value]
        return found

    @cached_property
    def _key(self) -> Mapping[str, object]:
        return self.definition.key or {self.definition.id.rsplit(".", 1)[-1]: "{id}"}

    @property
    def _writers(self) -> list[str]:
        creating = (self.definition.create, *self.definition.create_where.values())
        return [*creating, *(update.operation for update in self.definition.updates)]

    def _key_members(self, shape: StructureShape) -> set[str]:
        return {name for member in self._key for name in (member, f"{member}s") if name in shape.members}

    def _parts(self, shape: StructureShape, name: str, value: object) -> list[tuple[str, object, str]]:
        """Return (path in the parameters, value, dotted input) for everything an operation takes of one input."""
        definition = self.definition
        value = definition.translate.get(name, {}).get(_hashable(value), value)
        flat = self._flat(shape, name)
        if flat:
            fields = value[0] if isinstance(value, list) and value else value
            if not isinstance(fields, Mapping):
                return []
            return [
                (flat[key], item, f"{name}.{key}") for key, item in fields.items() if key in flat and item is not None
            ]
        path = self._path(shape, name)
        if path == "TagSpecifications":
            value = [{"ResourceType": definition.tag_type, "Tags": value}] if value else []
        return [] if path is None or (name == "tags" and not value) else [(path, value, name)]

    def _path(self, shape: StructureShape, name: str) -> str | None:
        if name in self.definition.send:
            paths = self.definition.send[name].split("|")
            return next((path for path in paths if path.split(".")[0] in shape.members), None)
        if name == "tags" and self.definition.tag_type and "TagSpecifications" in shape.members:
            return "TagSpecifications"
        if name in self.definition.local | self.definition.handled | LOCAL | {"tagsAll"}:
            return None
        if any(path.split(".")[0] == name for path in (*self.definition.send, *self.attributes_of([name]))):
            return None
        return naming.match(name, shape.members, self.nouns)

    def _flat(self, shape: StructureShape, name: str) -> dict[str, str]:
        return {
            key.partition(".")[2]: path
            for key, path in self.definition.send.items()
            if key.startswith(f"{name}.") and path.split(".")[0] in shape.members
        }

    def _nested(self, inputs: Mapping[str, object]) -> list[str]:
        """Return the nested paths of inputs that are sent property by property and name one that nothing takes."""
        spread = {
            path.split(".")[0] for path in (*self.definition.send, *self.attributes_of(inputs.keys())) if "." in path
        }
        missing = []
        for name in spread & inputs.keys():
            value = inputs[name]
            fields = value[0] if isinstance(value, list) and value else value
            if isinstance(fields, Mapping):
                missing += [f"{name}.{key}" for key in fields if f"{name}.{key}" not in self.definition.send]
        return missing

    # From the API

    @cached_property
    def sources(self) -> Mapping[str, str]:
        """JMESPath in the found object for every output that it gives."""
        shape = self._found_shape
        members = shape.members if isinstance(shape, StructureShape) else {}
        spread = {path.split(".")[0] for path in self.definition.receive if "." in path}
        sources = dict(self.definition.receive)
        for name in self.schema.outputs.keys() - sources.keys() - spread:
            member = naming.match(name, members, self.nouns)
            if member and name not in ("tags", "tagsAll", "region") and name not in self.definition.local:
                sources[name] = f'"{member}"'
        return sources

    def outputs(self, found: object) -> Properties:
        """Return the outputs that a found object gives."""
        from_api, result = FromApi(self.definition.names), Properties()
        for path, source in self.sources.items():
            name, _, inner = path.partition(".")
            value = jmespath.search(source, found)
            back = {answer: asked for asked, answer in self.definition.translate.get(name, {}).items()}
            value = back.get(_hashable(value), value)
            kind = self.schema.outputs[name].type
            if inner and isinstance(kind, schema.Object):
                item = from_api.convert(value, kind.properties[inner].type, path)
                holder = result.setdefault(name, {})
                if item is not None and isinstance(holder, dict):
                    holder[inner] = item
            elif (item := from_api.convert(value, kind, path)) is not None:
                result[name] = item
        return result

    def gives(self, name: str) -> bool:
        """Tell whether the account's answer has a place for an output."""
        return any(path.split(".")[0] == name for path in (*self.sources, *self.attributes_of([name])))

    @cached_property
    def _found_shape(self) -> Shape | None:
        shape: Shape | None = operation(self.definition.service, self.definition.read).output_shape
        for member in re.findall(r"\w+", re.sub(r"\[[^\]]*\]", " ", self.definition.found)):
            while isinstance(shape, ListShape):
                shape = shape.member
            shape = shape.members.get(member) if isinstance(shape, StructureShape) else None
        while isinstance(shape, ListShape):
            shape = shape.member
        return shape


def fill(template: object, state: Mapping[str, object]) -> object:
    """Fill `{property}` in strings, lists and maps of them from a state."""
    if isinstance(template, str):
        if whole := re.fullmatch(r"\{(\w+)\}", template):
            return state.get(whole[1])
        return re.sub(r"\{(\w+)\}", lambda found: str(state.get(found[1], "")), template)
    if isinstance(template, list):
        return [fill(item, state) for item in template]
    return {key: fill(item, state) for key, item in template.items()} if isinstance(template, Mapping) else template


def _hashable(value: object) -> object:
    return value if isinstance(value, str | bool | int | float) else None
