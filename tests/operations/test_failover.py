"""The drill: failover and failback between two regions, each step's failure, and the command that goes on after it."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from operations import cli, deployment, failover, fence, promotion, side
from operations.clients import Clients
from operations.deployment import TaskStatus
from operations.errors import OperationError, RefusedError
from operations.failback import failback
from operations.failover import FailoverOptions
from operations.outputs import Outputs
from operations.pulumi import PulumiStack
from tests.operations.regions import FIRST, LATER, REGIONS, REPOSITORY, SECOND, Regions, Replication

TYPED = FailoverOptions(typed=SECOND)
LOST = FailoverOptions(typed=SECOND, lost=True)


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
    assert regions.source(SECOND) == regions.database(FIRST)
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
    old = {name: regions.database(name) for name in REGIONS}
    failover.failover(tmp_path, FIRST, SECOND, LOST if lost else TYPED)

    failback(tmp_path, SECOND, FIRST, FIRST)

    assert regions.serving == {FIRST}
    assert regions.database(FIRST) == f"{old[FIRST]}-2"
    assert regions.database(SECOND) == f"{old[SECOND]}-2"
    assert regions.source(FIRST) == ""
    assert regions.source(SECOND) == regions.database(FIRST)
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
    wanted = {name: f"{regions.database(name)}-2" for name in REGIONS}
    regions.stacks[name].fails.extend(fails)
    with pytest.raises(OperationError, match="no capacity"):
        failback(tmp_path, SECOND, FIRST, FIRST)

    for _ in range(2):
        failback(tmp_path, SECOND, FIRST, FIRST)
        assert regions.serving == {FIRST}
        assert {name: regions.database(name) for name in REGIONS} == wanted
        assert regions.source(SECOND) == wanted[FIRST]


def test_who_follows_nobody_can_not_take_over(regions: Regions, tmp_path: Path) -> None:
    with pytest.raises(
        RefusedError, match="Stack production serves already, and production-2 follows it: there is nothing to do"
    ):
        failover.failover(tmp_path, SECOND, FIRST, FailoverOptions(typed=FIRST))
    with pytest.raises(RefusedError, match=r"follows nothing and would be behind: .* gone for good"):
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


def test_a_task_that_does_not_end_keeps_the_second_from_starting(
    regions: Regions, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    left = TaskStatus("0123abcd", "engine:1", "DEACTIVATING", "HEALTHY", "10.0.0.1", "")
    monkeypatch.setattr(deployment, "tasks", lambda *_, stopped=False: [] if stopped else [left])
    monkeypatch.setattr(fence.fence, "__defaults__", (0.05,))
    with pytest.raises(
        OperationError, match=r"Service engine of us-east-1 still has tasks after 0 s: 0123abcd\. No new"
    ):
        failover.failover(tmp_path, FIRST, SECOND, TYPED)
    assert regions.source(SECOND) == regions.database(FIRST)


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
