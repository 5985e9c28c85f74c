"""The table of faults says what the tests' marks say, and the tests that the page names are there."""

from pathlib import Path

import pytest

from tools import durability_docs as docs


def test_the_committed_page_is_in_step() -> None:
    page = docs.TARGET.read_text()
    assert page == docs.render(page, docs.faults()), "run python -m tools.durability_docs"
    docs.require_tests(page)


def test_marks_are_found(tmp_path: Path) -> None:
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "test_one.py").write_text(
        'import pytest\n\n@pytest.mark.fault("a cable", "no" " light")\nasync def test_dark() -> None: ...\n'
        "\ndef test_bright() -> None: ...\n"
    )
    [fault] = docs.faults(tmp_path)
    assert fault == docs.Fault("a cable", "no light", "test_dark", "tests/test_one.py")
    page = docs.render("a\n<!-- faults: made -->\nold\n<!-- end of faults -->\nb\n", [fault])
    assert "| a cable | no light | [test_dark](../tests/test_one.py) |" in page
    assert page.startswith("a\n<!-- faults: made -->\n")
    assert page.endswith("<!-- end of faults -->\nb\n")
    assert "old" not in page


def test_tests_that_there_are_not(tmp_path: Path) -> None:
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "test_one.py").write_text("def test_dark() -> None: ...\n")
    docs.require_tests("see [test_dark](../tests/test_one.py)", tmp_path)
    with pytest.raises(docs.NoSuchTestError, match=r"test_absent in tests/test_one\.py"):
        docs.require_tests("see [test_absent](../tests/test_one.py)", tmp_path)
