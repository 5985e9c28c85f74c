"""The version that git gives a working tree."""

import subprocess
from pathlib import Path

import pytest

from operations import source
from operations.errors import OperationError


def git(directory: Path, *words: str) -> str:
    done = subprocess.run(["git", *words], cwd=directory, check=True, capture_output=True, text=True)
    return done.stdout.strip()


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{name}_NAME", "A Developer")
        monkeypatch.setenv(f"GIT_{name}_EMAIL", "developer@example.com")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", "/dev/null")
    git(tmp_path, "init", "--quiet")
    (tmp_path / "file").write_text("1")
    git(tmp_path, "add", "file")
    git(tmp_path, "commit", "--quiet", "--message", "first")
    return tmp_path


def test_an_untagged_commit_is_named_by_its_sha(tree: Path) -> None:
    version = source.read(tree, allow_dirty=False)

    assert version.revision == git(tree, "rev-parse", "HEAD")
    assert version.revision.startswith(version.name)
    assert version.origin == ""


def test_a_tagged_commit_is_named_by_its_tag(tree: Path) -> None:
    git(tree, "tag", "--annotate", "v1.4.0", "--message", "1.4.0")

    assert source.read(tree, allow_dirty=False).name == "v1.4.0"


def test_a_changed_tree_is_refused_with_what_changed(tree: Path) -> None:
    (tree / "file").write_text("2")
    for number in range(4):
        (tree / f"new{number}").touch()

    with pytest.raises(OperationError, match=r"\(file, new0, new1 and 2 more\): commit them, or pass --allow-dirty\.$"):
        source.read(tree, allow_dirty=False)


def test_a_changed_tree_that_is_allowed_says_so_in_its_name(tree: Path) -> None:
    (tree / "file").write_text("2")

    assert source.read(tree, allow_dirty=True).name.endswith("-dirty")


def test_what_commands_write_into_a_stacks_file_is_no_change(tree: Path) -> None:
    stack = tree / "Pulumi.dev.yaml"
    stack.write_text("config: {}\n")
    git(tree, "add", stack.name)
    git(tree, "commit", "--quiet", "--message", "stack")
    stack.write_text("config:\n  workflow:imageTag: v1\n")
    (tree / "Pulumi.second.yaml").touch()

    assert git(tree, "rev-parse", "HEAD").startswith(source.read(tree, allow_dirty=False).name)

    (tree / "Pulumi.yaml").touch()
    with pytest.raises(OperationError, match=r"\(Pulumi\.yaml\): commit them"):
        source.read(tree, allow_dirty=False)


def test_a_folder_without_a_commit_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))

    with pytest.raises(OperationError, match=r"^`git rev-parse` in .* failed, so the image has no version: "):
        source.read(tmp_path, allow_dirty=False)


def test_without_git_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(OperationError, match=r"^git is not on PATH"):
        source.read(tmp_path, allow_dirty=False)


def test_the_origins_credentials_stay_out(tree: Path) -> None:
    git(tree, "remote", "add", "origin", "https://me:token@code.example/team/engine.git")

    assert source.read(tree, allow_dirty=False).origin == "https://code.example/team/engine.git"


def test_an_ssh_origin_stays_as_it_is() -> None:
    assert source.without_credentials("git@code.example:team/engine.git") == "git@code.example:team/engine.git"
