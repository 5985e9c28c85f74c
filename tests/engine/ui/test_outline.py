"""A definition as a list of its states."""

from pathlib import Path

import pytest

from engine.builder import Catch, Choice, Fail, ItemProcessor, Machine, Map, Parallel, Pass, Rule, Task
from engine.ui.outline import Row, outline

DEFINITIONS = sorted(Path("tests").rglob("*.asl.json")) + sorted(Path("examples").rglob("*.asl.json"))


def rows(machine: Machine) -> dict[str, Row]:
    return {row.name: row for row in outline(machine.json())}


def test_where_states_go_on() -> None:
    found = rows(
        Machine(
            {
                "Charge": Task("handler:charge", catch=[Catch(["A"], next="No"), Catch(["States.ALL"], next="No")]),
                "IsLarge": Choice(
                    [Rule(variable="$.n", numeric_greater_than=5, next="Review")], default="Ship", comment="by amount"
                ),
                "Review": Pass(),
                "Ship": Task("handler:ship", end=True),
                "No": Fail(),
            }
        )
    )
    assert found["Charge"] == Row("Charge", "Task", 0, True, "handler:charge", ("IsLarge",), ("No",))
    assert found["IsLarge"].following == ("Review", "Ship")
    assert found["Ship"].following == ()
    assert found["No"].following == ()
    assert [name for name, row in found.items() if row.is_first] == ["Charge"]


def test_states_inside_of_others_come_after_them() -> None:
    branches = [Machine({"Left": Pass(), "Then": Pass()}), Machine({"Right": Pass()})]
    found = rows(Machine({"Both": Parallel(branches), "All": Map(ItemProcessor({"Inner": Pass()}))}))
    assert list(found) == ["Both", "Left", "Then", "Right", "All", "Inner"]
    assert [row.depth for row in found.values()] == [0, 1, 1, 1, 0, 1]
    assert [name for name, row in found.items() if row.is_first] == ["Both", "Left", "Right", "Inner"]


@pytest.mark.parametrize("path", DEFINITIONS, ids=lambda path: path.name)
def test_every_definition_here_has_an_outline(path: Path) -> None:
    assert all(row.kind for row in outline(path.read_text(encoding="utf-8")))
