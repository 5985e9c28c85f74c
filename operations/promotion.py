"""The database of a standby: how far it follows the other region's, and what makes it the one that is written to."""

from __future__ import annotations

import datetime
import time
from typing import TYPE_CHECKING

from operations.errors import OperationError
from tools.progress import say

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch.client import CloudWatchClient
    from mypy_boto3_rds.client import RDSClient
    from mypy_boto3_rds.type_defs import DBInstanceTypeDef

LOOK_SECONDS = 15.0
CATCH_UP_SECONDS = 1200.0
PROMOTE_SECONDS = 3600.0
CLOCKS = datetime.timedelta(minutes=1)
"""How far this machine's clock may be from AWS's."""

WINDOW = datetime.timedelta(minutes=30)
PERIOD_SECONDS = 60


def name_of(arn: str) -> str:
    """The identifier of the instance in its ARN."""
    return arn.rsplit(":", 1)[-1]


def source_of(rds: RDSClient, identifier: str) -> str:
    """What the instance follows, as RDS names it; empty where it follows nothing."""
    return _describe(rds, identifier).get("ReadReplicaSourceDBInstanceIdentifier", "")


def replayed_until(cloudwatch: CloudWatchClient, identifier: str) -> datetime.datetime | None:
    """The time up to which everything that was committed at the source is in the replica; None where nobody knows.

    The lag of PostgreSQL is the age of the last transaction that was replayed, so it grows to five minutes at a source
    at rest, which then writes something of its own ("Monitoring read replication" in the Amazon RDS User Guide).
    """
    now = datetime.datetime.now(datetime.UTC)
    points = cloudwatch.get_metric_statistics(
        Namespace="AWS/RDS",
        MetricName="ReplicaLag",
        Dimensions=[{"Name": "DBInstanceIdentifier", "Value": identifier}],
        StartTime=now - WINDOW,
        EndTime=now + CLOCKS,
        Period=PERIOD_SECONDS,
        Statistics=["Maximum"],
    )["Datapoints"]
    replayed = [
        point["Timestamp"] - datetime.timedelta(seconds=point["Maximum"]) for point in points if point["Maximum"] >= 0
    ]
    return max(replayed, default=None)


def wait_until_caught_up(
    cloudwatch: CloudWatchClient, identifier: str, stopped: datetime.datetime, limit: float = CATCH_UP_SECONDS
) -> None:
    """Return when the replica has replayed something that is younger than `stopped`, when the last writer ended.

    The log is replayed in order, so everything older is there as well. `limit` in seconds.

    Raises:
        OperationError: it hasn't within the time.
    """
    wanted = stopped + CLOCKS
    deadline = time.monotonic() + limit
    while (until := replayed_until(cloudwatch, identifier)) is None or until < wanted:
        if time.monotonic() >= deadline:
            known = f"has replayed what was committed until {until:%H:%M:%S} UTC" if until else "reports no lag"
            raise OperationError(
                f"The replica {identifier} in {cloudwatch.meta.region_name} {known}, not yet {wanted:%H:%M:%S} UTC, "
                f"after {limit:.0f} s. It was not promoted. Look at its ReplicaLag and at RDS's events, then run the "
                "same command again."
            )
        say(f"{identifier} has replayed until {until:%H:%M:%S} UTC" if until else f"{identifier} reports no lag yet")
        time.sleep(LOOK_SECONDS)
    say(f"{identifier} has everything")


def promote(rds: RDSClient, identifier: str, limit: float = PROMOTE_SECONDS) -> None:
    """Let the replica follow nothing any more and wait until it takes writes.

    One that was promoted before, or is being promoted, is waited for alone.

    Raises:
        OperationError: it isn't there within `limit` seconds.
    """
    found = _describe(rds, identifier)
    if found.get("ReadReplicaSourceDBInstanceIdentifier") and found["DBInstanceStatus"] == "available":
        say(f"promoting {identifier}")
        rds.promote_read_replica(DBInstanceIdentifier=identifier)
        found = _describe(rds, identifier)
    deadline = time.monotonic() + limit
    while found.get("ReadReplicaSourceDBInstanceIdentifier") or found["DBInstanceStatus"] != "available":
        if time.monotonic() >= deadline:
            raise OperationError(
                f"The database {identifier} in {rds.meta.region_name} is still {found['DBInstanceStatus']} after "
                f"{limit:.0f} s, not promoted, and neither stack serves. Look at RDS's events, then run the same "
                "command again: it goes on from here."
            )
        time.sleep(LOOK_SECONDS)
        found = _describe(rds, identifier)
    say(f"{identifier} is a database of its own")


def _describe(rds: RDSClient, identifier: str) -> DBInstanceTypeDef:
    try:
        return rds.describe_db_instances(DBInstanceIdentifier=identifier)["DBInstances"][0]
    except rds.exceptions.DBInstanceNotFoundFault as error:
        raise OperationError(
            f"There is no database {identifier} in {rds.meta.region_name}, though its stack's last update left it "
            "there: `drift --stack STACK` says what else is gone."
        ) from error
