"""The drill with the real program and the real engine: a service starts in the second region, and comes back."""

from __future__ import annotations

import datetime
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from operations import failover, fence, promotion, side, standby
from operations.failback import failback
from operations.failover import FailoverOptions
from operations.pulumi import GoAhead
from operations.standby import stand_by
from sandbox.aws import Account, Provider
from sandbox.seam import NullDataPlane
from tests.infra.deployed import scheduler, stacks
from tests.infra.stacks import ROOT, ZONE
from tests.operations.inline_stacks import FIRST, REGIONS, SECOND, InlineStack, Pair
from tools import pulumi_cli


@pytest.fixture
def pair(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Pair]:
    """Two stacks, not brought up yet; a replica has everything as soon as somebody asks."""
    monkeypatch.setenv("PATH", pulumi_cli.environment(ROOT)["PATH"])
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "sandbox")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "sandbox")
    soon = datetime.timedelta(minutes=5)
    monkeypatch.setattr(promotion, "replayed_until", lambda *_: datetime.datetime.now(datetime.UTC) + soon)
    monkeypatch.setattr(failover, "wait_for_service", lambda *_: None)
    for module in (fence, promotion):
        monkeypatch.setattr(module, "LOOK_SECONDS", 0.1)
    with Account(NullDataPlane()) as account, Provider(account) as provider, scheduler.running():
        account.client("route53").create_hosted_zone(Name=ZONE, CallerReference="zone")
        made = {name: stacks.make(name, account, provider, tmp_path) for name in REGIONS}
        pair = Pair({name: InlineStack(tmp_path, name, {}, held_by=made[name]) for name in REGIONS}, account)
        for module in (side, standby):
            monkeypatch.setattr(module, "open_stack", pair.open)
        yield pair


def serve(pair: Pair) -> str:
    """Bring the first stack up as one does, the image last; the digest that it runs."""
    first = pair.stacks[FIRST]
    first.configure(standbyRegion=REGIONS[SECOND])
    first.up(GoAhead.AT_ONCE)
    digest = pair.push(FIRST, "v1")
    first.set_config("imageTag", "v1")
    first.up(GoAhead.AT_ONCE)
    return digest


def follow(pair: Pair) -> None:
    """Let the second stack stand by, with the image in its registry."""
    pair.stacks[SECOND].configure(imageTag="v1")
    stand_by(ROOT, SECOND, FIRST, GoAhead.AT_ONCE)
    pair.push(SECOND, "v1")


def test_the_service_starts_in_the_second_region_and_comes_back(pair: Pair) -> None:
    digest = serve(pair)
    follow(pair)
    one, two = (pair.stacks[name].outputs() for name in (FIRST, SECOND))
    copy = f"s3://{one['archiveCopyBucket']}/executions"
    assert [list(pair.running(name).values()) for name in (FIRST, SECOND)] == [[1], []]
    assert pair.databases(SECOND) == {"workflow-dev-2-database": one["databaseArn"]}
    assert pair.targets() == [one["loadBalancerDnsName"]]

    failover.failover(ROOT, FIRST, SECOND, FailoverOptions(typed=SECOND))

    assert pair.databases(SECOND) == {"workflow-dev-2-database": ""}
    assert list(pair.running(FIRST).values()) == [0]
    assert pair.running(SECOND) == {f"{two['registryUrl']}@{digest}": 1}
    assert pair.targets() == [two["loadBalancerDnsName"]]
    environment = pair.environment(SECOND)
    assert (environment["AWS_REGION"], environment["HISTORY_ARCHIVE"]) == (REGIONS[SECOND], copy)
    secret = environment["WORKFLOW_DB_PASSWORD"].removeprefix("secretsmanager:").partition("#")[0]
    assert pair.client(SECOND, "secretsmanager").get_secret_value(SecretId=secret)["SecretString"]

    failback(ROOT, SECOND, FIRST, FIRST)

    served = pair.stacks[SECOND].outputs()
    assert pair.running(FIRST) == {f"{one['registryUrl']}@{digest}": 1}
    assert pair.running(SECOND) == {}
    assert pair.databases(FIRST) == {"workflow-dev-1-database": "", "workflow-dev-1-database-2": ""}
    returned = pair.stacks[FIRST].outputs()["databaseArn"]
    assert pair.databases(SECOND) == {"workflow-dev-2-database": "", "workflow-dev-2-database-2": returned}
    assert pair.targets() == [one["loadBalancerDnsName"]]
    assert (served["serviceName"], served["archive"]) == ("", copy)
    state = json.dumps(pair.stacks[FIRST].exported())
    assert "Instance::workflow-dev-1-database-2" in state
    assert 'Instance::workflow-dev-1-database"' not in state
