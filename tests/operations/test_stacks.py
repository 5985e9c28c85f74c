"""How the operations reach a stack's account: as its file says, by the standard settings of AWS."""

from __future__ import annotations

from pathlib import Path

import pytest
from moto import mock_aws

from operations.errors import RefusedError
from operations.stacks import account_clients, file_config

PROJECT = "name: workflow\nconfig:\n  aws:region:\n    value: us-east-1\n  taskCpu:\n    type: integer\n"


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "Pulumi.yaml").write_text(PROJECT)
    (tmp_path / "aws").write_text(
        "[profile staging]\nregion = eu-north-1\naws_access_key_id = a\naws_secret_access_key = b\n"
    )
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "aws"))
    for name in ("AWS_ENDPOINT_URL", "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    return tmp_path


def configure(root: Path, text: str) -> None:
    (root / "Pulumi.dev.yaml").write_text(text)


def test_the_region_is_the_stacks_or_the_projects(root: Path) -> None:
    configure(root, "config:\n  workflow:taskCpu: 256\n")
    assert account_clients(root, "dev").ecs.meta.region_name == "us-east-1"
    configure(root, "config:\n  aws:region: eu-west-1\n")
    assert account_clients(root, "dev").ecs.meta.region_name == "eu-west-1"


def test_the_profile_and_single_endpoints_are_the_stacks(root: Path) -> None:
    configure(
        root,
        "config:\n  aws:profile: staging\n  aws:endpoints:\n    - ecr: http://127.0.0.1:1\n      sts: http://127.0.0.1:2\n",
    )
    clients = account_clients(root, "dev")

    assert clients.session.profile_name == "staging"
    assert clients.ecr.meta.endpoint_url == "http://127.0.0.1:1"
    assert clients.sts.meta.endpoint_url == "http://127.0.0.1:2"
    assert clients.ecs.meta.endpoint_url == "https://ecs.us-east-1.amazonaws.com"


def test_one_endpoint_for_everything_is_the_environments(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    configure(root, "config: {}\n")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:3")

    assert account_clients(root, "dev").logs.meta.endpoint_url == "http://127.0.0.1:3"


def test_endpoints_may_have_the_names_of_aws_plugin_and_stand_there_as_json(root: Path) -> None:
    configure(root, """config:\n  aws:endpoints: '[{"applicationautoscaling": "http://127.0.0.1:4"}]'\n""")

    assert account_clients(root, "dev").autoscaling.meta.endpoint_url == "http://127.0.0.1:4"


def test_another_account_than_those_allowed_is_refused(root: Path) -> None:
    with mock_aws():
        configure(root, 'config:\n  aws:allowedAccountIds: ["123456789012"]\n')
        assert account_clients(root, "dev").ecs.list_clusters()["clusterArns"] == []

        configure(root, 'config:\n  aws:allowedAccountIds: ["210987654321"]\n')
        with pytest.raises(
            RefusedError, match=r"are of account 123456789012; aws:allowedAccountIds allows 210987654321"
        ):
            _ = account_clients(root, "dev").ecs


@pytest.mark.parametrize(
    ("key", "value"),
    [("endpoints", "{s3: http://x}"), ("endpoints", "'[1]'"), ("allowedAccountIds", "[12]"), ("endpoints", "nope")],
)
def test_what_the_provider_would_not_take_is_one_sentence(root: Path, key: str, value: str) -> None:
    configure(root, f"config:\n  aws:{key}: {value}\n")

    with pytest.raises(RefusedError, match=rf"aws:{key} is not a list of"):
        account_clients(root, "dev")


@pytest.mark.parametrize(
    ("text", "why"), [("[]", "got `array`"), ("config: 3", "config`"), ("config:\n  a: [}", "at line 2, column 7")]
)
def test_a_file_that_is_no_stack_config_is_one_sentence(root: Path, text: str, why: str) -> None:
    configure(root, text)

    with pytest.raises(RefusedError, match=rf"Pulumi\.dev\.yaml is not a Pulumi stack config .*{why}\.$"):
        file_config(root, "dev")
