"""The table of topics says what contract.toml says."""

import tomllib

from tools import topics_docs as docs


def test_the_committed_table_is_in_step() -> None:
    contract = tomllib.loads((docs.ROOT / "contract.toml").read_text())
    page = docs.TARGET.read_text()
    assert page == docs.render(page, contract), "run python -m tools.topics_docs"


def test_what_is_around_the_table_stays() -> None:
    page = f"before\n{docs.BEGIN}old\n{docs.END}after\n"
    made = docs.render(page, {"topic": [{"name": "orders", "partitions": 2, "description": "Orders."}]})
    row = "| `orders` | 2 | Orders. The engine writes nothing there. |\n"
    assert made == f"before\n{docs.BEGIN}{docs.HEAD}{row}{docs.END}after\n"
