"""The account of the local stack: the sandbox process, and the environment that points Pulumi and boto3 at it."""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from operations.errors import OperationError
from operations.pulumi import PulumiStack
from tools import pulumi_cli

REGION = "us-east-1"
DEFAULT_NETWORK = "127.77"
OF_OTHER_STACKS = (
    "AWS_PROFILE",
    "AWS_SESSION_TOKEN",
    "PULUMI_ACCESS_TOKEN",
    "PULUMI_CONFIG_PASSPHRASE",
    "PULUMI_STACK",
)
"""Variables of the user's that would come before those of the local stack."""


class SandboxRecord(msgspec.Struct, frozen=True, rename="camel"):
    """What a running sandbox writes to `sandbox.json`; each start is a new `incarnation` with an empty account."""

    pid: int
    incarnation: str
    aws_endpoint_url: str
    provider_port: int


@dataclass(frozen=True)
class LocalAccount:
    """The folder `.local` of a checkout: the sandbox's files, Pulumi's state, the local images.

    Attributes:
        root: the checkout.
        network: the first half of the sandbox's loopback addresses; SANDBOX_NETWORK, where 127.77 is in use.
    """

    root: Path
    network: str = field(default_factory=lambda: os.environ.get("SANDBOX_NETWORK", DEFAULT_NETWORK))

    @property
    def directory(self) -> Path:
        """Everything that belongs to the local stack; `make down` removes it."""
        return self.root / ".local"

    @property
    def sandbox_directory(self) -> Path:
        """Logs and data of the sandbox."""
        return self.directory / "sandbox"

    def running(self) -> SandboxRecord | None:
        """The sandbox's record, or None where none runs."""
        if not self.sandbox_directory.exists():
            return None
        answer = subprocess.run(  # noqa: S603 - our own command
            self._command("status"), cwd=self.root, capture_output=True, check=False
        )
        if not msgspec.json.decode(answer.stdout or b"{}", type=_Status).running:
            return None
        return msgspec.json.decode((self.sandbox_directory / "sandbox.json").read_bytes(), type=SandboxRecord)

    def start(self) -> SandboxRecord:
        """Start the sandbox where none runs; its record."""
        record = self.running()
        if record is not None:
            return record
        self.sandbox_directory.mkdir(parents=True, exist_ok=True)
        if self._sandbox("start", "--network", self.network, "--aws-port", "0") != 0:
            raise OperationError("The sandbox did not start; the reason stands above.")
        record = self.running()
        if record is None:
            raise OperationError(f"The sandbox ended right after its start: see {self.sandbox_directory}/sandbox.log.")
        return record

    def stop(self) -> None:
        """Stop the sandbox and everything it started."""
        if self.sandbox_directory.exists() and self._sandbox("stop") != 0:
            raise OperationError("The sandbox did not stop; the reason stands above.")

    def push(self, repository: str, tag: str, entrypoint: str, directory: Path) -> None:
        """Put an image into the sandbox's registry."""
        words = ["push", f"{repository}:{tag}", "--entrypoint", entrypoint, "--working-directory", str(directory)]
        if self._sandbox(*words) != 0:
            raise OperationError(f"The image {tag} could not be pushed; the reason stands above.")

    def unlock(self, stack: PulumiStack) -> None:
        """Take away the state's lock where a killed update left one: whoever holds this folder's lock is alone here."""
        if any((self.directory / "state").glob(".pulumi/locks/**/*.json")):
            stack.unlock()

    def environment(self, record: SandboxRecord) -> Mapping[str, str]:
        """What Pulumi and boto3 run with: this account, a state of its own, no plugin downloads."""
        state = self.directory / "state"
        state.mkdir(parents=True, exist_ok=True)
        own = {name: value for name, value in pulumi_cli.environment(self.root).items() if name not in OF_OTHER_STACKS}
        return {
            **own,
            **aws_environment(record),
            "PULUMI_BACKEND_URL": state.as_uri(),
            "PULUMI_HOME": str(self.directory / "pulumi"),
            "PULUMI_CONFIG_PASSPHRASE_FILE": str(self._passphrase()),
            "PULUMI_SKIP_UPDATE_CHECK": "true",
            "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
            "PULUMI_DEBUG_PROVIDERS": f"aws:{record.provider_port}",
        }

    def _passphrase(self) -> Path:
        file = self.directory / "passphrase"
        if not file.exists():
            file.touch(mode=0o600)
            file.write_text(secrets.token_urlsafe(32), encoding="ascii")
        return file

    def _sandbox(self, *words: str) -> int:
        """Run a command of the sandbox, out of reach of a Ctrl-C, which is for us alone."""
        done = subprocess.run(  # noqa: S603 - our own command
            self._command(*words), cwd=self.root, check=False, start_new_session=True
        )
        return done.returncode

    def _command(self, *words: str) -> list[str]:
        return [sys.executable, "-m", "sandbox", *words, "--directory", str(self.sandbox_directory)]


class _Status(msgspec.Struct):
    running: bool = False


def aws_environment(record: SandboxRecord) -> dict[str, str]:
    """The variables that point an AWS SDK at the sandbox."""
    return {
        "AWS_ENDPOINT_URL": record.aws_endpoint_url,
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ACCESS_KEY_ID": "sandbox",
        "AWS_SECRET_ACCESS_KEY": "sandbox",  # any value will do: the sandbox checks none
    }
