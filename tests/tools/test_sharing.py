"""How tests are shared out among processes, also when one of these ends."""

from __future__ import annotations

from types import SimpleNamespace
from typing import cast

import pytest
from xdist.remote import Producer
from xdist.workermanage import WorkerController

from tests.conftest import ByFile, together

TESTS = ["tests/a/test_one.py::test_1", "tests/a/test_one.py::test_2", "tests/a/test_one.py::test_3"]
LAST = "tests/a/test_two.py::test_4"


class Node:
    """A process that notes which tests it is given."""

    def __init__(self, name: str) -> None:
        self.gateway = SimpleNamespace(id=name)
        self.shutting_down = False
        self.given: list[str] = []

    def send_runtest_some(self, indices: list[int]) -> None:
        """Take tests."""
        self.given += [[*TESTS, LAST][index] for index in indices]

    def shutdown(self) -> None:
        """Take no more."""
        self.shutting_down = True


def added(scheduler: ByFile, name: str) -> tuple[Node, WorkerController]:
    """Give the scheduler a process."""
    node = Node(name)
    controller = cast("WorkerController", node)
    scheduler.add_node(controller)
    scheduler.add_node_collection(controller, [*TESTS, LAST])
    return node, controller


@pytest.fixture
def scheduler() -> ByFile:
    """One that waits for a single process."""
    config = SimpleNamespace(getvalue=lambda _: ["popen"], option=SimpleNamespace(loadscopereorder=False))
    return ByFile(cast("pytest.Config", config), Producer("tests", enabled=False))


def test_a_test_that_ended_its_process_is_not_run_again_and_the_others_are(scheduler: ByFile) -> None:
    first, controller = added(scheduler, "first")
    scheduler.schedule()
    assert first.given == [*TESTS]
    scheduler.mark_test_complete(controller, 0)
    assert scheduler.remove_node(controller) == TESTS[1]

    second, controller = added(scheduler, "second")
    scheduler.schedule()
    scheduler.schedule()
    assert sorted(second.given) == sorted([TESTS[2], LAST])
    for test in second.given:
        scheduler.mark_test_complete(controller, [*TESTS, LAST].index(test))
    assert scheduler.tests_finished
    assert scheduler.remove_node(controller) is None


@pytest.mark.parametrize(
    ("test", "unit"),
    [
        ("tests/a/test_one.py::test_1[x::y]", "tests/a/test_one.py"),
        ("tests/image/test_image.py::test_1", "tests/image/"),
    ],
)
def test_files_stay_together_and_some_folders(test: str, unit: str) -> None:
    assert together(test) == unit
