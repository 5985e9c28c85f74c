"""How far a replica is, by CloudWatch's metric, and a database that is promoted or isn't there."""

from __future__ import annotations

import datetime
from collections.abc import Iterator

import boto3
import pytest
from moto import mock_aws

from operations import promotion
from operations.errors import OperationError

NOW = datetime.datetime.now(datetime.UTC).replace(microsecond=0)
MINUTE = datetime.timedelta(minutes=1)
STOPPED = NOW - 10 * MINUTE


@pytest.fixture(autouse=True)
def region(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-west-2")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    monkeypatch.setattr(promotion, "WINDOW", datetime.timedelta(hours=6))  # NOW may be long ago in a run of all tests
    with mock_aws():
        yield


def lag(seconds: float, at: datetime.datetime, replica: str = "replica") -> None:
    boto3.client("cloudwatch").put_metric_data(
        Namespace="AWS/RDS",
        MetricData=[
            {
                "MetricName": "ReplicaLag",
                "Dimensions": [{"Name": "DBInstanceIdentifier", "Value": replica}],
                "Timestamp": at,
                "Value": seconds,
            }
        ],
    )


def until() -> datetime.datetime | None:
    return promotion.replayed_until(boto3.client("cloudwatch"), "replica")


def test_a_lag_is_the_age_of_the_last_transaction() -> None:
    lag(90, NOW - 5 * MINUTE)
    found = until()
    assert found is not None
    # A point of a metric has the time at which its minute begins.
    assert NOW - 7.5 * MINUTE <= found <= NOW - 6.5 * MINUTE


def test_the_lag_of_a_source_at_rest_grows_and_says_the_same() -> None:
    for minutes in range(4):
        lag(60.0 * minutes, NOW - (8 - minutes) * MINUTE)
    found = until()
    assert found is not None
    assert NOW - 9 * MINUTE <= found <= NOW - 8 * MINUTE


def test_replication_that_broke_says_nothing() -> None:
    lag(-1, NOW - MINUTE)
    lag(0, NOW - MINUTE, "another")
    assert until() is None


def test_a_replica_has_all_once_it_has_something_younger() -> None:
    cloudwatch = boto3.client("cloudwatch")
    lag(600, NOW - 3 * MINUTE)
    with pytest.raises(OperationError, match="The replica replica in us-west-2 has replayed what was committed until"):
        promotion.wait_until_caught_up(cloudwatch, "replica", STOPPED, 0)
    lag(5, NOW - MINUTE)
    promotion.wait_until_caught_up(cloudwatch, "replica", STOPPED, 0)


def test_a_promotion_that_takes_too_long_is_said() -> None:
    rds = boto3.client("rds")
    common = {"Engine": "postgres", "DBInstanceClass": "db.t3.micro", "AllocatedStorage": 20}
    login = {"MasterUsername": "owner", "MasterUserPassword": "of-the-owner"}
    rds.create_db_instance(DBInstanceIdentifier="primary", **common, **login)  # type: ignore[arg-type]
    rds.create_db_instance_read_replica(DBInstanceIdentifier="replica", SourceDBInstanceIdentifier="primary")
    assert promotion.source_of(rds, "replica") == "primary"
    assert promotion.source_of(rds, "primary") == ""

    promotion.promote(rds, "primary", 0)
    rds.stop_db_instance(DBInstanceIdentifier="primary")
    with pytest.raises(
        OperationError, match="The database primary in us-west-2 is still stopped after 0 s, not promoted, and"
    ):
        promotion.promote(rds, "primary", 0)


def test_a_database_that_is_not_there_is_said() -> None:
    with pytest.raises(OperationError, match="There is no database replica in us-west-2"):
        promotion.promote(boto3.client("rds"), "replica")
