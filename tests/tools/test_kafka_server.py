"""Kafka's server is what the committed list says, byte for byte, or isn't there."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from tools.kafka_server import ensure
from tools.progress import SetupError

MAVEN = """#!/bin/sh
for argument; do
  case "$argument" in -DoutputDirectory=*) mkdir -p "${argument#*=}" && printf jar > "${argument#*=}/kafka.jar";; esac
done
echo called >> "$CALLS"
"""


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository whose Maven copies one jar."""
    programs = tmp_path / "bin"
    programs.mkdir()
    for name, script in (("mvn", MAVEN), ("java", "#!/bin/sh\n")):
        (programs / name).write_text(script)
        (programs / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}:/usr/bin:/bin")
    monkeypatch.setenv("CALLS", str(tmp_path / "calls"))
    (tmp_path / "tools" / "kafka").mkdir(parents=True)
    return tmp_path


def expect(root: Path, content: bytes, name: str = "kafka.jar") -> None:
    """Commit a list of one jar."""
    line = f"{hashlib.sha256(content).hexdigest()}  {name}\n"
    (root / "tools" / "kafka" / "jars.sha256").write_text(line)


def test_what_is_as_it_should_be_is_copied_once(root: Path) -> None:
    expect(root, b"jar")
    for _ in range(2):
        assert [file.name for file in ensure(root).iterdir()] == ["kafka.jar"]
    assert (root / "calls").read_text() == "called\n"


@pytest.mark.parametrize(("content", "name"), [(b"other", "kafka.jar"), (b"jar", "missing.jar")])
def test_what_is_not_is_not_used(content: bytes, name: str, root: Path) -> None:
    expect(root, content, name)
    with pytest.raises(SetupError, match=rf"isn't what tools/kafka/jars.sha256 says: .*{name}"):
        ensure(root)
    assert not (root / ".tools" / "kafka").exists()


def test_another_version_replaces_it(root: Path) -> None:
    expect(root, b"jar")
    old = ensure(root) / "kafka-old.jar"
    old.touch()
    assert [file.name for file in ensure(root).iterdir()] == ["kafka.jar"]


def test_what_is_missing_is_named_with_its_package(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(root / "nowhere"))
    with pytest.raises(SetupError, match=r"`java` on PATH \(Debian's package openjdk-17-jre-headless\)"):
        ensure(root)
