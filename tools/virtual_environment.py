"""The project's virtual environment, made from the lock file."""

from __future__ import annotations

import hashlib
import platform
import shutil
import subprocess
import sys
from pathlib import Path

from tools.progress import SetupError, run, say

MINIMUM_PYTHON = (3, 11)
FREE_BYTES = 2 * 1024**3


def ensure(root: Path, *, lock: str = "requirements/develop.txt") -> Path:
    """Make `.venv` under `root` hold exactly what the lock file says; does nothing when it already does.

    Returns:
        The environment's `bin` directory.

    Raises:
        SetupError: Python is too old, the disk is too full, or a package could not be installed.
    """
    if sys.version_info[:2] < MINIMUM_PYTHON:
        have = ".".join(map(str, sys.version_info[:3]))
        raise SetupError(
            f"Python {have} at {sys.executable} is too old: 3.11 or newer is needed (make PYTHON=python3.13 setup)."
        )
    environment = root / ".venv"
    stamp = environment / "lock.sha256"
    wanted = _fingerprint(root, lock)
    if stamp.is_file() and stamp.read_text(encoding="ascii") == wanted:
        return environment / "bin"
    require_disk(root, FREE_BYTES, "the Python packages")
    _install(root, environment, root / lock)
    stamp.write_text(wanted, encoding="ascii")
    return environment / "bin"


def require_disk(root: Path, needed: int, purpose: str) -> None:
    """Raise SetupError unless the file system of `root` has `needed` bytes free for `purpose`."""
    free = shutil.disk_usage(root).free
    if free < needed:
        have, need = f"{free / 1024**3:.1f} GiB", f"{needed / 1024**3:.0f} GiB"
        raise SetupError(f"Not enough disk under {root}: {purpose} need {need} free, and {have} are.")


def _fingerprint(root: Path, lock: str) -> str:
    digest = hashlib.sha256(sys.version.encode())
    for name in ("requirements/uv.txt", lock):
        digest.update((root / name).read_bytes())
    return digest.hexdigest()


def _install(root: Path, environment: Path, lock: Path) -> None:
    python = environment / "bin" / "python"
    if not _is_this_python(python):
        anew = " anew" if environment.exists() else ""
        say(f"making the virtual environment .venv{anew}, with Python {platform.python_version()}")
        run([sys.executable, "-m", "venv", "--clear", str(environment)])
    say(f"installing the Python packages of {lock.relative_to(root)}")
    pip = [str(python), "-m", "pip", "--disable-pip-version-check", "install", "--quiet", "--require-hashes"]
    run([*pip, "-r", str(root / "requirements/uv.txt")])
    uv = str(environment / "bin" / "uv")
    run([uv, "pip", "sync", "--quiet", "--python", str(python), "--require-hashes", str(lock)])
    say("Python packages ready")


def _is_this_python(python: Path) -> bool:
    """Whether the interpreter of an environment runs, has pip, and is the very Python that runs this."""
    try:
        told = subprocess.run(  # noqa: S603 - an interpreter of our own
            [python, "-c", "import pip, sys; print(sys.version)"], capture_output=True, text=True, check=True
        )
    except (OSError, subprocess.CalledProcessError):
        return False
    return told.stdout.strip() == sys.version
