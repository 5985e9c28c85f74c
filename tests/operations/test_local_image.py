"""The folder that stands for an image on the local stack."""

from pathlib import Path

import pytest

from operations import local_image


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "checkout"
    (root / "engine" / "__pycache__").mkdir(parents=True)
    (root / "engine" / "__init__.py").write_text("version = 1\n")
    (root / "engine" / "__pycache__" / "x.pyc").write_text("compiled")
    (root / "contract.toml").write_text("")
    (root / "examples").mkdir()
    return root


def test_the_same_content_is_the_same_tag(root: Path, tmp_path: Path) -> None:
    first = local_image.build(root, tmp_path / "images")
    (root / "engine" / "__pycache__" / "y.pyc").write_text("compiled again")

    assert local_image.build(root, tmp_path / "images") == first


def test_a_change_is_a_new_tag_and_leaves_the_old_folder(root: Path, tmp_path: Path) -> None:
    first = local_image.build(root, tmp_path / "images")
    (root / "engine" / "__init__.py").write_text("version = 2\n")
    second = local_image.build(root, tmp_path / "images")

    assert first.tag != second.tag
    assert (first.directory / "engine" / "__init__.py").read_text() == "version = 1\n"
    assert (second.directory / "engine" / "__init__.py").read_text() == "version = 2\n"


def test_caches_stay_out_of_it(root: Path, tmp_path: Path) -> None:
    image = local_image.build(root, tmp_path / "images")

    assert not list(image.directory.rglob("__pycache__"))


def test_what_an_interrupted_copy_left_is_replaced(root: Path, tmp_path: Path) -> None:
    tag = local_image.build(root, tmp_path / "elsewhere").tag
    partial = tmp_path / "images" / f".{tag}.partial"
    partial.mkdir(parents=True)
    (partial / "half").write_text("")

    image = local_image.build(root, tmp_path / "images")

    assert not (image.directory / "half").exists()
    assert not partial.exists()
