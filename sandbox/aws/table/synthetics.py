"""Canaries (Amazon CloudWatch Synthetics API Reference)."""

from __future__ import annotations

from collections.abc import Mapping

from sandbox.aws.account import ACCOUNT_ID
from sandbox.aws.api import Api
from sandbox.aws.definition import Autoname, ResourceType, Update
from sandbox.aws.values import Properties

_CODE = {"handler": "Code.Handler", "s3Bucket": "Code.S3Bucket", "s3Key": "Code.S3Key", "s3Version": "Code.S3Version"}


def _run(api: Api, identity: str, old: Properties, new: Properties) -> None:
    """Start or stop the canary where the program asks for the other; a change of it leaves it as it runs."""
    wanted = bool(new.get("startCanary"))
    if wanted != bool(old.get("startCanary")):
        api.call("StartCanary" if wanted else "StopCanary", {"Name": identity})


def _stop(api: Api, identity: str, state: Properties) -> None:
    """A canary that runs can't be deleted."""
    if state.get("startCanary"):
        api.call("StopCanary", {"Name": identity})


def _details(api: Api, found: Mapping[str, object], _: Properties) -> Properties:
    timeline = found.get("Timeline")
    times = timeline if isinstance(timeline, Mapping) else {}
    named = {"Created": "created", "LastModified": "lastModified", "LastStarted": "lastStarted"}
    return {
        "arn": f"arn:aws:synthetics:{api.region}:{ACCOUNT_ID}:canary:{found['Name']}",
        "timelines": [{ours: str(times[theirs]) for theirs, ours in named.items() if times.get(theirs)}],
    }


TYPES = (
    ResourceType(
        type="aws:synthetics/canary:Canary",
        service="synthetics",
        create="CreateCanary",
        id="{name}",
        read="GetCanary",
        found="Canary",
        delete="DeleteCanary",
        # UpdateCanary takes either none of the code or all of it.
        updates=[Update("UpdateCanary", always=frozenset(_CODE))],
        key={"Name": "{id}"},
        send={
            **_CODE,
            "failureRetentionPeriod": "FailureRetentionPeriodInDays",
            "successRetentionPeriod": "SuccessRetentionPeriodInDays",
        },
        receive={
            "failureRetentionPeriod": "FailureRetentionPeriodInDays",
            "handler": "Code.Handler",
            "sourceLocationArn": "Code.SourceLocationArn",
            "status": "Status.State",
            "successRetentionPeriod": "SuccessRetentionPeriodInDays",
        },
        delete_with={"DeleteLambda": "{deleteLambda}"},
        local=frozenset({"deleteLambda"}),
        handled=frozenset({"startCanary"}),
        # It is given back without `s3://`, and the variables aren't given back at all.
        hidden=frozenset({"artifactS3Location", "runConfig"}),
        change=_run,
        before_delete=_stop,
        reader=_details,
        autoname=Autoname("name", 21),
        replaces=frozenset({"name"}),
        empty=frozenset({"artifactConfig", "kmsKeyArn", "s3Bucket", "s3Key", "s3Version", "vpcConfig", "zipFile"}),
    ),
)
