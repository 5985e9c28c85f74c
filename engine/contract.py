"""The list of settings that pass from a deployment to the engine, as `contract.toml` states it."""

import functools
import tomllib
from pathlib import Path
from typing import Literal

import msgspec

CONTRACT_FILE = Path(__file__).resolve().parent.parent / "contract.toml"

SettingType = Literal["string", "integer", "number", "boolean", "duration", "address", "list", "choice"]
UrlPart = Literal["address", "database", "username", "password", "file", "tls"]
Unit = Literal["milliseconds", "seconds", "bytes"]


class Alias(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Another name of a setting.

    `port` names the variable that holds the port of an address, `part` the piece of a URL that counts, `unit` what a
    bare number counts under this name.
    """

    name: str
    port: str | None = None
    part: UrlPart | None = None
    unit: Unit | None = None


class Setting(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One entry of the contract; the head of `contract.toml` explains every field."""

    name: str
    type: SettingType
    description: str
    unit: Unit | None = None
    default: str | int | float | bool | list[str] | None = None
    secret: bool = False
    minimum: float | None = None
    maximum: float | None = None
    allowed: tuple[str, ...] = ()
    required_in: tuple[str, ...] = ()
    one_of_with: str | None = None
    aliases: tuple[Alias, ...] = ()

    @property
    def spellings(self) -> tuple[Alias, ...]:
        """The setting's own name and its aliases, in order of precedence."""
        return (Alias(self.name), *self.aliases)


WORKFLOW = "{workflow}"
"""Stands in a topic's name for that of a state machine."""


class Topic(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A topic of Kafka, how many partitions it has at least, whether the engine writes there, and what it holds."""

    name: str
    partitions: int
    description: str
    published: bool = False


class Obsolete(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A variable of an earlier engine that has no meaning any more, and why."""

    name: str
    description: str


class Contract(msgspec.Struct, frozen=True, forbid_unknown_fields=True, dict=True):
    """Everything in `contract.toml`."""

    setting: tuple[Setting, ...]
    topic: tuple[Topic, ...]
    obsolete: tuple[Obsolete, ...]

    @functools.cached_property
    def secret_names(self) -> frozenset[str]:
        """Every variable name, alias or not, whose value may hold a secret."""
        return frozenset(spelling.name for setting in self.setting if setting.secret for spelling in setting.spellings)

    @functools.cached_property
    def names(self) -> frozenset[str]:
        """Every variable name that means something: settings, aliases, ports of addresses."""
        spellings = [spelling for setting in self.setting for spelling in setting.spellings]
        return frozenset(name for spelling in spellings for name in (spelling.name, spelling.port) if name)


def read_contract(path: Path = CONTRACT_FILE) -> Contract:
    """Read and check a contract file; `msgspec.ValidationError` says what is wrong with it."""
    return msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8")), Contract)


@functools.cache
def contract() -> Contract:
    """The contract this engine was built with."""
    return read_contract()
