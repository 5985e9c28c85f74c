"""What every module of a component tells whoever opens it."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from tests.infra.stacks import ROOT

COMPONENTS = [
    path
    for path in sorted((ROOT / "infra" / "aws").rglob("*.py"))
    if any(
        isinstance(node, ast.ClassDef) and any(ast.unparse(base).endswith("ComponentResource") for base in node.bases)
        for node in ast.parse(path.read_text()).body
    )
]
SENTENCES = 2
PRICE = re.compile(r"\b[0-9][0-9.,]* USD\b|\bfree\b|\bcosts? (nothing|what|as)\b|\bcharge[ds]?\b", re.IGNORECASE)


@pytest.mark.parametrize("path", COMPONENTS, ids=lambda path: path.stem)
def test_a_component_says_what_it_makes_why_so_and_what_it_costs(path: Path) -> None:
    said = ast.get_docstring(ast.parse(path.read_text())) or ""

    assert len(re.findall(r"[.:;](\s|$)", said)) >= SENTENCES
    assert PRICE.search(said), "it doesn't say what the component costs to run"
