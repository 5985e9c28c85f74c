"""The engine's settings: environment, then the file given with -config, then the contract's defaults."""

import os
from collections.abc import Mapping
from pathlib import Path

import msgspec

from engine.contract import Contract, Setting, contract
from engine.settings.model import AccessKey, Settings
from engine.settings.problems import Problem, SettingsError
from engine.settings.rules import broken_rules, missing, warnings
from engine.settings.secrets import PREFIX, Password, Resolver, Secret, UnresolvedSecretError, read_reference
from engine.settings.sources import Found, Source, UrlError, from_environment, from_file
from engine.settings.values import Address, to_value

__all__ = [
    "AccessKey",
    "Address",
    "Password",
    "Problem",
    "Secret",
    "Settings",
    "SettingsError",
    "load_settings",
    "obsolete_names",
    "warnings",
]


def load_settings(
    environment: Mapping[str, str] | None = None,
    file: Path | None = None,
    *,
    overrides: Mapping[str, str] | None = None,
    resolve: Resolver = read_reference,
) -> Settings:
    """Settings from `overrides`, `environment` (the process's own by default) and `file`, in that order.

    Raises `SettingsError` with every problem there is.
    """
    problems: list[Problem] = []
    agreed = contract()
    variables = os.environ if environment is None else environment
    sources = [
        Source(overrides or {}, dict.fromkeys(overrides or {}, "command line")),
        from_environment(agreed, variables, problems),
    ]
    if file is not None:
        sources.append(from_file(agreed, file, variables, problems))
    values = {setting.name: _value(setting, sources, agreed, resolve, problems) for setting in agreed.setting}
    absent = list(missing(agreed, values))
    problems.extend(absent)
    if not absent and msgspec.UNSET not in values.values():
        settings = msgspec.convert({name.lower(): value for name, value in values.items()}, Settings)
        problems.extend(broken_rules(settings))
    if problems:
        raise SettingsError(list(dict.fromkeys(problems)))
    return settings


def obsolete_names(environment: Mapping[str, str]) -> list[str]:
    """A sentence for each variable of an earlier engine that is set and has no meaning here."""
    return [f"{old.name} is obsolete: {old.description}" for old in contract().obsolete if environment.get(old.name)]


def _value(
    setting: Setting, sources: list[Source], agreed: Contract, resolve: Resolver, problems: list[Problem]
) -> object:
    """The value of one setting, None when it has none; UNSET, and a problem, where it can't be used."""
    try:
        found = _find(setting, sources)
    except UrlError as error:
        problems.append(error.problem)
        return msgspec.UNSET
    if found is None:
        return None if setting.default is None else to_value(setting, setting.default, setting.unit)
    try:
        value = to_value(setting, found.raw, found.unit)
        return _secret(str(value), resolve) if setting.secret else value
    except (ValueError, UnresolvedSecretError) as error:
        hidden = setting.secret or found.is_part or found.name in agreed.secret_names
        problems.append(Problem(found.name, None if hidden else str(found.raw), str(error), found.where))
        return msgspec.UNSET


def _find(setting: Setting, sources: list[Source]) -> Found | None:
    found = (source.find(setting) for source in sources)
    return next((each for each in found if each is not None), None)


def _secret(text: str, resolve: Resolver) -> Secret:
    return Secret(resolve(text), reference=text) if text.startswith(PREFIX) else Secret(text)
