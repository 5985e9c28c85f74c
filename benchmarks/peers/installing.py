"""Installs the peers into `.tools/benchmarks`, from lock files that hold versions and hashes."""

from __future__ import annotations

import hashlib
import os
import platform
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final

import msgspec

from tools.progress import SetupError, run, say
from tools.pulumi_cli import find_go
from tools.virtual_environment import require_disk

_HERE: Final = Path(__file__).parent
_RESTATE_BYTES: Final = 1024**3
_TEMPORAL_BYTES: Final = 5 * 1024**3
_TEMPORAL_PACKAGE: Final = "github.com/temporalio/cli/cmd/temporal"
_MACHINES: Final = {"x86_64": "x64", "amd64": "x64", "aarch64": "arm64", "arm64": "arm64"}


class Installed(msgspec.Struct, frozen=True):
    """What could be had. A peer that couldn't is in `missing`, with the reason.

    Attributes:
        python: the interpreter that has the peers' packages; None without.
        restate, temporal: their servers' programs; None without.
    """

    python: Path | None
    restate: Path | None
    temporal: Path | None
    missing: dict[str, str]


def install(root: Path, *, temporal: bool) -> Installed:
    """Install what isn't there yet; never raises for a peer that can't be had."""
    target = root / ".tools" / "benchmarks"
    missing: dict[str, str] = {}
    python = _attempt(missing, ("Restate", "DBOS", "Temporal"), lambda: _python(root, target))
    restate = _attempt(missing, ("Restate",), lambda: _restate(target))
    built = None
    if temporal:
        built = _attempt(missing, ("Temporal",), lambda: _temporal(root, target))
    else:
        missing["Temporal"] = "left out: its build takes some ten minutes (--with temporal)"
    return Installed(python, restate, built, missing)


def _attempt(missing: dict[str, str], peers: tuple[str, ...], get: Callable[[], Path]) -> Path | None:
    try:
        return get()
    except SetupError as error:
        say(f"without {', '.join(peers)}: {error}")
        for peer in peers:
            missing.setdefault(peer, str(error))
        return None


def _python(root: Path, target: Path) -> Path:
    lock = _HERE / "requirements.txt"
    environment = target / "python"
    python = environment / "bin" / "python"
    if _is_done(environment, lock):
        return python
    uv = root / ".venv" / "bin" / "uv"
    if not uv.exists():
        raise SetupError("the project's own environment isn't there: run `make venv` first")
    say("installing the peers' Python packages")
    run([sys.executable, "-m", "venv", "--clear", str(environment)])
    run([str(uv), "pip", "sync", "--quiet", "--python", str(python), "--require-hashes", str(lock)])
    _mark_done(environment, lock)
    return python


def _restate(target: Path) -> Path:
    lock = _HERE / "package-lock.json"
    folder = target / "restate"
    system = "darwin" if sys.platform == "darwin" else "linux"
    package = f"restate-server-{system}-{_MACHINES.get(platform.machine().lower(), platform.machine())}"
    server = folder / "node_modules" / "@restatedev" / package / "bin" / "restate-server"
    if not _is_done(folder, lock):
        npm = shutil.which("npm")
        if npm is None:
            raise SetupError("Restate's server comes by npm, which is not on PATH")
        require_disk(target, _RESTATE_BYTES, "Restate's server")
        say("installing Restate's server")
        folder.mkdir(parents=True, exist_ok=True)
        for file in ("package.json", "package-lock.json"):
            shutil.copyfile(_HERE / file, folder / file)
        run([npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"], directory=folder)
        _mark_done(folder, lock)
    if not server.is_file():
        raise SetupError(f"Restate has no server for this machine ({package})")
    return server


def _temporal(root: Path, target: Path) -> Path:
    lock = _HERE / "temporal" / "go.sum"
    folder = target / "temporal"
    program = folder / "temporal"
    if not _is_done(folder, lock):
        folder.mkdir(parents=True, exist_ok=True)
        require_disk(target, _TEMPORAL_BYTES, "Temporal's Go modules and their build")
        go = find_go(root)
        say("building Temporal's server: some 5 to 10 minutes on two cores, once")
        environment = {**os.environ, "CGO_ENABLED": "0", "GOFLAGS": "-mod=readonly -buildvcs=false"}
        build = [go, "build", "-trimpath", "-ldflags", "-s -w", "-o", str(program), _TEMPORAL_PACKAGE]
        run(build, directory=_HERE / "temporal", environment=environment)
        _mark_done(folder, lock)
    return program


def _is_done(folder: Path, lock: Path) -> bool:
    stamp = folder / "lock.sha256"
    return stamp.is_file() and stamp.read_text(encoding="ascii") == _fingerprint(lock)


def _mark_done(folder: Path, lock: Path) -> None:
    (folder / "lock.sha256").write_text(_fingerprint(lock), encoding="ascii")


def _fingerprint(lock: Path) -> str:
    return hashlib.sha256(sys.version.encode() + lock.read_bytes()).hexdigest()
