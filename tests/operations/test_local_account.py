"""The environment of the local stack."""

from pathlib import Path

import pytest

from operations.local_account import LocalAccount, SandboxRecord
from tools import pulumi_cli

RECORD = SandboxRecord(1, "a", "http://127.0.0.1:4566", 5000)


@pytest.fixture
def account(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> LocalAccount:
    tools = tmp_path / ".tools" / "bin"
    tools.mkdir(parents=True)
    for name in pulumi_cli.PROGRAMS:
        (tools / name).write_text("")
    monkeypatch.delenv("SANDBOX_NETWORK", raising=False)
    return LocalAccount(tmp_path)


def test_it_points_at_the_sandbox_and_at_a_state_of_its_own(account: LocalAccount) -> None:
    environment = account.environment(RECORD)

    assert environment["AWS_ENDPOINT_URL"] == "http://127.0.0.1:4566"
    assert environment["PULUMI_DEBUG_PROVIDERS"] == "aws:5000"
    assert environment["PULUMI_BACKEND_URL"] == (account.directory / "state").as_uri()


@pytest.mark.parametrize("name", ["AWS_PROFILE", "AWS_SESSION_TOKEN", "PULUMI_CONFIG_PASSPHRASE", "PULUMI_STACK"])
def test_the_users_other_stacks_stay_out_of_it(
    account: LocalAccount, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv(name, "of-another-stack")

    assert name not in account.environment(RECORD)


def test_the_passphrase_is_made_once_and_for_its_owner_alone(account: LocalAccount) -> None:
    first = Path(account.environment(RECORD)["PULUMI_CONFIG_PASSPHRASE_FILE"])
    content = first.read_text()
    again = Path(account.environment(RECORD)["PULUMI_CONFIG_PASSPHRASE_FILE"])

    assert again.read_text() == content
    assert first.stat().st_mode & 0o077 == 0


def test_the_network_may_be_another(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SANDBOX_NETWORK", "127.9")

    assert LocalAccount(tmp_path).network == "127.9"


def test_no_sandbox_runs_in_a_new_checkout(account: LocalAccount) -> None:
    assert account.running() is None
