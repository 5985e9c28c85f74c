"""The program that builds and pushes images: docker, podman or buildah, driven through the commands they share."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from operations.errors import OperationError, RefusedError

PROGRAMS = ("docker", "podman", "buildah")
DOCKERFILE = "engine/Dockerfile"


@dataclass(frozen=True)
class Build:
    """What goes into one build of `engine/Dockerfile`.

    Attributes:
        platform: the operating system and processor the image runs on, for instance linux/arm64.
        arguments: the Dockerfile's ARGs.
        secrets: files that are there while the image is built and never in it, by the ids that the Dockerfile mounts.
    """

    platform: str
    arguments: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, Path] = field(default_factory=dict)


@dataclass(frozen=True)
class ContainerTool:
    """One of PROGRAMS; `program` is its path."""

    program: Path

    @property
    def name(self) -> str:
        """The program's name."""
        return self.program.name

    def log_in(self, registry: str, username: str, password: str) -> None:
        """Log in to `registry`; the password goes over standard input and never on a command line."""
        command = [str(self.program), "login", "--username", username, "--password-stdin", registry]
        done = subprocess.run(  # noqa: S603 - our own command
            command, input=password, env=self._environment(), capture_output=True, text=True, check=False
        )
        if done.returncode != 0:
            said = " ".join(done.stderr.split())
            raise OperationError(f"`{self.name} login {registry}` failed: {said}")

    def build(self, root: Path, image: str, build: Build) -> None:
        """Build `engine/Dockerfile` of the repository `root` and name the result `image`."""
        # Images in OCI's own format have no health check; docker's builder keeps it in either format.
        options = [] if self.name == "docker" else ["--format", "docker"]
        options += ["--file", str(root / DOCKERFILE), "--platform", build.platform, "--tag", image]
        for name, value in build.arguments.items():
            options += ["--build-arg", f"{name}={value}"]
        for identifier, file in build.secrets.items():
            options += ["--secret", f"id={identifier},src={file}"]
        self._stream("build", *options, str(root))

    def push(self, image: str) -> None:
        """Push `image` to the registry in its name."""
        self._stream("push", image)

    def _stream(self, *words: str) -> None:
        done = subprocess.run(  # noqa: S603 - our own command
            [str(self.program), *words], env=self._environment(), check=False
        )
        if done.returncode != 0:
            raise OperationError(f"`{self.name} {words[0]}` failed; what it said stands above.")

    def _environment(self) -> dict[str, str]:
        # The Dockerfile mounts secrets, which docker's builder before version 23 knows only when it is asked.
        return {"DOCKER_BUILDKIT": "1", **os.environ}


def find() -> ContainerTool:
    """The first of PROGRAMS that is on PATH and works.

    Raises:
        OperationError: none does; says what is the matter with each.
    """
    problems = []
    for name in PROGRAMS:
        program = shutil.which(name)
        problem = "is not on PATH" if program is None else _problem(program)
        if program is not None and not problem:
            return ContainerTool(Path(program))
        problems.append(f"{name} {problem}")
    raise RefusedError(f"Nothing here builds images ({'; '.join(problems)}): install one of them, or start it.")


def _problem(program: str) -> str:
    """Why `program` can't be used, or nothing: `docker version` fails where its daemon can't be reached."""
    try:
        done = subprocess.run([program, "version"], capture_output=True, text=True, check=False)  # noqa: S603
    except OSError as error:
        return f"does not start: {error.strerror}"
    return "" if done.returncode == 0 else f"says: {' '.join(done.stderr.split())}"
