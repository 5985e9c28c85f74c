"""Kafka's server, for the tests: its jars in `.tools/kafka`, copied once by Maven from where Maven is set to look.

`tools/kafka/pom.xml` says which, `tools/kafka/jars.sha256` what they must be, byte for byte.
"""

from __future__ import annotations

import fcntl
import hashlib
import shutil
import tempfile
from pathlib import Path
from typing import Final

from tools.progress import SetupError, run, say

GOAL: Final = "dependency:copy-dependencies"
_SECONDS: Final = 900.0


def ensure(root: Path) -> Path:
    """Find the folder of jars, or make it; processes that ask at once wait for one of them.

    Raises:
        SetupError: there is no Java or no Maven, or what Maven got isn't what it should be.
    """
    for program, package in (("java", "openjdk-17-jre-headless"), ("mvn", "maven")):
        if shutil.which(program) is None:
            raise SetupError(f"Kafka needs `{program}` on PATH (Debian's package {package})")
    target = root / ".tools" / "kafka"
    target.parent.mkdir(parents=True, exist_ok=True)
    wanted = _wanted(root)
    with target.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not target.is_dir() or {file.name for file in target.iterdir()} != set(wanted):
            _copy(root, target, wanted)
    return target


def _wanted(root: Path) -> dict[str, str]:
    """What each jar's SHA-256 must be, by name."""
    lines = (root / "tools" / "kafka" / "jars.sha256").read_text(encoding="utf-8").splitlines()
    return {name: digest for digest, name in (line.split() for line in lines)}


def _copy(root: Path, target: Path, wanted: dict[str, str]) -> None:
    """Copy to a folder beside the target, check it there, and rename it: no target is half there."""
    say("getting Kafka's server with Maven, once")
    with tempfile.TemporaryDirectory(dir=target.parent, prefix="kafka-") as scratch:
        jars, repository = Path(scratch, "jars"), Path(scratch, "repository")
        command = ["mvn", "--batch-mode", "--quiet", "--strict-checksums", f"-Dmaven.repo.local={repository}"]
        pom = str(root / "tools" / "kafka" / "pom.xml")
        run([*command, "--file", pom, GOAL, f"-DoutputDirectory={jars}", "-DincludeScope=runtime"], timeout=_SECONDS)
        found = {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in jars.iterdir()}
        if found != wanted:
            wrong = sorted(name for name in {*found, *wanted} if found.get(name) != wanted.get(name))
            raise SetupError(f"Maven's copy isn't what tools/kafka/jars.sha256 says: {', '.join(wrong)}")
        shutil.rmtree(target, ignore_errors=True)
        jars.rename(target)
