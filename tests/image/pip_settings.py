"""This machine's way to its Python packages, for pip inside a build."""

import ast
import configparser
import os
import ssl
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

SYSTEM_CA_BUNDLE = Path("/etc/ssl/certs/ca-certificates.crt")
VARIABLES = ":env:"


class PipSettings(NamedTuple):
    """A pip.conf that says what this machine's files and variables say, and what it names.

    Attributes:
        configuration: the pip.conf; it finds the certificates where the Dockerfile mounts them.
        ca_bundle: certificates that this machine trusts, None where pip shall use its own.
        folders: folders of this machine with packages in them.
    """

    configuration: Path
    ca_bundle: Path | None
    folders: tuple[Path, ...]


def read(directory: Path) -> PipSettings:
    """Ask pip for its settings and write them to a file in `directory`."""
    listed = subprocess.run([sys.executable, "-m", "pip", "config", "list"], check=True, capture_output=True, text=True)
    settings = _merged(listed.stdout)
    ca_bundle = _ca_bundle(settings.pop(("global", "cert"), None))
    if ca_bundle is not None:
        settings["global", "cert"] = "/run/secrets/ca-bundle"
    links = [Path(link) for link in settings.get(("global", "find-links"), "").split() if link.startswith("/")]
    file = directory / "pip.conf"
    file.touch(mode=0o600)
    with file.open("w") as stream:
        _parser(settings).write(stream)
    return PipSettings(file, ca_bundle, tuple(link for link in links if link.is_dir()))


def _merged(listed: str) -> dict[tuple[str, str], str]:
    """Values by section and key from lines such as `global.timeout='60'`; variables (PIP_TIMEOUT) win over files."""
    lines = sorted(listed.splitlines(), key=lambda line: line.startswith(VARIABLES))
    merged = {}
    for name, _, value in (line.partition("=") for line in lines):
        section, _, key = name.rpartition(".")
        merged["global" if section == VARIABLES else section, key] = str(ast.literal_eval(value))
    return merged


def _parser(settings: dict[tuple[str, str], str]) -> configparser.RawConfigParser:
    parser = configparser.RawConfigParser()
    for (section, key), value in settings.items():
        if not parser.has_section(section):
            parser.add_section(section)
        parser.set(section, key, value)
    return parser


def _ca_bundle(configured: str | None) -> Path | None:
    candidates = [configured, os.environ.get("REQUESTS_CA_BUNDLE"), ssl.get_default_verify_paths().cafile]
    files = [*(Path(candidate) for candidate in candidates if candidate), SYSTEM_CA_BUNDLE]
    return next((file for file in files if file.is_file()), None)
