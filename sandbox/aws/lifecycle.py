"""Creates, changes and deletes resources of any type in the table."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import jmespath
from botocore.exceptions import ClientError

from sandbox.aws import attributes, reading, tags
from sandbox.aws.api import is_not_found, parameters
from sandbox.aws.errors import (
    InitializationFailedError,
    MissingOutputError,
    NotReadyError,
    ProviderError,
    UnmappedInputError,
    WrongEchoError,
)
from sandbox.aws.mapping import PropertyMap, fill
from sandbox.aws.values import Properties

if TYPE_CHECKING:
    from sandbox.aws.api import Api

DEFAULT_TIMEOUT = 1200.0
"""Seconds to wait for a resource where the program has no customTimeouts."""


@dataclass(frozen=True)
class Lifecycle:
    """A resource type at work in one region."""

    map: PropertyMap
    api: Api

    def create(self, inputs: Properties, timeout: float = 0) -> tuple[str, Properties]:
        """Create a resource; return its ID and state once it is ready."""
        definition = self.map.definition
        self._refuse_unmapped(inputs)
        effective = {**inputs, "tags": inputs.get("tagsAll") or inputs.get("tags")}
        creating = definition.creating(inputs)
        arguments, used, _ = self.map.request(creating, effective)
        built = definition.build({**effective, "region": self.api.region}) if definition.build else {}
        answer = self.api.call(creating, {**definition.create_with, **arguments, **built})
        identity = self._new_id(answer, inputs)
        state: Properties = {**inputs, "id": identity}
        if definition.created:
            state = {**self.map.outputs(jmespath.search(definition.created, answer)), **state}
        self._change(inputs, state, {}, [name for name in inputs if name not in used])
        return identity, self._settled(state, inputs, timeout)

    def update(
        self, identity: str, state: Properties, old: Properties, new: Properties, timeout: float = 0
    ) -> Properties:
        """Change a resource in place from its old inputs to the new ones; return its state."""
        self._refuse_unmapped(new)
        state = {**state, **new, "id": identity}
        changed = [name for name in {**old, **new} if old.get(name) != new.get(name)]
        self._change(new, state, old, changed)
        if "tagsAll" in changed:
            tagged = self.map.definition.tag_identity(state)
            tags.change(self.api, tagged, tags.strings(old.get("tagsAll")), tags.strings(new.get("tagsAll")))
        return self._settled(state, new, timeout)

    def read(self, identity: str, state: Properties, inputs: Properties) -> tuple[Properties, Properties] | None:
        """Return the state and inputs of a resource as the account has it now, or None when it is gone."""
        return reading.refresh(self.map, self.api, {**state, "id": identity}, inputs)

    def delete(self, identity: str, state: Properties, timeout: float = 0) -> None:
        """Delete a resource; one that is gone already is fine."""
        definition, state = self.map.definition, {**state, "id": identity}
        with _gone_is_fine():
            if definition.before_delete:
                definition.before_delete(self.api, identity, state)
        with _gone_is_fine():
            if definition.delete:
                fixed = {member: fill(template, state) for member, template in definition.delete_with.items()}
                given = {member: value for member, value in fixed.items() if value not in (None, "")}
                self.api.call(definition.delete, {**given, **self.map.identity(definition.delete, state)})
            if definition.gone:
                definition.gone(self.api, identity, state, timeout or DEFAULT_TIMEOUT)

    def _refuse_unmapped(self, inputs: Properties) -> None:
        if unmapped := self.map.unmapped(inputs):
            raise UnmappedInputError(self.map.definition.type, unmapped)

    def _new_id(self, answer: Properties, inputs: Properties) -> str:
        template = self.map.definition.id
        known = {**answer, **inputs, "accountId": self.api.account_id}
        found = fill(template, known) if "{" in template else jmespath.search(template, answer)
        if not found:
            raise MissingOutputError(self.map.definition.type, ["id"])
        return str(found)

    def _change(self, inputs: Properties, state: Properties, old: Properties, changed: Collection[str]) -> None:
        """Send changed inputs by the operations, attributes and functions that take them."""
        for update in self.map.definition.updates:
            mine = [name for name in changed if self.map.updatable(name) and self.map.takes(update.operation, name)]
            if update.each:
                for name in mine:
                    self._send(update.operation, inputs, state, [name])
            elif mine:
                self._send(update.operation, inputs, state, inputs if update.whole else {*mine, *update.always})
        attributes.write(self.map, self.api, state, inputs, changed)
        change = self.map.definition.change
        if change and (not old or self.map.definition.handled & set(changed)):
            change(self.api, str(state["id"]), old, inputs)

    def _send(self, name: str, inputs: Properties, state: Properties, only: Collection[str]) -> None:
        shape = parameters(self.map.definition.service, name)
        required = set(shape.required_members)
        needed = [other for other in inputs if self.map.request(name, inputs, [other])[0].keys() & required]
        arguments, _, _ = self.map.request(name, inputs, {*only, *needed})
        fixed = {member: value for member, value in self.map.definition.update_with.items() if member in shape.members}
        self.api.call(name, {**fixed, **arguments, **self.map.identity(name, state)})

    def _settled(self, state: Properties, inputs: Properties, timeout: float) -> Properties:
        """Wait until a resource is ready and return its state."""
        identity = str(state["id"])
        try:
            if self.map.definition.ready:
                self.map.definition.ready(self.api, identity, state, timeout or DEFAULT_TIMEOUT)
            return self._verified(identity, state, inputs)
        except ProviderError as error:
            raise InitializationFailedError(identity, state, inputs, error) from error

    def _verified(self, identity: str, state: Properties, inputs: Properties) -> Properties:
        """Read a resource; hold what the account says against what was asked and what is due."""
        definition, outputs = self.map.definition, self.map.schema.outputs
        found = self.read(identity, state, inputs)
        if found is None:
            raise NotReadyError(f"{definition.type}: {identity} can't be found right after it was written")
        result, current = found
        if wrong := [name for name in inputs if current.get(name) != inputs[name]]:
            raise WrongEchoError(
                definition.type, [f"{name} {current.get(name)!r} for {inputs[name]!r}" for name in wrong]
            )
        due = {name for name, declared in outputs.items() if declared.required and not definition.leaves_empty(name)}
        if missing := sorted(due - result.keys()):
            raise MissingOutputError(definition.type, missing)
        return result


@contextmanager
def _gone_is_fine() -> Iterator[None]:
    """Pass over AWS's saying that a resource, or what it is in, doesn't exist."""
    try:
        yield
    except ClientError as error:
        if not is_not_found(error):
            raise
