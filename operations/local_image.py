"""The image of the local stack: a folder with the engine as it is now, named after its content.

The sandbox runs tasks as processes of this machine, so what stands in for an image is a copy of the engine's files and
the command that starts it. The tag is made from the content: a changed engine is a new tag and so a new deployment, and
a running task never sees files change under it.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

PARTS = ("engine", "contract.toml", "examples")


@dataclass(frozen=True)
class LocalImage:
    """A folder and the command that runs in it; `tag` is made from the files' content."""

    tag: str
    directory: Path

    @property
    def entrypoint(self) -> str:
        """The image's ENTRYPOINT as a JSON list."""
        return json.dumps([sys.executable, "-m", "engine"])


def build(root: Path, images: Path) -> LocalImage:
    """Copy the engine of `root` to a folder of `images` named after its content; does nothing when it is there."""
    digest = hashlib.sha256()
    files = sorted(_files(root))
    for file in files:
        digest.update(f"{file.relative_to(root)}\0".encode())
        digest.update(file.read_bytes() + b"\0")
    tag = f"local-{digest.hexdigest()[:12]}"
    target = images / tag
    if not target.exists():
        _copy(root, files, images / f".{tag}.partial").rename(target)
    return LocalImage(tag, target)


def _files(root: Path) -> Iterator[Path]:
    for part in PARTS:
        path = root / part
        members = path.rglob("*") if path.is_dir() else [path]
        yield from (file for file in members if file.is_file() and "__pycache__" not in file.parts)


def _copy(root: Path, files: list[Path], target: Path) -> Path:
    shutil.rmtree(target, ignore_errors=True)
    for file in files:
        copy = target / file.relative_to(root)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, copy)
    return target
