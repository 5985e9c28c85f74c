"""What a running sandbox writes about itself, for programs that look for it."""

from datetime import datetime
from pathlib import Path

import msgspec

from sandbox.process import ProcessIdentity

STATE_FILE = "sandbox.json"
DEFAULT_NETWORK = "127.77"


class SandboxError(Exception):
    """The sandbox can't start; says what is in the way and what to do, in one sentence."""


class SandboxState(msgspec.Struct, frozen=True, rename="camel"):
    """What `DIRECTORY/sandbox.json` says while a sandbox runs.

    `incarnation` differs after every start: an account starts empty. `process_started` tells the process from a later
    one with the same pid.
    """

    pid: int
    incarnation: str
    aws_endpoint_url: str
    provider_port: int
    network: str
    started: datetime
    process_started: str

    @classmethod
    def read(cls, directory: Path) -> "SandboxState | None":
        """The running sandbox of a directory; None where there is none, or where it has died."""
        try:
            state = msgspec.json.decode((directory / STATE_FILE).read_bytes(), type=cls)
        except (OSError, msgspec.DecodeError):
            return None
        return state if state.identity.alive() else None

    def write(self, directory: Path) -> Path:
        """Write it whole or not at all; the file."""
        file = directory / STATE_FILE
        partial = file.with_suffix(".tmp")
        partial.write_bytes(msgspec.json.format(msgspec.json.encode(self)))
        return partial.replace(file)

    @property
    def identity(self) -> ProcessIdentity:
        """The sandbox's process."""
        return ProcessIdentity(self.pid, self.process_started, "sandbox")
