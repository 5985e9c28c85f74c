"""The table of topics in docs/events.md, made from contract.toml: `python -m tools.topics_docs` writes it."""

from __future__ import annotations

import sys
import tomllib
from collections.abc import Mapping
from pathlib import Path

import msgspec

from engine.contract import Topic

ROOT = Path(__file__).resolve().parent.parent
TARGET = ROOT / "docs" / "events.md"
BEGIN = "<!-- topics: as contract.toml has them; a test keeps it so -->\n"
END = "<!-- /topics -->\n"
HEAD = "| Topic | Partitions | What it holds |\n| --- | --- | --- |\n"


def render(page: str, contract: Mapping[str, object]) -> str:
    """The page with the table of the parsed contract."""
    topics = msgspec.convert(contract["topic"], list[Topic])
    rows = "".join(f"| `{topic.name}` | {topic.partitions} | {_holds(topic)} |\n" for topic in topics)
    before, _, rest = page.partition(BEGIN)
    return before + BEGIN + HEAD + rows + END + rest.partition(END)[2]


def _holds(topic: Topic) -> str:
    return topic.description if topic.published else f"{topic.description} The engine writes nothing there."


def main() -> int:
    """Write the table."""
    contract = tomllib.loads((ROOT / "contract.toml").read_text(encoding="utf-8"))
    TARGET.write_text(render(TARGET.read_text(encoding="utf-8"), contract), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
