"""buildah on this machine, with images of its own in a folder of this repository."""

import os
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import msgspec


class HealthCheck(msgspec.Struct, frozen=True, rename="pascal"):
    """The image's HEALTHCHECK; times in nanoseconds."""

    test: list[str]
    interval: int
    timeout: int
    retries: int


class ImageConfig(msgspec.Struct, frozen=True, rename="pascal"):
    """What an image says about its processes (Docker Image Specification v1.2, "Container RunConfig")."""

    user: str
    env: list[str]
    entrypoint: list[str]
    cmd: list[str]
    working_dir: str
    labels: dict[str, str]
    exposed_ports: dict[str, dict[str, str]]
    stop_signal: str
    healthcheck: HealthCheck


class _Docker(msgspec.Struct, frozen=True):
    config: ImageConfig


class _Inspection(msgspec.Struct, frozen=True, rename="pascal"):
    docker: _Docker


class Buildah:
    """Commands of buildah on the images in `directory`.

    `environment` gives the same images to any other caller of buildah; `folders` are there in every build, read-only.
    """

    def __init__(self, directory: Path, folders: Sequence[Path] = ()) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        images = directory / "storage.conf"
        images.write_text(
            f'[storage]\ndriver = "overlay"\ngraphroot = "{directory}/images"\nrunroot = "{directory}/run"\n'
        )
        containers = directory / "containers.conf"
        volumes = [f"{folder}:{folder}:ro" for folder in folders]
        containers.write_text(f"[containers]\nvolumes = {msgspec.json.encode(volumes).decode()}\n")
        self.environment = {
            "CONTAINERS_STORAGE_CONF": str(images),
            "CONTAINERS_CONF": str(containers),
            "BUILDAH_ISOLATION": "chroot",
            "BUILDAH_LAYERS": "true",
        }

    def run(self, *words: str) -> str:
        """What a command of buildah prints; CalledProcessError when it fails."""
        done = subprocess.run(
            ["buildah", *words], env={**os.environ, **self.environment}, check=True, stdout=subprocess.PIPE, text=True
        )
        return done.stdout.strip()

    def remove(self, name: str) -> None:
        """Delete an image and the unnamed ones that only it was made from; does nothing where there is none."""
        if self.image_id(name) is not None:
            self.run("rmi", name)

    def image_id(self, name: str) -> str | None:
        """Id of an image, None where there is none of that name."""
        images = self.run("images", "--no-trunc", "--quiet", "--filter", f"reference={name}").splitlines()
        return images[0] if images else None

    def config(self, image: str) -> ImageConfig:
        """The configuration of an image."""
        return msgspec.json.decode(self.run("inspect", "--type", "image", image), type=_Inspection).docker.config

    @contextmanager
    def mounted(self, image: str) -> Iterator[tuple[str, Path]]:
        """A new container made from `image`, and the folder where its files are, until the end of the block."""
        container = self.run("from", "--pull-never", image)
        try:
            yield container, Path(self.run("mount", container))
        finally:
            self.run("rm", container)
