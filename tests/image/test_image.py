"""`engine/Dockerfile`, built with buildah on a plain Debian, and the image's own commands run in it."""

import time
import urllib.request
from collections.abc import Iterator, Mapping
from pathlib import Path
from signal import SIGTERM

import pytest

from tests.image.buildah import Buildah, ImageConfig
from tests.image.container import Container, Process
from tests.support.networks import claimed

pytestmark = [pytest.mark.image, pytest.mark.timeout(1200)]

START_SECONDS = 240.0
STOP_SECONDS = 240.0
BUILD_TOOLS = {"as", "c++", "cc", "clang", "cpp", "g++", "gcc", "ld", "make", "pip", "pip3", "uv"}


@pytest.fixture
def environment() -> Iterator[dict[str, str]]:
    """Settings of a task with an address of its own and its database in the only folder it may write to."""
    with claimed() as network:
        yield {
            "ENVIRONMENT": "local",
            "HOST": f"{network}.1.1",
            "WORKFLOW_ADDR": ":8080",
            "MANAGEMENT_PORT": "8081",
            "WORKFLOW_DB_FILE": "/tmp/workflow.db",
            "JWT_SECRET": "a-secret-of-this-test-alone-32-bytes",
        }


@pytest.fixture
def container(root: Path, config: ImageConfig, environment: Mapping[str, str]) -> Container:
    return Container(root, config, environment)


def test_the_process_is_not_root(config: ImageConfig) -> None:
    assert config.user == "1000:1000"


def test_the_command_is_the_engine_and_takes_its_words(config: ImageConfig) -> None:
    assert config.entrypoint == ["python", "-m", "engine"]
    assert config.cmd == ["serve"]
    assert config.stop_signal == "SIGTERM"
    assert set(config.exposed_ports) == {"8080/tcp", "8081/tcp"}


def test_the_health_check_is_in_the_image(config: ImageConfig) -> None:
    assert config.healthcheck.test == ["CMD", "python", "-m", "engine", "healthcheck"]
    assert config.healthcheck.timeout < config.healthcheck.interval
    assert config.healthcheck.retries == 3


def test_labels_say_what_it_is_and_what_it_was_made_from(config: ImageConfig) -> None:
    prefix = "org.opencontainers.image."
    labels = {name.removeprefix(prefix): value for name, value in config.labels.items() if name.startswith(prefix)}
    assert labels == {
        "title": "workflow-engine",
        "description": "A durable workflow engine that speaks Amazon States Language",
        "licenses": "Apache-2.0",
        "version": "1.2.3",
        "revision": "2f1c9ab",
        "source": "https://code.example/it",
    }


def test_nothing_in_it_builds_or_installs(root: Path) -> None:
    programs = {file.name for folder in root.glob("**/bin") for file in folder.iterdir()}

    assert programs.isdisjoint(BUILD_TOOLS)
    assert list(root.glob("**/*-packages/pip")) == []
    assert list(root.glob("**/ensurepip")) == []


def test_no_secret_of_the_build_is_left(root: Path) -> None:
    assert not (root / "etc" / "pip.conf").exists()
    assert not (root / "run" / "secrets").exists()
    assert not (root / "build").exists()


def test_the_engine_is_compiled_and_whole(root: Path) -> None:
    engine = root / "opt" / "engine" / "engine"
    sources = {file.relative_to(engine) for file in engine.rglob("*.py")}
    compiled = {
        file.parent.parent.relative_to(engine) / f"{file.name.split('.')[0]}.py" for file in engine.rglob("*.pyc")
    }

    assert sources == compiled
    assert not (engine / "Dockerfile").exists()


def test_the_root_is_read_only_and_tmp_is_not(container: Container) -> None:
    assert "Read-only file system" in container.run("touch", "/data/file").stderr
    assert container.run("touch", "/tmp/file").returncode == 0
    assert container.run("id", "--user").stdout == "1000\n"


def test_it_serves_is_healthy_and_stops_at_sigterm(container: Container, environment: Mapping[str, str]) -> None:
    health_check = ("python", "-m", "engine", "healthcheck")
    address = f"http://{environment['HOST']}:8081/health"

    with container.start() as process:
        assert _first_answer(address, process) == b'{"status":"healthy"}'
        assert container.run(*health_check).returncode == 0
        assert process.stop(SIGTERM, STOP_SECONDS) == 0

    assert container.run(*health_check).returncode == 1


def test_a_component_folder_takes_two_lines(
    image_with_components: str, buildah: Buildah, environment: Mapping[str, str]
) -> None:
    address = f"http://{environment['HOST']}:8080/api/v1/workflow-definitions"
    anyone = {**environment, "AUTHENTICATION": "optional"}

    with buildah.mounted(image_with_components) as (_, root):
        container = Container(root, buildah.config(image_with_components), anyone)
        with container.start() as process:
            assert b'"order-processing"' in _first_answer(address, process)


def _first_answer(address: str, process: Process) -> bytes:
    """What `address` answers as soon as something does."""
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            with urllib.request.urlopen(address, timeout=5) as answer:
                return bytes(answer.read())
        except OSError:
            if process.ended or time.monotonic() > deadline:
                raise
            time.sleep(0.05)
