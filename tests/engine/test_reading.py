"""Why a file can't be read, in words."""

from pathlib import Path

import pytest
import yaml

from engine.reading import reason


def read(path: Path) -> None:
    yaml.safe_load(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "No such file or directory"),
        (b"a: \xff", "byte 3 is not UTF-8"),
        (b"a: [1\n", "expected ',' or ']', but got '<stream end>' at line 2, column 1"),
        (b"a: \x01", "unacceptable character #x0001: special characters are not allowed"),
    ],
)
def test_it_names_the_matter_alone(tmp_path: Path, content: bytes | None, words: str) -> None:
    file = tmp_path / "file.yaml"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises((OSError, ValueError, yaml.YAMLError)) as caught:
        read(file)
    assert reason(caught.value).startswith(words)
    assert "\n" not in reason(caught.value)
