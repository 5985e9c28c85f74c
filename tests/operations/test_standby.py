"""`standby`: what a stack of a second region is told of the first one, once and again, and what can't stand by."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from operations import failover
from operations.errors import RefusedError
from operations.failover import FailoverOptions
from operations.pulumi import GoAhead
from operations.standby import stand_by
from tests.operations.regions import COPY_KEY, FIRST, REGIONS, SECOND, SECRETS, Regions

TYPED = FailoverOptions(typed=SECOND)
LOST = FailoverOptions(typed=SECOND, lost=True)


def test_a_standby_follows_and_has_copies_of_the_secrets(regions: Regions) -> None:
    assert regions.serving == {FIRST}
    assert regions.source(SECOND) == regions.database(FIRST)
    config = regions.stacks[SECOND].config
    assert config["primaryStack"] == FIRST
    assert config["standby"] == "true"
    copies = json.loads(config["replicatedSecrets"])
    assert copies.keys() == set(SECRETS)
    for name, arn in copies.items():
        found = regions.stacks[SECOND].client("secretsmanager").describe_secret(SecretId=arn)
        assert (found["Name"], found["PrimaryRegion"]) == (name, REGIONS[FIRST])
    assert config["replicatedArchive"] == f"workflow-{FIRST}-archive-copy"
    assert config["replicatedArchiveKey"] == COPY_KEY


def test_a_pair_is_given_what_there_is_to_share_since_and_nothing_twice(
    regions: Regions, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """An archive that was turned on later, a secret that was made anew, one that an older program had."""
    second = regions.stacks[SECOND]
    before = dict(second.config)
    secrets = json.loads(second.config["replicatedSecrets"])
    second.config.update(
        replicatedArchive="", replicatedSecrets=json.dumps({**secrets, "tokenKey": "arn:of:another", "api": "arn"})
    )
    del second.config["replicatedArchiveKey"]

    stand_by(tmp_path, SECOND, FIRST, GoAhead.AT_ONCE)

    assert second.config == before
    changed = "replicatedSecrets.tokenKey, replicatedArchive, replicatedArchiveKey"
    assert f"production-2 is told of production: {changed}" in capsys.readouterr().out
    second.written.clear()
    stand_by(tmp_path, SECOND, FIRST, GoAhead.AT_ONCE)
    assert second.config == before
    assert set(second.written) <= {"standby", "databaseReplicaOf"}


def test_the_first_stack_keeps_its_own_secrets_and_archive_while_it_follows(regions: Regions, tmp_path: Path) -> None:
    failover.failover(tmp_path, FIRST, SECOND, TYPED)
    stand_by(tmp_path, FIRST, SECOND, GoAhead.AT_ONCE, FIRST)
    assert {"primaryStack", "replicatedSecrets", "replicatedArchive"} & regions.stacks[FIRST].config.keys() == set()


def test_without_copies_of_the_secrets_nobody_stands_by(regions: Regions, tmp_path: Path) -> None:
    """The standby's tasks would find no secrets, and the failover would be the first to notice."""
    manager = regions.stacks[FIRST].client("secretsmanager")
    manager.remove_regions_from_replication(SecretId="tokenKey", RemoveReplicaRegions=[REGIONS[SECOND]])
    before = dict(regions.stacks[SECOND].config)
    wanted = r"tokenKey of stack production has no copy in us-west-2: set standbyRegion: us-west-2 in Pulumi.production"
    with pytest.raises(RefusedError, match=wanted):
        stand_by(tmp_path, SECOND, FIRST, GoAhead.AT_ONCE)
    assert regions.stacks[SECOND].config == before


def test_a_stack_of_an_older_program_is_brought_up_first(regions: Regions, tmp_path: Path) -> None:
    regions.stacks[FIRST].made["tokenKeySecretArn"] = ""
    with pytest.raises(RefusedError, match="Stack production was last updated by an older program: run `make up"):
        stand_by(tmp_path, SECOND, FIRST, GoAhead.AT_ONCE)


def test_only_the_owner_of_the_secrets_stands_by_for_who_has_the_copies(regions: Regions, tmp_path: Path) -> None:
    failover.failover(tmp_path, FIRST, SECOND, TYPED)
    regions.stacks[SECOND].config["primaryStack"] = "another"
    with pytest.raises(RefusedError, match="production-2 has its secrets from another: another alone can stand by"):
        stand_by(tmp_path, FIRST, SECOND, GoAhead.AT_ONCE, FIRST)


def test_a_database_that_an_update_would_delete_is_not_left(regions: Regions, tmp_path: Path) -> None:
    failover.failover(tmp_path, FIRST, SECOND, TYPED)
    del regions.stacks[FIRST].config["standbyRegion"]
    with pytest.raises(RefusedError, match="would lose its database workflow-production-database by an update"):
        stand_by(tmp_path, FIRST, SECOND, GoAhead.AT_ONCE, FIRST)
    assert regions.stacks[FIRST].unprotected == []


def test_who_took_over_does_not_follow_what_it_left_behind(regions: Regions, tmp_path: Path) -> None:
    failover.failover(tmp_path, FIRST, SECOND, LOST)
    says = "production-2 took over from production: run `standby --stack production --of production-2` to let .* follow"
    with pytest.raises(RefusedError, match=says):
        stand_by(tmp_path, SECOND, FIRST, GoAhead.AT_ONCE, SECOND)
    assert SECOND in regions.serving


def test_a_region_that_is_back_is_stopped_once_its_name_is_typed(regions: Regions, tmp_path: Path) -> None:
    failover.failover(tmp_path, FIRST, SECOND, LOST)
    with pytest.raises(RefusedError, match="type the stack's name, production"):
        stand_by(tmp_path, FIRST, SECOND, GoAhead.AT_ONCE, "yes")
    assert regions.serving == {FIRST, SECOND}

    result = stand_by(tmp_path, FIRST, SECOND, GoAhead.AT_ONCE, FIRST)

    assert regions.serving == {SECOND}
    assert str(result.data["kept"]).endswith(":db:workflow-production-database")
    assert regions.source(FIRST) == regions.database(SECOND)


def test_nobody_follows_a_standby(regions: Regions, tmp_path: Path) -> None:
    says = "Stack production-2 stands by itself: .* if it is to serve, `failover --from production --to production-2`"
    with pytest.raises(RefusedError, match=says):
        stand_by(tmp_path, FIRST, SECOND, GoAhead.AT_ONCE)
    assert regions.serving == {FIRST}
