"""The local stack's config: the committed file, the image tag, Pulumi's salt."""

from pathlib import Path

import pytest
import yaml

from operations import up
from operations.errors import OperationError
from operations.pulumi import PulumiStack


@pytest.fixture
def stack(tmp_path: Path) -> PulumiStack:
    (tmp_path / "Pulumi.local.yaml").write_text("config:\n  workflow:taskCpu: 256\n")
    return PulumiStack(tmp_path, "local", {}, tmp_path / "config.yaml")


def written(stack: PulumiStack) -> object:
    assert stack.config_file is not None
    return yaml.safe_load(stack.config_file.read_text())


def test_the_tag_is_added_to_a_copy(stack: PulumiStack) -> None:
    up.write_config(stack, "v1")

    assert written(stack) == {"config": {"workflow:taskCpu": 256, "workflow:imageTag": "v1"}}
    assert "imageTag" not in (stack.root / "Pulumi.local.yaml").read_text()


def test_the_salt_that_pulumi_wrote_stays(stack: PulumiStack) -> None:
    assert stack.config_file is not None
    stack.config_file.write_text("encryptionsalt: v1:abc\nconfig:\n  workflow:imageTag: v1\n")

    up.write_config(stack, None)

    assert written(stack) == {"config": {"workflow:taskCpu": 256}, "encryptionsalt": "v1:abc"}


@pytest.mark.parametrize("text", ["[]", "config: 3", "config: {a: [}"])
def test_a_file_that_is_no_stack_config_is_one_sentence(stack: PulumiStack, text: str) -> None:
    (stack.root / "Pulumi.local.yaml").write_text(text)

    with pytest.raises(OperationError, match=r"Pulumi\.local\.yaml is not a Pulumi stack config"):
        up.write_config(stack, "v1")
