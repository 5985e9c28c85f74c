"""Operations on state machines (AWS: CreateStateMachine, UpdateStateMachine, DescribeStateMachine, …)."""

from __future__ import annotations

import asyncio

import msgspec

from engine.language import StateMachine, parse
from engine.runtime.arns import is_name, parse_machine_arn, require_name, require_role
from engine.runtime.clock import DatabaseClock
from engine.runtime.definitions import Definition, Definitions
from engine.runtime.errors import (
    InvalidToken,
    StateMachineAlreadyExists,
    StateMachineDoesNotExist,
    StateMachineTypeNotSupported,
)
from engine.runtime.records import Page, StateMachineRecord
from engine.storage.identifiers import time_ordered_uuid
from engine.storage.protocol import Storage
from engine.storage.records import Machine


class StateMachines:
    """The state machines of all organizations."""

    def __init__(self, storage: Storage, definitions: Definitions, clock: DatabaseClock) -> None:
        self._storage = storage
        self._definitions = definitions
        self._clock = clock

    async def create(
        self, organization: str, name: str, definition: str, role_arn: str, kind: str, description: str
    ) -> StateMachineRecord:
        """Create a state machine, or give the one that is there if definition and type are the same."""
        require_name(name)
        require_role(role_arn)
        if kind != "STANDARD":
            raise StateMachineTypeNotSupported(f'The type "{kind}" isn\'t supported; allowed is "STANDARD".')
        parsed = await asyncio.to_thread(parse, definition)
        await self._definitions.arn(organization, name)
        now = self._clock.now()
        machine = Machine(
            id=time_ordered_uuid(),
            organization=organization,
            name=name,
            kind=kind,
            version=1,
            definition=_as_json(definition, parsed),
            role_arn=role_arn,
            description=description,
            created_at=now,
            updated_at=now,
        )
        if not await self._storage.create_machine(machine):
            return await self._existing(machine, parsed)
        return describe(await self._definitions.changed(machine))

    async def _existing(self, wanted: Machine, parsed: StateMachine) -> StateMachineRecord:
        machine = await self._storage.find_machine(wanted.organization, wanted.name)
        if machine is None:
            raise StateMachineDoesNotExist(f'The state machine "{wanted.name}" was deleted meanwhile.')
        existing = await self._definitions.of(machine)
        if existing.parsed.definition != parsed.definition or machine.kind != wanted.kind:
            raise StateMachineAlreadyExists(
                f'The state machine "{wanted.name}" exists with another definition or type: {existing.arn}'
            )
        return describe(existing)

    async def update(
        self, organization: str, arn: str, definition: str | None, role_arn: str | None, description: str | None
    ) -> StateMachineRecord:
        """Make a new version; None keeps what is. If nothing differs, the current version stays."""
        require_role(role_arn or "")
        parsed = None if definition is None else await asyncio.to_thread(parse, definition)
        while True:
            current = (await self.find(organization, arn, fresh=True)).machine
            machine = msgspec.structs.replace(
                current,
                definition=current.definition if parsed is None else _as_json(definition or "", parsed),
                role_arn=current.role_arn if role_arn is None else role_arn,
                description=current.description if description is None else description,
            )
            if machine == current:
                return describe(await self._definitions.changed(current))
            changed = msgspec.structs.replace(machine, version=current.version + 1, updated_at=self._clock.now())
            if await self._storage.add_version(changed):
                return describe(await self._definitions.changed(changed))

    async def find(self, organization: str, arn: str, *, fresh: bool = False) -> Definition:
        """Give a state machine's current version; `fresh` asks the storage. Raises StateMachineDoesNotExist."""
        wanted = parse_machine_arn(arn)
        definition = None
        if is_name(wanted.name) and await self._definitions.arn(organization, wanted.name) == wanted:
            definition = await self._definitions.current(organization, wanted.name, fresh=fresh)
        if definition is None:
            raise StateMachineDoesNotExist(f"There is no state machine {arn}.")
        return definition

    async def list(self, organization: str, limit: int, after: str | None) -> Page[StateMachineRecord]:
        """Give an organization's state machines by name."""
        if after is not None and not is_name(after):
            raise InvalidToken(f"The token {after!r} doesn't continue a list of this engine.")
        machines = await self._storage.list_machines(organization, limit + 1, after)
        records = tuple([describe(await self._definitions.of(machine)) for machine in machines[:limit]])
        return Page(records, records[-1].name if len(machines) > limit else None)


def describe(definition: Definition) -> StateMachineRecord:
    """Give the record of a state machine."""
    machine = definition.machine
    return StateMachineRecord(
        arn=str(definition.arn),
        organization=machine.organization,
        name=machine.name,
        kind=machine.kind,
        definition=machine.definition,
        role_arn=machine.role_arn,
        description=machine.description,
        version=machine.version,
        created_at=machine.created_at,
        updated_at=machine.updated_at,
    )


def _as_json(definition: str, parsed: StateMachine) -> str:
    """Keep a definition's text as it is if it is JSON; YAML becomes JSON."""
    try:
        msgspec.json.decode(definition)
    except msgspec.DecodeError:
        return parsed.definition
    return definition
