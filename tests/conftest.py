"""What holds for all tests: what chance gives them, how processes share them, that none leaves its logs to the next."""

from __future__ import annotations

import faulthandler
import functools
import logging
import signal
from collections.abc import Iterator

import botocore.loaders
import pytest
import structlog
from _pytest.faulthandler import fault_handler_stderr_fd_key
from hypothesis import HealthCheck, settings
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling
from xdist.workermanage import WorkerController

# Each session of boto3 would parse AWS's service models and endpoints anew: most of the time of a test with clients.
botocore.loaders.create_loader = functools.cache(botocore.loaders.create_loader)

settings.register_profile(
    "tests",
    # The same examples in every run, however slow the machine is: what fails, fails again.
    derandomize=True,
    database=None,
    deadline=None,
    max_examples=60,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large],
)
settings.load_profile("tests")

TOGETHER = (
    "tests/engine/events/kafka/",
    "tests/image/",
    "tests/infra/deployed/",
    "tests/sandbox/",
)
"""Folders whose tests follow one another in one process: they share a broker, an image, or the process's account."""

EARLY = (
    "tests/engine/api/",
    "tests/engine/events/test_",
    "tests/engine/runtime/maps/",
    "tests/engine/runtime/retention/",
    "tests/engine/settings/",
    "tests/engine/tasks/",
    "tests/operations/",
    "tests/infra/aws/",
)
"""What calls moto as it comes, then what has an account for itself: tests/sandbox mends the one and keeps the other."""

ORDER = (
    "tests/acceptance/test_local_stack.py",
    *EARLY,
    "tests/infra/deployed/",
    "tests/image/",
    "tests/engine/events/kafka/",
    "tests/sandbox/",
    "tests/reliability/test_storms.py",
    "tests/acceptance/test_edge_options.py",
    "tests/reliability/simulation/test_simulation.py",
    "tests/benchmarks/test_benchmark.py",
    "tests/conformance/test_service.py",
    "tests/reliability/test_failover.py",
)
"""What goes first: the rest of it takes longest, and no process shall be left with it when the others are done."""


def pytest_configure() -> None:
    """Let tests interrupt what they start: a shell's background job ignores SIGINT, and so do its children."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def together(nodeid: str) -> str:
    """The file of a test, or the folder whose tests stay together."""
    file = nodeid.partition("::")[0]
    return next((folder for folder in TOGETHER if file.startswith(folder)), file)


def rank(nodeid: str) -> int:
    """The place of a test in the order; those that it doesn't name come last."""
    return next((place for place, start in enumerate(ORDER) if nodeid.startswith(start)), len(ORDER))


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the tests in order."""
    items.sort(key=lambda item: rank(item.nodeid))


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Let a test take as long as it does that is marked so, by a timeout of 0."""
    mark = item.get_closest_marker("timeout")
    if mark is not None and mark.args == (0,):
        faulthandler.cancel_dump_traceback_later()


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_teardown(item: pytest.Item) -> Iterator[None]:
    """End a process whose fixtures don't end: once a test failed, neither pytest nor pytest-timeout looks any more."""
    stderr = item.config.stash[fault_handler_stderr_fd_key]
    faulthandler.dump_traceback_later(float(item.config.getini("timeout")), file=stderr, exit=True)
    yield


@pytest.fixture(autouse=True)
def _logs() -> Iterator[None]:
    """Put the logs back where they were: a command of the engine sends them to its own output."""
    root = logging.getLogger()
    handlers, level, config = root.handlers[:], root.level, structlog.get_config()
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.configure(**config)


class ByFile(LoadScopeScheduling):
    """Keeps a file's tests together, and those of some folders. (pytest-xdist 3.8's groups fail with pytest 9.2.)"""

    def _split_scope(self, nodeid: str) -> str:
        return together(nodeid)

    def remove_node(self, node: WorkerController) -> str | None:
        """Take a process away that has ended; gives the test that ended it, which pytest-xdist 3.8 would run again."""
        units = self.assigned_work.pop(node).items()
        left = {scope: [test for test, done in tests.items() if not done] for scope, tests in units}
        ended_by = next((tests.pop(0) for tests in left.values() if tests), None)
        for scope, tests in left.items():
            if tests:
                self.workqueue[scope] = dict.fromkeys(tests, False)
        for other in self.assigned_work:
            if self.workqueue and other in self.registered_collections:
                self._reschedule(other)
        return ended_by


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> ByFile:
    """Share the tests out so, whatever `--dist` says."""
    return ByFile(config, log)
