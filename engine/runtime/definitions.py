"""State machines, parsed once for each version."""

from __future__ import annotations

import asyncio
import time
from typing import Final, TypeVar
from uuid import UUID

import msgspec

from engine.language import StateMachine, parse
from engine.runtime.arns import MachineArn, account_candidates
from engine.runtime.options import EngineOptions
from engine.storage.protocol import Storage
from engine.storage.records import Machine

_KEPT: Final = 1_000
_CURRENT_SECONDS: Final = 1.0
"""How long a new version that another process made may go unnoticed (AWS: UpdateStateMachine is eventually consistent,
and executions started right after it may use the previous definition)."""


Key = TypeVar("Key")
Value = TypeVar("Value")


class Definition(msgspec.Struct, frozen=True, kw_only=True):
    """A version of a state machine, ready to run."""

    machine: Machine
    parsed: StateMachine
    arn: MachineArn


class Definitions:
    """Gives definitions and the accounts of organizations, and keeps what never changes."""

    def __init__(self, storage: Storage, options: EngineOptions) -> None:
        self._storage = storage
        self._options = options
        self._accounts: dict[str, str] = {}
        self._definitions: dict[tuple[UUID, int], Definition] = {}
        self._current: dict[tuple[str, str], tuple[float, Definition]] = {}

    async def arn(self, organization: str, name: str) -> MachineArn:
        """Give the ARN that a state machine of this name has in the organization."""
        account = self._accounts.get(organization)
        if account is None:
            candidates = list(account_candidates(organization, self._options.account))
            account = await self._storage.account_of(organization, candidates)
            _make_room(self._accounts)
            self._accounts[organization] = account
        return MachineArn(self._options.region, account, name)

    async def version(self, machine_id: UUID, version: int) -> Definition:
        """Give a state machine in one version; raises LookupError if there is none, InvalidDefinition if it is bad."""
        definition = self._definitions.get((machine_id, version))
        if definition is not None:
            return definition
        machine = await self._storage.get_version(machine_id, version)
        if machine is None:
            raise LookupError(f"There is no version {version} of the state machine {machine_id}.")
        return await self.of(machine)

    async def current(self, organization: str, name: str, *, fresh: bool = False) -> Definition | None:
        """Give a state machine in its current version, from the storage with `fresh`; None if there is none."""
        known = self._current.get((organization, name))
        if known is not None and not fresh:
            now = time.monotonic()
            if now - known[0] < _CURRENT_SECONDS:
                return known[1]
            self._current[organization, name] = (now, known[1])  # one asks, and the others need not wait for that
        machine = await self._storage.find_machine(organization, name)
        return None if machine is None else await self.changed(machine)

    async def changed(self, machine: Machine) -> Definition:
        """Note that this is a state machine's current version."""
        definition = await self.of(machine)
        _make_room(self._current)
        self._current[machine.organization, machine.name] = (time.monotonic(), definition)
        return definition

    def forget(self, organization: str, name: str) -> None:
        """Ask the storage anew what the current version is."""
        self._current.pop((organization, name), None)

    async def of(self, machine: Machine) -> Definition:
        """Give the definition of what was read from the storage."""
        key = (machine.id, machine.version)
        definition = self._definitions.get(key)
        if definition is None or definition.machine.deleting != machine.deleting:
            arn = await self.arn(machine.organization, machine.name)
            parsed = await asyncio.to_thread(parse, machine.definition)
            definition = Definition(machine=machine, parsed=parsed, arn=arn)
            _make_room(self._definitions)
            self._definitions[key] = definition
        return definition


def _make_room(kept: dict[Key, Value]) -> None:
    while len(kept) >= _KEPT:
        del kept[next(iter(kept))]
