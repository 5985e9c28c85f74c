"""A process as a container runtime starts it: alone with the image's files, which it may only read."""

import os
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from signal import SIGKILL, Signals

from tests.image.buildah import ImageConfig

# Namespaces of its own for mounts and processes; no right that a task of ECS or Kubernetes would not have.
_BOOT = """
root=$1 directory=$2 user=$3 group=$4
shift 4
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
mount -t tmpfs -o mode=1777 tmpfs "$root/tmp"
mount -o remount,bind,ro "$root"
exec chroot "$root" setpriv --reuid="$user" --regid="$group" --clear-groups --no-new-privs \
    --inh-caps=-all --bounding-set=-all env --ignore-environment --chdir="$directory" "$@"
"""


class Container:
    """Processes of an image whose files are mounted at `root`, with `environment` beside the image's own."""

    def __init__(self, root: Path, config: ImageConfig, environment: Mapping[str, str]) -> None:
        self._config = config
        user, _, group = config.user.partition(":")
        settings = dict(variable.split("=", 1) for variable in config.env) | dict(environment)
        self._command = [
            *("unshare", "--mount", "--pid", "--fork", "--kill-child"),
            *("sh", "-ec", _BOOT, "sh", str(root), config.working_dir, user, group),
            *(f"{name}={value}" for name, value in settings.items()),
        ]

    def start(self) -> "Process":
        """Start the image's own command."""
        return Process([*self._command, *self._config.entrypoint, *self._config.cmd])

    def run(self, *command: str) -> "subprocess.CompletedProcess[str]":
        """Run another command to its end, in namespaces of its own."""
        return subprocess.run([*self._command, *command], check=False, capture_output=True, text=True, timeout=240)


class Process:
    """A started process; the first of its namespace, so only signals that it handles reach it."""

    def __init__(self, command: Sequence[str]) -> None:
        self._unshare = subprocess.Popen(command)

    def __enter__(self) -> "Process":
        return self

    def __exit__(self, *_: object) -> None:
        if self._unshare.poll() is None:
            # Not unshare: the kernel forgets --kill-child where setpriv changes the user.
            os.kill(self._child(), SIGKILL)
            self._unshare.wait()

    @property
    def ended(self) -> bool:
        """Whether it ended."""
        return self._unshare.poll() is not None

    def stop(self, number: Signals, timeout: float) -> int:
        """Signal it, and its exit code; TimeoutExpired when it goes on for `timeout` seconds."""
        os.kill(self._child(), number)
        return self._unshare.wait(timeout)

    def _child(self) -> int:
        children = Path(f"/proc/{self._unshare.pid}/task/{self._unshare.pid}/children")
        while not (found := children.read_text().split()):
            time.sleep(0.01)
        return int(found[0])
