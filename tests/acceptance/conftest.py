"""A checkout of its own for the acceptance tests, with the local stack up in it."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import boto3
import psutil
import pytest

from operations import outputs
from operations.clients import Clients
from operations.local_account import LocalAccount
from operations.outputs import Outputs
from operations.pulumi import PulumiStack
from operations.stacks import local_stack
from tests.support.networks import claimed

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions.client import SFNClient

ROOT = Path(__file__).resolve().parents[2]
COPIED = ("engine", "examples", "infra", "operations", "sandbox", "tools", "requirements", "contract.toml")


class Checkout:
    """A copy of the project in which the commands behind `make` run, on loopback addresses of its own."""

    def __init__(self, root: Path, network: str) -> None:
        self.root = root
        self.network = network

    @property
    def environment(self) -> dict[str, str]:
        return {**os.environ, "SANDBOX_NETWORK": self.network}

    def interrupt(self, seen: str, *words: str) -> tuple[int, str]:
        """Run `python -m operations …` and press Ctrl-C when it prints `seen`; its exit code and what it printed."""
        process = subprocess.Popen(
            [sys.executable, "-m", "operations", *words],
            cwd=self.root,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        printed: list[str] = []
        with process:
            assert process.stdout is not None
            for line in process.stdout:
                if seen in line and not any(seen in before for before in printed):
                    os.killpg(process.pid, signal.SIGINT)
                printed.append(line)
        return process.returncode, "".join(printed)

    def operate(self, *words: str, expect: int = 0) -> str:
        """Run `python -m operations …` to its end; what it printed."""
        done = subprocess.run(
            [sys.executable, "-m", "operations", *words],
            cwd=self.root,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=580,
            check=False,
        )
        assert done.returncode == expect, done.stdout
        return done.stdout

    @property
    def account(self) -> LocalAccount:
        return LocalAccount(self.root, self.network)

    def stack(self) -> tuple[PulumiStack, Clients]:
        record = self.account.running()
        assert record is not None
        return local_stack(self.account, record)

    @cached_property
    def outputs(self) -> Outputs:
        """The stack's outputs; what the tests read of them stays the same from one deployment to the next."""
        return outputs.read(self.stack()[0])

    @cached_property
    def engine(self) -> SFNClient:
        """The engine, as any AWS SDK sees it."""
        return boto3.client(
            "stepfunctions",
            endpoint_url=self.outputs.api_url,
            region_name="us-east-1",
            aws_access_key_id="any",
            aws_secret_access_key="any",
        )

    def processes(self) -> list[str]:
        """The command lines of all processes that run from this checkout."""
        found = []
        for process in psutil.process_iter(["pid", "cmdline", "cwd"]):
            words = [*(process.info["cmdline"] or []), process.info["cwd"] or ""]
            if process.info["pid"] != os.getpid() and any(str(self.root) in word for word in words):
                found.append(" ".join(words))
        return found


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Checkout]:
    """A checkout with nothing up; whatever the tests leave running in it is taken down."""
    root = tmp_path_factory.mktemp("acceptance") / "checkout"
    root.mkdir()
    root.parent.chmod(0o755)
    ignore = shutil.ignore_patterns("__pycache__")
    for name in (*COPIED, *(path.name for path in ROOT.glob("Pulumi*.yaml"))):
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, root / name, ignore=ignore)
        else:
            shutil.copyfile(ROOT / name, root / name)
    for name in (".venv", ".tools"):
        if (ROOT / name).exists():
            (root / name).symlink_to(ROOT / name)
    with claimed() as network:
        made = Checkout(root, network)
        yield made
        made.operate("down")


@pytest.fixture(scope="module")
def interrupted_ups(checkout: Checkout) -> list[tuple[int, str]]:
    """The exit code and the output of each `make up` of a row that were interrupted, each a little further on."""
    moments = ("starting the sandbox", "Stack workflow-local creat", "network-private-0 creat", "ecs:Service")
    return [checkout.interrupt(moment, "up") for moment in moments]


@pytest.fixture(scope="module")
def first_up(checkout: Checkout, interrupted_ups: list[tuple[int, str]]) -> str:
    """What the first `make up` that went through printed."""
    del interrupted_ups
    return checkout.operate("up")
