"""What checks `.github/workflows`: actionlint, built once from its Go module into `.tools/`, and zizmor from PyPI."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tools import pulumi_cli
from tools.progress import run, say

ACTIONLINT = "github.com/rhysd/actionlint/cmd/actionlint"


def actionlint(root: Path) -> list[str]:
    """What actionlint has to say about the workflows of `root`, a line each; SetupError where it can't be had."""
    command = [str(_build(root)), "-oneline", "-no-color", "-shellcheck=", "-pyflakes="]
    return _lines(command, root)


def zizmor(root: Path) -> list[str]:
    """What zizmor has to say about the workflows and actions of `root`, a line each; asks nothing of GitHub."""
    program = Path(sys.executable).with_name("zizmor")
    return _lines([str(program), "--offline", "--no-progress", "--quiet", "--format", "github", ".github"], root)


def _lines(command: list[str], root: Path) -> list[str]:
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)  # noqa: S603 - our own command
    said = [line for line in done.stdout.splitlines() if line.strip()]
    return said or ([f"exit code {done.returncode}: {done.stderr.strip()}"] if done.returncode else [])


def _build(root: Path) -> Path:
    target = root / ".tools" / "bin" / "actionlint"
    if target.is_file():
        return target
    say("building actionlint from its Go module, once")
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_suffix(f".{os.getpid()}")
    environment = {**os.environ, "CGO_ENABLED": "0", "GOFLAGS": "-mod=readonly -buildvcs=false"}
    build = [pulumi_cli.find_go(root), "build", "-trimpath", "-o", str(partial), ACTIONLINT]
    run(build, directory=root / "tools" / "actionlint", environment=environment)
    partial.replace(target)
    return target
