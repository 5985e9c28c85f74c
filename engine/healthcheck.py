"""Asks the engine on this machine whether it lives. Standard library alone: containers run it every few seconds."""

import os
import tomllib
import urllib.request
from pathlib import Path

CONTRACT_FILE = Path(__file__).resolve().parent.parent / "contract.toml"
TIMEOUT_SECONDS = 3
OK = 200


def check(url: str | None = None) -> str | None:
    """Ask; None when the engine lives, else why it seems not to."""
    target = url or f"http://{_host()}:{_variable('MANAGEMENT_PORT')}/health/live"
    try:
        with urllib.request.urlopen(target, timeout=TIMEOUT_SECONDS) as answer:  # noqa: S310 - http by construction
            return None if answer.status == OK else f"{target} answered {answer.status}"
    except (OSError, ValueError) as error:
        reason = getattr(error, "reason", error)
        return f"{target}: {getattr(reason, 'strerror', None) or reason}"


def _host() -> str:
    host = _variable("HOST")
    return "127.0.0.1" if host in {"0.0.0.0", "::", ""} else host  # noqa: S104 - compared, not listened on


def _variable(name: str) -> str:
    """A setting of the contract from the environment, under any of its names, or its default."""
    contract = tomllib.loads(CONTRACT_FILE.read_text(encoding="utf-8"))
    setting = next(each for each in contract["setting"] if each["name"] == name)
    names = [name, *(alias["name"] for alias in setting.get("aliases", []))]
    return next((os.environ[each] for each in names if os.environ.get(each)), str(setting["default"]))
