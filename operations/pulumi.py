"""One stack, driven through the Pulumi CLI, its output passed on as it comes."""

from __future__ import annotations

import json
import subprocess
import tempfile
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

import yaml

from operations.errors import OperationError
from operations.plan import UNCHANGED, Change, read_changes
from operations.pulumi_errors import explain
from operations.visible_process import run_visibly

EVENT_LOG = {"PULUMI_DEBUG_COMMANDS": "true"}  # the CLI takes --event-log only with it, as its Automation API does
UNASKED = "--non-interactive"
SALT = "encryptionsalt"


class GoAhead(Enum):
    """What an update waits for, as options of the CLI."""

    ASKED = ()
    PREVIEWED = ("--yes",)
    AT_ONCE = ("--yes", "--skip-preview")


@dataclass(frozen=True)
class PulumiStack:
    """A stack of the program in `root`.

    Attributes:
        root: the folder that holds Pulumi.yaml.
        name: the stack's name: local, dev, staging or production.
        environment: what the CLI runs with: PATH, backend, credentials.
        config_file: the stack's config file where it is not `Pulumi.<name>.yaml`.
        policy_pack: the folder of the rules that the stack is held to, where the CLI can start it.
    """

    root: Path
    name: str
    environment: Mapping[str, str]
    config_file: Path | None = None
    policy_pack: Path | None = None

    def exists(self) -> bool:
        """Whether the backend knows the stack."""
        answer = self._capture("stack", "ls", "--json", stack=False)
        return any(entry["name"].split("/")[-1] == self.name for entry in json.loads(answer))

    def create(self) -> None:
        """Make the stack in the backend, with no resources.

        The CLI writes the salt of its secrets into `Pulumi.<name>.yaml`; with a config file elsewhere it is moved
        there, and the committed file stays as it is.
        """
        default = self.root / f"Pulumi.{self.name}.yaml"
        before = default.read_bytes()
        try:
            self._capture("stack", "init", self.name, "--no-select", stack=False)
        finally:
            written = yaml.safe_load(default.read_text(encoding="utf-8"))
            if self.config_file is not None:
                default.write_bytes(before)
        if self.config_file is not None:
            config = yaml.safe_load(self.config_file.read_text(encoding="utf-8"))
            text = yaml.safe_dump({**config, SALT: written[SALT]})
            self.config_file.write_text(text, encoding="utf-8")

    def unlock(self) -> None:
        """Take away the lock that a killed update left; only for a backend that nobody else uses."""
        self._capture("cancel", "--yes")

    def up(self, go_ahead: GoAhead, *, held: bool = True, stop: threading.Event | None = None) -> int:
        """Bring the account to what the program says; where `held`, a broken rule stops it before anything is made.

        Once `stop` is set the CLI is interrupted: it gives up what it waits for and records what it has done.

        Returns:
            The number of resources created, updated, replaced or deleted.
        """
        with tempfile.TemporaryDirectory() as directory:
            log = Path(directory) / "events"
            words = ("up", "--event-log", str(log), *(self._pack if held else ()), *go_ahead.value)
            self._stream(*words, stop=stop)
            return _count_changes(log)

    def preview(self, *, expect_no_changes: bool = False) -> None:
        """Show what `up` would change; a broken rule is an error, and with `expect_no_changes` a change as well."""
        self._stream("preview", "--diff", *self._pack, *(("--expect-no-changes",) if expect_no_changes else ()))

    def planned(self) -> list[Change]:
        """What `up` would change, without showing it."""
        return read_changes(self.previewed())

    def previewed(self) -> str:
        """What `up` would lead to, as the JSON of `pulumi preview --json`."""
        return self._capture("preview", "--json")

    def unprotect(self, urn: str) -> None:
        """Let go of Pulumi's protection of one resource, in the state alone."""
        self._capture("state", "unprotect", urn, "--yes")

    def exported(self) -> str:
        """The state as JSON, secrets encrypted."""
        return self._capture("stack", "export")

    def drift(self) -> list[Change]:
        """What differs in the account from what the last update left there; changes neither account nor state."""
        return read_changes(self._capture("refresh", "--preview-only", "--json"))

    def deployed(self, key: str) -> list[str]:
        """The values that a plain config key had in the updates that succeeded, the latest first."""
        history: list[dict[str, object]] = json.loads(self._capture("stack", "history", "--json"))
        configs = [entry.get("config") for entry in history if entry.get("result") == "succeeded"]
        found = [config.get(f"workflow:{key}") for config in configs if isinstance(config, dict)]
        return [str(value["value"]) for value in found if isinstance(value, dict) and value.get("value")]

    def destroy(self, go_ahead: GoAhead) -> None:
        """Delete every resource of the stack; a preview finds those that are protected before any is deleted."""
        self._stream("destroy", *go_ahead.value)

    def remove(self) -> None:
        """Forget the stack and whatever its state still lists; touches no resource."""
        self._capture("stack", "rm", self.name, "--yes", "--force", "--preserve-config", stack=False)

    def outputs(self) -> dict[str, object]:
        """The stack's outputs, secret ones masked."""
        answer: dict[str, object] = json.loads(self._capture("stack", "output", "--json"))
        return answer

    def set_config(self, key: str, value: str, *, path: bool = False) -> None:
        """Write one plain config value into the stack's config file; with `path` that of an entry, `object.entry`."""
        self._capture("config", "set", *(("--path",) if path else ()), key, value)

    def remove_config(self, entry: str) -> None:
        """Take an entry of an object, `object.entry`, out of the stack's config file."""
        self._capture("config", "rm", "--path", entry)

    def get_config(self, key: str) -> str | None:
        """One plain config value, or None where the stack's file does not set it."""
        answer: dict[str, dict[str, str]] = json.loads(self._capture("config", "--json"))
        return next((entry.get("value") for name, entry in answer.items() if name.split(":")[-1] == key), None)

    @property
    def _pack(self) -> tuple[str, ...]:
        return ("--policy-pack", str(self.policy_pack)) if self.policy_pack else ()

    def _command(self, words: tuple[str, ...], *, stack: bool) -> list[str]:
        asks = words[0] in ("up", "destroy") and "--yes" not in words
        command = ["pulumi", *words, *(() if asks else (UNASKED,))]
        if stack:
            command += ["--stack", self.name]
        if self.config_file is not None and words[0] in ("up", "preview", "refresh", "destroy", "config"):
            command += ["--config-file", str(self.config_file)]
        return command

    def _capture(self, *words: str, stack: bool = True) -> str:
        command = self._command(words, stack=stack)
        done = subprocess.run(  # noqa: S603 - our own command
            command, cwd=self.root, env=dict(self.environment), capture_output=True, text=True, check=False
        )
        if done.returncode != 0:
            said = " ".join((done.stderr or done.stdout).split())
            failure = f"`pulumi {' '.join(words[:2])}` of stack {self.name} failed: {said}"
            raise explain(said, self.name) or OperationError(failure)
        return done.stdout

    def _stream(self, *words: str, stop: threading.Event | None = None) -> None:
        command = self._command(words, stack=True)
        ended = run_visibly(
            command, self.root, {**self.environment, **EVENT_LOG}, own_session=UNASKED in command, stop=stop
        )
        if ended.code != 0:
            failure = f"`pulumi {words[0]}` of stack {self.name} failed; what it said stands above."
            raise explain(ended.errors, self.name) or OperationError(failure)


def _count_changes(log: Path) -> int:
    """The changes in the last summary of an event log; a preview's summary comes before the update's."""
    changes: dict[str, int] = {}
    for line in log.read_text(encoding="utf-8").splitlines():
        changes = json.loads(line).get("summaryEvent", {}).get("resourceChanges", changes)
    return sum(count for operation, count in changes.items() if operation not in UNCHANGED)
