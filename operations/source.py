"""Which version of the source an image is made from, as git tells it."""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

from operations.errors import OperationError, RefusedError

SHOWN_CHANGES = 3
STACK_FILES = "Pulumi.*.yaml"
"""What the commands themselves write to (`config set`, `release`); no image holds any of it."""


@dataclass(frozen=True)
class Source:
    """A working tree's version.

    Attributes:
        name: `git describe --always --dirty`, for instance v1.4.0-3-g2f1c9ab.
        revision: the commit's full SHA.
        origin: URL of the remote named origin without credentials, empty where there is none.
    """

    name: str
    revision: str
    origin: str


def read(root: Path, *, allow_dirty: bool) -> Source:
    """The version of the working tree `root`.

    Raises:
        OperationError: git is missing, `root` is no repository with a commit, or it holds changes that no commit has
            (untracked files among them, but not the stacks' own) and `allow_dirty` is not set.
    """
    revision = _git(root, "rev-parse", "--verify", "HEAD")
    changes = _git(root, "status", "--porcelain", "--", ".", f":(exclude){STACK_FILES}")
    if not allow_dirty:
        _refuse_changes(changes)
    name = _git(root, "describe", "--always", *(["--dirty"] if changes else []))
    return Source(
        name, revision, without_credentials(_git(root, "config", "--default", "", "--get", "remote.origin.url"))
    )


def without_credentials(url: str) -> str:
    """`url` without the user and password that a remote's address may carry."""
    return re.sub(r"^(\w+://)[^/@]*@", r"\1", url)


def _refuse_changes(status: str) -> None:
    changes = [line.split(maxsplit=1)[-1] for line in status.splitlines()]
    if not changes:
        return
    more = f" and {len(changes) - SHOWN_CHANGES} more" if len(changes) > SHOWN_CHANGES else ""
    raise RefusedError(
        f"The working tree has changes that no commit holds ({', '.join(changes[:SHOWN_CHANGES])}{more}): "
        "commit them, or pass --allow-dirty."
    )


def _git(root: Path, *words: str) -> str:
    try:
        done = subprocess.run(  # noqa: S603 - our own command
            ["git", *words],  # noqa: S607 - git is wherever PATH has it
            cwd=root,
            capture_output=True,
            text=True,
            check=False,
        )
    except FileNotFoundError as error:
        raise OperationError("git is not on PATH: it names the image; install it, or add it to PATH.") from error
    if done.returncode != 0:
        said = " ".join(done.stderr.split())
        raise OperationError(f"`git {words[0]}` in {root} failed, so the image has no version: {said}")
    return done.stdout.strip()
