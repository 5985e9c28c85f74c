"""The table of faults in docs/durability.md, which `python -m tools.durability_docs` makes of the tests' marks."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec

from tools.configuration_docs import table

ROOT: Final = Path(__file__).resolve().parent.parent
TARGET: Final = ROOT / "docs" / "durability.md"
_PLACE: Final = re.compile(r"(<!-- faults:[^>]*-->\n).*?(<!-- end of faults -->)", re.DOTALL)
_LINK: Final = re.compile(r"\[(test_\w+)\]\(\.\./(tests/[^)]+\.py)\)")


class Fault(msgspec.Struct, frozen=True):
    """What breaks, what happens then, and the test that says so."""

    breaks: str
    happens: str
    test: str
    file: str


class NoSuchTestError(Exception):
    """The page names tests that there are not."""


def faults(root: Path = ROOT) -> list[Fault]:
    """The faults that tests are marked with (`pytest.mark.fault`), in the order of files and lines."""
    files = sorted((root / "tests").rglob("test_*.py"))
    return [fault for file in files for fault in _of_file(file, file.relative_to(root).as_posix())]


def render(page: str, known: list[Fault]) -> str:
    """The page with the table of the faults in its place."""
    rows = [(each.breaks, each.happens, f"[{each.test}](../{each.file})") for each in known]
    content = table(("What breaks", "What happens", "Test"), rows)
    return _PLACE.sub(lambda found: f"{found[1]}\n{content}\n{found[2]}", page)


def require_tests(page: str, root: Path = ROOT) -> None:
    """Raise NoSuchTestError for links to tests that aren't where they lead."""
    if missing := [f"{name} in {file}" for name, file in _LINK.findall(page) if not _defines(root / file, name)]:
        raise NoSuchTestError(f"{TARGET.name} names tests that there are not: {', '.join(missing)}")


def _defines(path: Path, name: str) -> bool:
    return path.is_file() and f"def {name}(" in path.read_text(encoding="utf-8")


def _of_file(path: Path, name: str) -> Iterator[Fault]:
    text = path.read_text(encoding="utf-8")
    if "mark.fault" not in text:
        return
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            for decorator in node.decorator_list:
                if isinstance(decorator, ast.Call) and ast.unparse(decorator.func) == "pytest.mark.fault":
                    breaks, happens = (str(ast.literal_eval(argument)) for argument in decorator.args)
                    yield Fault(breaks, happens, node.name, name)


def main() -> int:
    """Write the table, and look whether the tests that the page names are there."""
    page = render(TARGET.read_text(encoding="utf-8"), faults())
    require_tests(page)
    TARGET.write_text(page, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
