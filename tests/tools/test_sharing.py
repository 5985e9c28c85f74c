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


def added(scheduler: ByFile, name: str, *, collects: bool = True) -> tuple[Node, WorkerController]:
    """Give the scheduler a process."""
    node = Node(name)
    controller = cast("WorkerController", node)
    scheduler.add_node(controller)
    if collects:
        scheduler.add_node_collection(controller, [*TESTS, LAST])
    return node, controller


def waiting_for(processes: int) -> ByFile:
    """A scheduler that waits for so many processes."""
    config = SimpleNamespace(getvalue=lambda _: ["popen"] * processes, option=SimpleNamespace(loadscopereorder=False))
    return ByFile(cast("pytest.Config", config), Producer("tests", enabled=False))


@pytest.fixture
def scheduler() -> ByFile:
    """One that waits for a single process."""
    return waiting_for(1)


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


def test_one_that_ends_before_the_tests_are_shared_out_takes_no_other_along() -> None:
    scheduler = waiting_for(2)
    other, _ = added(scheduler, "first")
    _, dead = added(scheduler, "second", collects=False)
    assert scheduler.remove_node(dead) is None
    assert not other.shutting_down
    added(scheduler, "third")
    scheduler.schedule()
    assert other.given


def test_one_that_has_not_collected_yet_gets_no_tests_of_another_that_ended(scheduler: ByFile) -> None:
    _, ended = added(scheduler, "first")
    scheduler.schedule()
    late, controller = added(scheduler, "second", collects=False)
    assert scheduler.remove_node(ended) == TESTS[0]
    assert (late.given, late.shutting_down) == ([], False)
    scheduler.add_node_collection(controller, [*TESTS, LAST])
    scheduler.schedule()
    assert late.given


@pytest.mark.parametrize(
    ("test", "unit"),
    [
        ("tests/a/test_one.py::test_1[x::y]", "tests/a/test_one.py"),
        ("tests/image/test_image.py::test_1", "tests/image/"),
    ],
)
def test_files_stay_together_and_some_folders(test: str, unit: str) -> None:
    assert together(test) == unit
