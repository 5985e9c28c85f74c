"""A container's output: a file that its process writes, copied line by line to CloudWatch Logs where so configured."""

import time
from pathlib import Path
from typing import NamedTuple

from moto.backends import get_backend

from sandbox.compute.definition import LogConfiguration

_LONGEST_READ = 1 << 20


class LogError(Exception):
    """The log group that a container writes to is missing; the reason as ECS gives it."""


class LogStream(NamedTuple):
    """A stream of CloudWatch Logs."""

    account: str
    region: str
    group: str
    name: str

    @classmethod
    def open(
        cls, account: str, configuration: LogConfiguration | None, container: str, task: str
    ) -> "LogStream | None":
        """Create the stream that the awslogs driver would; None for another driver. Raises LogError."""
        if configuration is None or configuration.log_driver != "awslogs":
            return None
        options = configuration.options
        missing = [name for name in ("awslogs-group", "awslogs-region") if not options.get(name)]
        if missing:
            raise LogError(f"ResourceInitializationError: failed to validate logger args: {missing[0]} is required.")
        group, region = options["awslogs-group"], options["awslogs-region"]
        logs = get_backend("logs")[account][region]
        if group not in logs.groups:
            if options.get("awslogs-create-group") != "true":
                raise LogError(
                    "ResourceInitializationError: failed to validate logger args: "
                    f"The specified log group does not exist: {group}."
                )
            logs.create_log_group(group, {})
        prefix = options.get("awslogs-stream-prefix")
        stream = cls(account, region, group, f"{prefix}/{container}/{task}" if prefix else f"{container}/{task}")
        logs.ensure_log_stream(group, stream.name)
        return stream

    def put(self, lines: list[str]) -> None:
        """Append lines; a group deleted meanwhile takes no more."""
        logs = get_backend("logs")[self.account][self.region]
        now = int(time.time() * 1000)
        if self.group in logs.groups and self.name in logs.groups[self.group].streams:
            logs.put_log_events(self.group, self.name, [{"timestamp": now, "message": line} for line in lines])


class LogShipper:
    """Copies whole lines of a growing file to a stream; called now and then."""

    def __init__(self, file: Path, stream: LogStream | None) -> None:
        self._file = file
        self._stream = stream
        self._offset = 0

    def ship(self, *, final: bool = False) -> None:
        """Copy what was written since; `final` takes an unfinished last line, too."""
        if self._stream is None or not self._file.exists():
            return
        with self._file.open("rb") as file:
            file.seek(self._offset)
            data = file.read() if final else file.read(_LONGEST_READ)
        complete = data if final else data[: data.rfind(b"\n") + 1]
        if complete:
            self._offset += len(complete)
            self._stream.put([line for line in complete.decode(errors="replace").splitlines() if line])
