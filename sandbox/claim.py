"""What one sandbox alone may hold: its directory, its network of addresses, its ports."""

import contextlib
import fcntl
import re
import socket
from collections.abc import Sequence
from pathlib import Path

from sandbox.addresses import why_not_bindable
from sandbox.state import SandboxError

_NETWORK = re.compile(r"127\.(?:25[0-5]|2[0-4]\d|1?\d?\d)")
_GUARD_HOST, _GUARD_PORT = "255.254", 47007


class Claim:
    """Holds a directory and a network until released; quick to refuse, since it needs none of AWS.

    `ports` are those of 127.0.0.1 that must be free; 0 stands for any.
    """

    def __init__(self, directory: Path, network: str, ports: Sequence[int]) -> None:
        self._directory = directory.absolute()
        self._network = network
        self._ports = ports
        self._held = contextlib.ExitStack()
        self._taken = False

    def take(self) -> None:
        """Take all of it, or nothing and raise SandboxError; a second call changes nothing."""
        if self._taken:
            return
        try:
            self._take_directory()
            self._take_network()
            self._look_at_ports()
        except BaseException:
            self._held.close()
            raise
        self._taken = True

    def release(self) -> None:
        """Let go."""
        self._held.close()
        self._taken = False

    def _look_at_ports(self) -> None:
        for port in filter(None, self._ports):
            if error := why_not_bindable("127.0.0.1", port):
                raise SandboxError(f"127.0.0.1:{port} {error}.")

    def _take_directory(self) -> None:
        try:
            self._directory.mkdir(parents=True, exist_ok=True)
            lock = self._held.enter_context((self._directory / "sandbox.lock").open("ab"))
        except OSError as error:
            raise SandboxError(f"{error.filename} can't be written: {error.strerror}.") from error
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise SandboxError(
                f"A sandbox already runs in {self._directory}: stop it with `python -m sandbox stop`, "
                "or choose another --directory."
            ) from None

    def _take_network(self) -> None:
        """Hold one address of the network, so that a second sandbox can't mix its addresses with ours."""
        if not _NETWORK.fullmatch(self._network):
            raise SandboxError(f"--network is {self._network}, and must be 127.N with N from 0 to 255.")
        guard = self._held.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        try:
            guard.bind((f"{self._network}.{_GUARD_HOST}", _GUARD_PORT))
        except OSError as error:
            raise SandboxError(
                f"The addresses {self._network}.* can't be used ({error.strerror}): another sandbox has them, "
                "or this system has one loopback address only; choose another --network."
            ) from error
