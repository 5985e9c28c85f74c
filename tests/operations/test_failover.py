"""The drill: failover and failback between two regions, each step's failure, and the command that goes on after it."""

from __future__ import annotations

import datetime
import io
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from operations import cli, deployment, failover, fence, promotion, side, standby
from operations.clients import Clients
from operations.deployment import TaskStatus
from operations.errors import OperationError, RefusedError
from operations.failback import failback
from operations.failover import FailoverOptions
from operations.outputs import Outputs
from operations.pulumi import GoAhead, PulumiStack
from operations.standby import stand_by
from sandbox.aws import Account
from sandbox.seam import NullDataPlane
from tests.operations.regions import COPY_KEY, FIRST, REGIONS, REPOSITORY, SECOND, Regions, two_regions

TYPED = FailoverOptions(typed=SECOND)
LOST = FailoverOptions(typed=SECOND, lost=True)
LATER = datetime.timedelta(minutes=5)


class Replication:
    """How far a replica is, told in place of CloudWatch; `behind` is in relation to now."""

    behind: datetime.timedelta | None = -LATER

    def until(self, *_: object) -> datetime.datetime | None:
        return None if self.behind is None else datetime.datetime.now(datetime.UTC) - self.behind


@pytest.fixture(scope="module")
def account() -> Iterator[Account]:
    with Account(NullDataPlane()) as account:
        yield account


@pytest.fixture
def replication(monkeypatch: pytest.MonkeyPatch) -> Replication:
    replication = Replication()
    monkeypatch.setattr(promotion, "replayed_until", replication.until)
    return replication


@pytest.fixture
def regions(
    account: Account, replication: Replication, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Iterator[Regions]:
    """The second stack stands by for the first."""
    del replication
    with two_regions(tmp_path, account) as regions:
        for module in (side, standby):
            monkeypatch.setattr(module, "open_stack", regions.open)
        monkeypatch.setattr(failover, "wait_for_service", lambda *_: None)
        for module in (fence, promotion):
            monkeypatch.setattr(module, "LOOK_SECONDS", 0.01)
        stand_by(tmp_path, SECOND, FIRST, GoAhead.AT_ONCE)
        yield regions


def database(regions: Regions, name: str) -> str:
    return str(regions.stacks[name].made["databaseArn"])


def test_a_standby_follows_and_has_copies_of_the_secrets(regions: Regions) -> None:
    assert regions.serving == {FIRST}
    assert regions.source(SECOND) == database(regions, FIRST)
    config = regions.stacks[SECOND].config
    assert config["primaryStack"] == FIRST
    assert config["standby"] == "true"
    copy = f"arn:aws:secretsmanager:{REGIONS[SECOND]}:123456789012:secret:user-AbCdEf"
    assert config["replicatedSecrets.databaseUser"] == copy
    assert config["replicatedArchive"] == f"workflow-{FIRST}-archive-copy"
    assert config["replicatedArchiveKey"] == COPY_KEY


def test_the_other_stack_serves_afterwards_and_the_first_does_not(regions: Regions, tmp_path: Path) -> None:
    result = failover.failover(tmp_path, FIRST, SECOND, TYPED)

    assert result.data == {"stack": SECOND, "from": FIRST, "imageTag": "v1", "lostAfter": None}
    assert regions.serving == {SECOND}
    assert regions.suspended(FIRST)
    assert regions.source(SECOND) == ""
    assert [regions.stacks[name].config["standby"] for name in (FIRST, SECOND)] == ["true", "false"]


def test_running_it_again_changes_nothing(regions: Regions, tmp_path: Path) -> None:
    failover.failover(tmp_path, FIRST, SECOND, TYPED)
    before = {name: dict(stack.made) for name, stack in regions.stacks.items()}

    failover.failover(tmp_path, FIRST, SECOND, TYPED)

    assert {name: stack.made for name, stack in regions.stacks.items()} == before
    assert regions.serving == {SECOND}


def test_a_replica_that_does_not_catch_up_lets_the_first_work_again(
    regions: Regions, replication: Replication, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    replication.behind = LATER
    monkeypatch.setattr(promotion.wait_until_caught_up, "__defaults__", (0.05,))

    with pytest.raises(OperationError, match=r"has replayed what was committed until .* UTC, not yet"):
        failover.failover(tmp_path, FIRST, SECOND, TYPED)

    assert regions.tasks(FIRST) == 3
    assert not regions.suspended(FIRST)
    assert regions.source(SECOND) == database(regions, FIRST)
    assert regions.stacks[FIRST].config.get("standby") != "true"


def test_a_break_after_the_tasks_were_stopped_is_gone_on_from(
    regions: Regions, replication: Replication, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    fence.fence(*_of(regions, FIRST))
    assert regions.tasks(FIRST) == 0
    replication.behind = None
    monkeypatch.setattr(promotion.wait_until_caught_up, "__defaults__", (0.05,))
    with pytest.raises(OperationError, match="reports no lag"):
        failover.failover(tmp_path, FIRST, SECOND, TYPED)
    assert regions.tasks(FIRST) == 3

    replication.behind = -LATER
    failover.failover(tmp_path, FIRST, SECOND, TYPED)
    assert regions.serving == {SECOND}


def test_a_break_in_the_promotion_never_wakes_the_first(
    regions: Regions, replication: Replication, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def broken(*_: object) -> None:
        raise OperationError("RDS is away")

    with monkeypatch.context() as patch:
        patch.setattr(promotion, "promote", broken)
        with pytest.raises(OperationError, match="RDS is away"):
            failover.failover(tmp_path, FIRST, SECOND, TYPED)
    assert regions.serving == set()

    replication.behind = None  # a replica that is being promoted reports nothing
    failover.failover(tmp_path, FIRST, SECOND, TYPED)
    assert regions.serving == {SECOND}


def test_an_update_that_fails_is_made_again(regions: Regions, tmp_path: Path) -> None:
    regions.stacks[SECOND].fails.append("no Fargate capacity")
    with pytest.raises(OperationError, match="no Fargate capacity"):
        failover.failover(tmp_path, FIRST, SECOND, TYPED)
    assert regions.serving == set()
    assert regions.source(SECOND) == ""

    failover.failover(tmp_path, FIRST, SECOND, TYPED)
    assert regions.serving == {SECOND}


def test_a_lost_region_is_left_alone_and_what_is_lost_is_said(
    regions: Regions,
    replication: Replication,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    replication.behind = LATER
    opened: list[str] = []

    def note(root: Path, name: str, **_: object) -> tuple[PulumiStack, Clients]:
        opened.append(name)
        return regions.open(root, name)

    monkeypatch.setattr(side, "open_stack", note)
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{SECOND}\n"))

    result = failover.failover(tmp_path, FIRST, SECOND, FailoverOptions(lost=True))

    assert opened == [SECOND]
    said = capsys.readouterr().err
    assert "what was committed there after" in said
    assert str(result.data["lostAfter"])[:16].replace("T", " ") in said
    assert regions.tasks(FIRST) == 3
    assert regions.source(SECOND) == ""
    assert regions.tasks(SECOND) == 3


@pytest.mark.parametrize("lost", [False, True])
def test_failback_serves_from_the_first_region_and_stands_by_in_the_second(
    regions: Regions, tmp_path: Path, *, lost: bool
) -> None:
    old = {name: database(regions, name) for name in REGIONS}
    failover.failover(tmp_path, FIRST, SECOND, LOST if lost else TYPED)

    failback(tmp_path, SECOND, FIRST, FIRST)

    assert regions.serving == {FIRST}
    assert database(regions, FIRST) == f"{old[FIRST]}-2"
    assert database(regions, SECOND) == f"{old[SECOND]}-2"
    assert regions.source(FIRST) == ""
    assert regions.source(SECOND) == database(regions, FIRST)
    for name in REGIONS:
        kept = {
            each["DBInstanceArn"] for each in regions.stacks[name].client("rds").describe_db_instances()["DBInstances"]
        }
        assert old[name] in kept
        assert regions.stacks[name].unprotected == [old[name].rsplit(":", 1)[-1]]
    assert "primaryStack" not in regions.stacks[FIRST].config


@pytest.mark.parametrize(
    ("name", "fails"),
    [(FIRST, ["no capacity"]), (FIRST, ["", "no capacity"]), (SECOND, ["no capacity"])],
    ids=["while the replica is made", "while tasks start", "while the other stands by again"],
)
def test_a_failback_goes_on_where_it_broke_off(regions: Regions, tmp_path: Path, name: str, fails: list[str]) -> None:
    failover.failover(tmp_path, FIRST, SECOND, TYPED)
    wanted = {name: f"{database(regions, name)}-2" for name in REGIONS}
    regions.stacks[name].fails.extend(fails)
    with pytest.raises(OperationError, match="no capacity"):
        failback(tmp_path, SECOND, FIRST, FIRST)

    for _ in range(2):
        failback(tmp_path, SECOND, FIRST, FIRST)
        assert regions.serving == {FIRST}
        assert {name: database(regions, name) for name in REGIONS} == wanted
        assert regions.source(SECOND) == wanted[FIRST]


def test_who_follows_nobody_can_not_take_over(regions: Regions, tmp_path: Path) -> None:
    with pytest.raises(
        RefusedError, match="Stack production does not follow production-2: `standby --stack production"
    ):
        failover.failover(tmp_path, SECOND, FIRST, FailoverOptions(typed=FIRST))
    with pytest.raises(RefusedError, match="follows nothing and would be behind"):
        failover.failover(tmp_path, SECOND, FIRST, FailoverOptions(typed=FIRST, lost=True))
    with pytest.raises(RefusedError, match="name two stacks"):
        failover.failover(tmp_path, FIRST, FIRST, TYPED)
    assert regions.serving == {FIRST}


def test_a_database_that_was_left_behind_never_serves_again(regions: Regions, tmp_path: Path) -> None:
    """A failback that broke off before its last step leaves the second stack an old database, which follows nothing."""
    failover.failover(tmp_path, FIRST, SECOND, TYPED)
    regions.stacks[SECOND].fails.append("no capacity")
    with pytest.raises(OperationError, match="no capacity"):
        failback(tmp_path, SECOND, FIRST, FIRST)

    for options in (TYPED, LOST):
        with pytest.raises(RefusedError, match=r"does not follow|would be behind"):
            failover.failover(tmp_path, FIRST, SECOND, options)
    assert regions.serving == {FIRST}


def test_without_its_image_nothing_is_stopped(regions: Regions, tmp_path: Path) -> None:
    second = regions.stacks[SECOND]
    second.client("ecr").batch_delete_image(repositoryName=REPOSITORY, imageIds=[{"imageTag": "v1"}])
    with pytest.raises(RefusedError, match="There is no image v1"):
        failover.failover(tmp_path, FIRST, SECOND, TYPED)
    del second.config["imageTag"]
    with pytest.raises(RefusedError, match="names no image"):
        failover.failover(tmp_path, FIRST, SECOND, TYPED)
    assert regions.serving == {FIRST}


@pytest.mark.parametrize("typed", ["", "y", FIRST])
def test_another_name_typed_stops_nothing(regions: Regions, tmp_path: Path, typed: str) -> None:
    with pytest.raises(RefusedError, match="type the stack's name, production-2"):
        failover.failover(tmp_path, FIRST, SECOND, FailoverOptions(typed=typed))
    assert regions.serving == {FIRST}


def test_a_database_that_an_update_would_delete_is_not_left(regions: Regions, tmp_path: Path) -> None:
    failover.failover(tmp_path, FIRST, SECOND, TYPED)
    del regions.stacks[FIRST].config["standbyRegion"]
    with pytest.raises(RefusedError, match="would delete the database workflow-production-database"):
        stand_by(tmp_path, FIRST, SECOND, GoAhead.AT_ONCE, FIRST)
    assert regions.stacks[FIRST].unprotected == []


def test_who_took_over_does_not_follow_what_it_left_behind(regions: Regions, tmp_path: Path) -> None:
    failover.failover(tmp_path, FIRST, SECOND, LOST)
    with pytest.raises(RefusedError, match="Stack production-2 took over from production"):
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
    assert regions.source(FIRST) == database(regions, SECOND)


def test_nobody_follows_a_standby(regions: Regions, tmp_path: Path) -> None:
    with pytest.raises(RefusedError, match="Stack production-2 stands by itself"):
        stand_by(tmp_path, FIRST, SECOND, GoAhead.AT_ONCE)
    assert regions.serving == {FIRST}


def test_a_task_that_does_not_end_keeps_the_second_from_starting(
    regions: Regions, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    left = TaskStatus("0123abcd", "engine:1", "DEACTIVATING", "HEALTHY", "10.0.0.1", "")
    monkeypatch.setattr(deployment, "tasks", lambda *_, stopped=False: [] if stopped else [left])
    monkeypatch.setattr(fence.fence, "__defaults__", (0.05,))
    with pytest.raises(OperationError, match=r"Service engine still has tasks after 0 s: 0123abcd"):
        failover.failover(tmp_path, FIRST, SECOND, TYPED)
    assert regions.source(SECOND) == database(regions, FIRST)


def test_the_command_line(regions: Regions, capfd: pytest.CaptureFixture[str]) -> None:
    words = ["failover", "--from", FIRST, "--to", SECOND, "--json"]
    assert cli.main([*words, "--confirm", FIRST]) == RefusedError.exit_code
    assert regions.serving == {FIRST}
    capfd.readouterr()
    assert cli.main([*words, "--confirm", SECOND]) == 0
    assert json.loads(capfd.readouterr().out)["stack"] == SECOND
    assert cli.main(["failback", "--from", SECOND, "--to", FIRST, "--confirm", FIRST, "--json"]) == 0
    assert cli.main(["standby", "--stack", SECOND, "--of", FIRST, "--yes", "--json"]) == 0
    assert regions.serving == {FIRST}


def _of(regions: Regions, name: str) -> tuple[Clients, Outputs]:
    found = side.open_side(regions.stacks[name].root, name)
    return found.clients, found.found
