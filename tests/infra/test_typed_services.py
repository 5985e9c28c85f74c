"""mypy reads only those modules of pulumi_aws that the code uses; of any other, everything would be Any."""

from __future__ import annotations

import ast
import importlib.util
import tomllib
from collections.abc import Iterator
from pathlib import Path

from tests.infra.stacks import ROOT

PACKAGE = "pulumi_aws"
OF_ITS_OWN = {PACKAGE, *(f"{PACKAGE}.{name}" for name in ("_enums", "_inputs", "_utilities", "outputs", "provider"))}
"""What the package itself is made of."""
FOLDERS = ("infra", "operations", "sandbox", "tests")


def followed() -> set[str]:
    """The modules that pyproject.toml has mypy read."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["mypy"]["overrides"]
    [modules] = [entry["module"] for entry in settings if entry.get("follow_imports") == "normal"]
    return set(modules)


def used() -> Iterator[str]:
    """The services and functions that the code names, as mypy is told of them."""
    files = [file for folder in FOLDERS for file in (ROOT / folder).rglob("*.py")]
    for name in {name for file in files for name in attributes(file)}:
        spec = importlib.util.find_spec(f"{PACKAGE}.{name}")
        if spec is not None:
            yield f"{spec.name}.*" if spec.submodule_search_locations else spec.name


def attributes(file: Path) -> Iterator[str]:
    """What a file takes of the package."""
    text = file.read_text()
    if PACKAGE not in text:
        return
    tree = ast.parse(text)
    imported = [name for node in ast.walk(tree) if isinstance(node, ast.Import) for name in node.names]
    names = {name.asname or name.name for name in imported if name.name == PACKAGE}
    for node in ast.walk(tree):
        match node:
            case ast.Attribute(value=ast.Name(id=package), attr=attribute) if package in names:
                yield attribute


def test_mypy_reads_what_the_code_uses() -> None:
    assert set(used()) | OF_ITS_OWN == followed()
