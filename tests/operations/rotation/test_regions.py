"""Rotation where a stack stands by in another region: who may rotate what, and copies that AWS couldn't make."""

from __future__ import annotations

from pathlib import Path

import pytest

from operations import copies, rotation
from operations.errors import RefusedError
from operations.pulumi import GoAhead
from operations.standby import stand_by
from tests.operations.regions import FIRST, REGIONS, SECOND, Regions

DATABASE = ["database-user", "database-admin"]


def value_in(regions: Regions, name: str) -> str:
    """What the engines of a stack's region read as the key of tokens."""
    return str(regions.stacks[name].client("secretsmanager").get_secret_value(SecretId="tokenKey")["SecretString"])


def refusal(tmp_path: Path, name: str, secret: str) -> str:
    """Why a stack doesn't rotate a secret."""
    with pytest.raises(RefusedError) as raised:
        rotation.rotate(tmp_path, name, secret)
    return str(raised.value)


@pytest.mark.usefixtures("regions")
@pytest.mark.parametrize("secret", [*DATABASE, "token-key"])
def test_a_standby_names_the_stack_to_rotate_by(tmp_path: Path, secret: str) -> None:
    assert refusal(tmp_path, SECOND, secret) == (
        "Stack production-2 has a copy of this secret, which can only be read; the original is in us-east-1, with "
        f"stack production. Run `rotate --stack production --secret {secret}`; the copy follows by itself."
    )


@pytest.mark.usefixtures("failed_over")
@pytest.mark.parametrize("secret", DATABASE)
def test_the_database_has_its_passwords_changed_after_the_failback(tmp_path: Path, secret: str) -> None:
    assert refusal(tmp_path, SECOND, secret).endswith(
        "with stack production, which stands by. Run `failback --from production-2 --to production`, then "
        f"`rotate --stack production --secret {secret}`."
    )
    assert refusal(tmp_path, FIRST, secret) == (
        f"Stack production stands by, and its database takes no writes: the {secret} password changes once it serves "
        "again. Run `failback --from OTHER --to production`, with the stack that serves as OTHER, then this again."
    )


def test_the_key_of_tokens_changes_whichever_stack_serves(failed_over: Regions, tmp_path: Path) -> None:
    assert "Run `rotate --stack production --secret token-key`" in refusal(tmp_path, SECOND, "token-key")
    rotation.rotate(tmp_path, FIRST, "token-key")
    assert "jwtSecret" in value_in(failed_over, FIRST)
    assert value_in(failed_over, SECOND) == value_in(failed_over, FIRST)


def test_a_copy_that_could_not_be_made_is_a_failure_and_the_new_value_counts(regions: Regions, tmp_path: Path) -> None:
    first, second = (regions.stacks[name].client("secretsmanager") for name in (FIRST, SECOND))
    there = {"SecretId": "tokenKey", "RemoveReplicaRegions": [REGIONS[SECOND]]}
    first.remove_regions_from_replication(**there)
    second.create_secret(Name="tokenKey", SecretString="of somebody else")
    first.replicate_secret_to_regions(SecretId="tokenKey", AddReplicaRegions=[{"Region": REGIONS[SECOND]}])

    done = rotation.rotate(tmp_path, FIRST, "token-key")

    assert "jwtSecret" in value_in(regions, FIRST)
    said = str(done.failure)
    assert said.startswith("Bearer tokens of stack production are signed with a new key.")
    assert "But AWS could not copy the token-key secret of stack production to us-west-2 (Replication failed" in said
    assert "--add-replica-regions Region=us-west-2 --force-overwrite-replica-secret` makes the copy anew." in said
    with pytest.raises(RefusedError, match="AWS could not copy the secret tokenKey of stack production to us-west-2"):
        stand_by(tmp_path, SECOND, FIRST, GoAhead.AT_ONCE)


@pytest.mark.usefixtures("regions")
def test_a_copy_that_takes_its_time_is_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    states = iter(["InProgress", "InProgress", "InSync", "InSync"])
    monkeypatch.setattr(copies, "_copies", lambda *_: [{"Region": "us-west-2", "Status": next(states)}])
    assert rotation.rotate(tmp_path, FIRST, "token-key").failure is None
    assert list(states) == []

    monkeypatch.setattr(copies, "_copies", lambda *_: [{"Region": "us-west-2", "Status": "InProgress"}])
    monkeypatch.setattr(copies, "TIMEOUT_SECONDS", 0.0)
    failure = rotation.rotate(tmp_path, FIRST, "token-key").failure
    assert "AWS is still copying the token-key secret of stack production to us-west-2 after 0 s" in str(failure)


def test_a_stack_of_an_older_program_is_brought_up_first(regions: Regions, tmp_path: Path) -> None:
    regions.stacks[FIRST].made["tokenKeySecretArn"] = ""
    assert refusal(tmp_path, FIRST, "token-key").startswith("Stack production was last updated by an older program")
