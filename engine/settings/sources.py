"""Where settings come from: the environment, then a YAML file."""

import difflib
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import msgspec
import yaml

from engine.contract import Alias, Contract, Setting, Unit
from engine.reading import reason
from engine.settings.problems import Problem
from engine.settings.values import url_part


class Found(NamedTuple):
    """What was written for a setting, under which name, and where."""

    raw: object
    name: str
    where: str
    unit: Unit | None
    is_part: bool  # a piece of a longer value, whose rest may be a secret


class Source(msgspec.Struct, frozen=True):
    """Variables that were set in one place."""

    values: Mapping[str, object]
    where: Mapping[str, str]

    def find(self, setting: Setting) -> Found | None:
        """What this place says about a setting, under the first of its names that it has.

        Raises `ValueError` with the name, and what is allowed, when a URL can't be taken apart.
        """
        for spelling in setting.spellings:
            raw = self._read(spelling)
            if raw is not None:
                unit = spelling.unit or setting.unit
                return Found(raw, spelling.name, self.where[spelling.name], unit, spelling.part is not None)
        return None

    def _read(self, spelling: Alias) -> object | None:
        raw = self.values.get(spelling.name)
        if raw is None:
            return None
        if spelling.part:
            try:
                return url_part(str(raw), spelling.part)
            except ValueError as error:
                raise UrlError(spelling.name, self.where[spelling.name], str(error)) from None
        port = self.values.get(spelling.port) if spelling.port else None
        return raw if port is None or ":" in str(raw) else f"{raw}:{port}"


class UrlError(ValueError):
    """A connection URL that can't be taken apart; its value may hold a password and is not kept."""

    def __init__(self, name: str, where: str, allowed: str) -> None:
        super().__init__(name)
        self.problem = Problem(name, None, allowed, where)


def from_environment(contract: Contract, environment: Mapping[str, str], problems: list[Problem]) -> Source:
    """Variables of the environment, and files that `NAME_FILE` variables point to; empty ones count as unset."""
    values: dict[str, object] = {}
    where: dict[str, str] = {}
    for name in contract.names:
        if environment.get(name):
            values[name], where[name] = environment[name], f"environment variable {name}"
            continue
        path = environment.get(f"{name}_FILE")
        if path and f"{name}_FILE" not in contract.names:
            where[name] = f"environment variable {name}_FILE"
            try:
                values[name] = Path(path).read_text(encoding="utf-8").strip()
            except (OSError, ValueError) as error:
                problems.append(
                    Problem(f"{name}_FILE", path, f"a file that can be read ({reason(error)})", where[name])
                )
    return Source(values, where)


def from_file(contract: Contract, path: Path, environment: Mapping[str, str], problems: list[Problem]) -> Source:
    """The settings in a YAML file: a mapping by name, or nested (`database: {poolSize: 5}` is DATABASE_POOL_SIZE).

    `${NAME}` in a value stands for that variable of the environment.
    """
    try:
        document = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    except (OSError, UnicodeDecodeError, RecursionError, yaml.YAMLError) as error:
        problems.append(Problem("-config", str(path), f"a YAML file that can be read ({reason(error)})", "command"))
        return Source({}, {})
    if not isinstance(document, dict):
        problems.append(Problem("-config", str(path), "a YAML mapping of setting names to values", "command"))
        return Source({}, {})
    values: dict[str, object] = {}
    for name, value in _flatten(document):
        if name in contract.names:
            values[name] = _expand(value, environment)
        else:
            close = difflib.get_close_matches(name, contract.names, n=1)
            hint = f"a known name; did you mean {close[0]}?" if close else "a name listed in contract.toml"
            problems.append(Problem(name, None, hint, f"file {path}"))
    return Source(values, dict.fromkeys(values, f"file {path}"))


def _flatten(document: Mapping[object, object], prefix: str = "") -> Iterator[tuple[str, object]]:
    for key, value in document.items():
        words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", str(key)).replace("-", "_").upper()
        name = f"{prefix}_{words}" if prefix else words
        if isinstance(value, dict):
            yield from _flatten(value, name)
        else:
            yield name, value


def _expand(value: object, environment: Mapping[str, str]) -> object:
    if not isinstance(value, str):
        return value
    return re.sub(r"\$\{(\w+)\}", lambda match: environment.get(match[1], ""), value) or None
