"""What changes between two sets of a resource's inputs."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from sandbox.aws.values import Properties, parsed_json


def differences(old: Properties, new: Properties) -> dict[str, str]:
    """Return what changes between two sets of inputs: `add`, `delete` or `update` by property path."""
    names = sorted({*old, *new})
    return _merged(_difference(old.get(name), new.get(name), name) for name in names if not name.startswith("__"))


def root(path: str) -> str:
    """Return the input that a property path starts with."""
    return re.split(r"[.\[]", path)[0]


def _difference(old: object, new: object, path: str) -> dict[str, str]:
    if parsed_json(old) == parsed_json(new):
        return {}
    if old is None or new is None:
        return {path: "add" if old is None else "delete"}
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        keys = sorted({*old, *new})
        return _merged(_difference(old.get(key), new.get(key), f"{path}{_segment(key)}") for key in keys)
    if isinstance(old, list) and isinstance(new, list):
        length = max(len(old), len(new))
        pad = [[*items, *[None] * (length - len(items))] for items in (old, new)]
        return _merged(_difference(pad[0][i], pad[1][i], f"{path}[{i}]") for i in range(length))
    return {path: "update"}


def _merged(parts: Iterator[dict[str, str]]) -> dict[str, str]:
    return {path: change for part in parts for path, change in part.items()}


def _segment(key: str) -> str:
    return f".{key}" if re.fullmatch(r"\w+", key) else f'["{key}"]'
