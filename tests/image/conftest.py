"""The image, built once for all tests of this folder from the repository as it is."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from operations.container_tool import Build, ContainerTool
from tests.image import pip_settings
from tests.image.buildah import Buildah, ImageConfig
from tests.image.pip_settings import PipSettings

ROOT = Path(__file__).resolve().parents[2]
SUITE = "trixie"
"""Whose Python is of the version that engine/Dockerfile takes."""
PACKAGES = ("python3", "python3-venv")
BASE = f"localhost/workflow-test-base:{SUITE}-{'-'.join(PACKAGES)}"
IMAGE = "localhost/workflow-engine"
IMAGE_WITH_COMPONENTS = "localhost/workflow-engine-with-components"
PROGRAMS = ("buildah", "mmdebstrap", "unshare")


@pytest.fixture(scope="session", autouse=True)
def needed() -> None:
    """Root and the programs; where they are missing these tests are skipped, and in CI they fail."""
    missing = [f"{program} is not on PATH" for program in PROGRAMS if shutil.which(program) is None]
    if os.geteuid() != 0:
        missing.append("it takes root to install a base system and mount it")
    if not missing:
        return
    sentence = f"The image was neither built nor booted: {', '.join(missing)} (see tools/apt-packages.txt)."
    if os.environ.get("CI"):
        pytest.fail(sentence, pytrace=False)
    pytest.skip(sentence)


@pytest.fixture(scope="session")
def pip(tmp_path_factory: pytest.TempPathFactory) -> PipSettings:
    return pip_settings.read(tmp_path_factory.mktemp("pip"))


@pytest.fixture(scope="session")
def buildah(pip: PipSettings) -> Buildah:
    """buildah, without what an interrupted run may have left."""
    program = Buildah(ROOT / ".local" / "test-image", pip.folders)
    program.run("rm", "--all")
    program.remove(IMAGE_WITH_COMPONENTS)
    return program


@pytest.fixture(scope="session")
def base(buildah: Buildah) -> str:
    """A minimal Debian with Python: kept in .local, and made anew where an earlier run did not finish it."""
    if buildah.image_id(BASE) is not None:
        return BASE
    with buildah.mounted("scratch") as (container, root):
        include = f"--include={','.join(PACKAGES)}"
        subprocess.run(["mmdebstrap", "--mode=root", "--variant=minbase", include, SUITE, str(root)], check=True)
        buildah.run("commit", container, BASE)
    return BASE


@pytest.fixture(scope="session")
def image(buildah: Buildah, base: str, pip: PipSettings) -> str:
    """The image's name, built by the code that `make image` runs."""
    build = Build(
        platform=f"linux/{buildah.run('info', '--format', '{{.host.arch}}')}",
        arguments={
            "PYTHON_IMAGE": base,
            "VERSION": "1.2.3",
            "REVISION": "2f1c9ab",
            "SOURCE": "https://code.example/it",
        },
        secrets={"pip.conf": pip.configuration} | ({"ca-bundle": pip.ca_bundle} if pip.ca_bundle else {}),
    )
    program = shutil.which("buildah")
    assert program is not None
    before = buildah.image_id(IMAGE)
    with pytest.MonkeyPatch.context() as patch:
        for name, value in buildah.environment.items():
            patch.setenv(name, value)
        ContainerTool(Path(program)).build(ROOT, IMAGE, build)
    if before not in (None, buildah.image_id(IMAGE)):
        buildah.run("rmi", str(before))
    return IMAGE


@pytest.fixture
def image_with_components(buildah: Buildah, image: str, tmp_path: Path) -> Iterator[str]:
    """An image of a user's own on top of the engine's."""
    shutil.copytree(ROOT / "examples" / "order-processing", tmp_path / "my-components")
    lines = (f"FROM {image}", "COPY my-components /components", "ENV WORKFLOW_COMPONENTS=/components")
    (tmp_path / "Dockerfile").write_text("\n".join(lines))
    buildah.run("build", "--format", "docker", "--pull-never", "--tag", IMAGE_WITH_COMPONENTS, str(tmp_path))
    yield IMAGE_WITH_COMPONENTS
    buildah.remove(IMAGE_WITH_COMPONENTS)


@pytest.fixture(scope="session")
def config(buildah: Buildah, image: str) -> ImageConfig:
    return buildah.config(image)


@pytest.fixture(scope="session")
def root(buildah: Buildah, image: str) -> Iterator[Path]:
    """The folder where the image's files are."""
    with buildah.mounted(image) as (_, mounted):
        yield mounted
