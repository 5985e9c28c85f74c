"""The sandbox: an account, a provider, and the machine under them, in one process and one directory."""

import contextlib
import logging
import os
import secrets
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from sandbox.aws.account import Account
from sandbox.aws.provider import Provider
from sandbox.balancer.balancer import Balancer
from sandbox.claim import Claim
from sandbox.compute.runner import Runner
from sandbox.data.data_plane import LocalDataPlane
from sandbox.process import ProcessIdentity, sweep
from sandbox.state import DEFAULT_NETWORK, SandboxState

logger = logging.getLogger(__name__)


class Sandbox:
    """An AWS account that runs what it is asked for, in this process; a context manager.

    All state is below `directory`, all addresses are below `network` (two numbers, as 127.77). A port of 0 takes a
    free one; `claim` may have been taken before. `start` raises SandboxError.
    """

    def __init__(
        self,
        directory: Path,
        *,
        network: str = DEFAULT_NETWORK,
        aws_port: int = 0,
        provider_port: int = 0,
        claim: Claim | None = None,
    ) -> None:
        self.directory = directory.absolute()
        self.network = network
        self.incarnation = secrets.token_hex(8)
        self.data_plane = LocalDataPlane(self.directory, network=network)
        self.account = Account(self.data_plane, aws_port)
        self.provider = Provider(self.account, provider_port)
        self.runner = Runner(self.directory, network=network, endpoint_url=lambda: self.aws_endpoint_url)
        self.balancer = Balancer()
        self._claim = claim or Claim(directory, network, (aws_port, provider_port))
        self._held = contextlib.ExitStack()

    @property
    def aws_endpoint_url(self) -> str:
        """What AWS_ENDPOINT_URL must be for a client of this account."""
        return self.account.endpoint_url

    def start(self) -> None:
        """Take the directory, end what a crashed sandbox left, and start everything."""
        with contextlib.ExitStack() as undo:
            undo.push(self._held)
            self._claim.take()
            self._held.callback(self._claim.release)
            for name in sweep(self.directory / "run"):
                logger.info("ended what an earlier sandbox left: %s", name)
            self._begin()
            undo.pop_all()

    def stop(self) -> None:
        """Stop tasks, balancers, databases and the account, in this order, and remove sandbox.json."""
        self._held.close()

    def __enter__(self) -> Self:
        """Start."""
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Stop."""
        self.stop()

    def _begin(self) -> None:
        self.account.start()
        self._held.callback(self.account.stop)
        self.data_plane.start()
        self._held.callback(self.data_plane.stop)
        self.balancer.start()
        self._held.callback(self.balancer.stop)
        self.runner.start()
        self._held.callback(self.runner.stop)
        self.provider.start()
        self._held.callback(self.provider.stop)
        self._write_state()

    def _write_state(self) -> None:
        state = SandboxState(
            pid=os.getpid(),
            incarnation=self.incarnation,
            aws_endpoint_url=self.aws_endpoint_url,
            provider_port=self.provider.port,
            network=self.network,
            started=datetime.now(UTC),
            process_started=ProcessIdentity.of(os.getpid(), "sandbox").started,
        )
        self._held.callback(state.write(self.directory).unlink, missing_ok=True)
