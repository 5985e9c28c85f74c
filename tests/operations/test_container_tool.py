"""What docker, podman and buildah are called with: programs in their places say it."""

from pathlib import Path

import pytest

from operations import container_tool
from operations.container_tool import Build, ContainerTool
from operations.errors import OperationError
from tests.operations.programs import Programs

PASSWORD = "the-registry's-password"


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Programs:
    made = Programs(tmp_path)
    monkeypatch.setenv("PATH", str(made.directory))
    monkeypatch.delenv("DOCKER_BUILDKIT", raising=False)
    return made


def test_docker_comes_before_podman_before_buildah(programs: Programs) -> None:
    for name in reversed(container_tool.PROGRAMS):
        programs.add(name)
        assert container_tool.find().name == name


def test_docker_without_its_daemon_is_passed_over(programs: Programs) -> None:
    programs.add("docker", fails={"version": "Cannot connect to the Docker daemon"})
    buildah = programs.add("buildah")

    assert container_tool.find().program == buildah


def test_where_nothing_builds_images_each_program_is_named_with_its_reason(programs: Programs) -> None:
    programs.add("docker", fails={"version": "Cannot connect to the Docker daemon"})
    programs.add("podman").write_text("#!/nowhere/interpreter\n")

    with pytest.raises(OperationError) as caught:
        container_tool.find()

    assert str(caught.value) == (
        "Nothing here builds images (docker says: Cannot connect to the Docker daemon; podman does not start: "
        "No such file or directory; buildah is not on PATH): install one of them, or start it."
    )


def test_the_password_goes_over_standard_input_alone(programs: Programs) -> None:
    ContainerTool(programs.add("docker")).log_in("registry.example", "AWS", PASSWORD)

    [call] = programs.calls
    assert call.words == ["login", "--username", "AWS", "--password-stdin", "registry.example"]
    assert call.input == PASSWORD


def test_a_refused_login_says_what_the_registry_said(programs: Programs) -> None:
    tool = ContainerTool(programs.add("podman", fails={"login": "unauthorized:\n expired"}))

    with pytest.raises(OperationError, match=r"^`podman login registry\.example` failed: unauthorized: expired$"):
        tool.log_in("registry.example", "AWS", PASSWORD)


@pytest.mark.parametrize(
    ("program", "format_options"), [("docker", []), ("podman", ["docker"]), ("buildah", ["docker"])]
)
def test_build_keeps_the_health_check_in_the_image(
    programs: Programs, tmp_path: Path, program: str, format_options: list[str]
) -> None:
    ContainerTool(programs.add(program)).build(tmp_path, "engine:1", Build("linux/amd64"))

    [call] = programs.calls
    assert call.values("--format") == format_options


def test_build_takes_platform_arguments_and_secrets(programs: Programs, tmp_path: Path) -> None:
    build = Build("linux/arm64", {"VERSION": "1", "REVISION": "abc"}, {"pip.conf": tmp_path / "mirror.conf"})

    ContainerTool(programs.add("docker")).build(tmp_path, "engine:1", build)

    [call] = programs.calls
    assert call.words[0] == "build"
    assert call.words[-1] == str(tmp_path)
    assert call.values("--file") == [str(tmp_path / "engine" / "Dockerfile")]
    assert call.values("--platform") == ["linux/arm64"]
    assert call.values("--tag") == ["engine:1"]
    assert call.values("--build-arg") == ["VERSION=1", "REVISION=abc"]
    assert call.values("--secret") == [f"id=pip.conf,src={tmp_path / 'mirror.conf'}"]
    assert call.buildkit == "1"


def test_the_users_own_choice_of_builder_stands(
    programs: Programs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCKER_BUILDKIT", "0")

    ContainerTool(programs.add("docker")).build(tmp_path, "engine:1", Build("linux/amd64"))

    assert programs.calls[0].buildkit == "0"


def test_a_failed_push_is_one_sentence(programs: Programs) -> None:
    tool = ContainerTool(programs.add("buildah", fails={"push": "denied"}))

    with pytest.raises(OperationError, match=r"^`buildah push` failed; what it said stands above\.$"):
        tool.push("registry.example/engine:1")

    assert programs.calls[0].words == ["push", "registry.example/engine:1"]
