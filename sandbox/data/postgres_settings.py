"""RDS parameter groups as settings of the PostgreSQL at hand."""

import functools
import subprocess
from collections.abc import Mapping
from pathlib import Path

_SIZED_BY_INSTANCE = "{"  # a formula over the instance class, as {DBInstanceClassMemory/32768}


def from_parameter_group(postgres: Path, parameters: Mapping[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    """Settings to start `postgres` with, and the parameters left out with the reason for each."""
    settings: dict[str, str] = {}
    ignored: dict[str, str] = {}
    for name, value in parameters.items():
        reason = _why_ignored(postgres, name, value)
        if reason:
            ignored[name] = reason
        else:
            settings[name] = value
    libraries = settings.pop("shared_preload_libraries", "")
    found, missing = _split_libraries(postgres, libraries)
    if found:
        settings["shared_preload_libraries"] = ",".join(found)
    if missing:
        ignored["shared_preload_libraries"] = f"this PostgreSQL doesn't carry {', '.join(missing)}"
    if "pg_stat_statements" not in found:
        for name in [name for name in settings if name.startswith("pg_stat_statements.")]:
            ignored[name] = f"pg_stat_statements isn't loaded, so its {settings.pop(name)!r} has no meaning"
    return settings, ignored


def _why_ignored(postgres: Path, name: str, value: str) -> str:
    if name.startswith("rds."):
        return "RDS's own; the sandbox's database has no such thing"
    if _SIZED_BY_INSTANCE in value:
        return "sized by the instance class, of which the sandbox has none"
    if "." not in name and name not in _known(postgres):
        return "unknown to this version of PostgreSQL"
    return ""


def _split_libraries(postgres: Path, libraries: str) -> tuple[list[str], list[str]]:
    names = [name.strip() for name in libraries.split(",") if name.strip()]
    folder = _library_folder(postgres)
    found = [name for name in names if (folder / f"{name}.so").exists()]
    return found, [name for name in names if name not in found]


def _library_folder(postgres: Path) -> Path:
    """`$libdir`: Debian keeps it in ../lib, a plain build in ../lib/postgresql."""
    root = postgres.parent.parent / "lib"
    return root / "postgresql" if (root / "postgresql").is_dir() else root


@functools.cache
def _known(postgres: Path) -> frozenset[str]:
    described = subprocess.run([postgres, "--describe-config"], capture_output=True, text=True, check=True).stdout  # noqa: S603
    return frozenset(line.partition("\t")[0] for line in described.splitlines())
