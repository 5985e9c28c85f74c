"""The canary, by option: CloudWatch Synthetics calls the API every few minutes, as a client outside does.

It finds what no metric of the stack shows: an expired certificate, a name that leads nowhere, keys that are refused. It
may read the secret with the access keys, write its log and what a run leaves, and put its figures; its code is a zip of
one script under a name made of its content. A run costs 0.0012 USD, so one every five minutes about 10.50 USD a month.
"""

import base64
import hashlib
import io
import json
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pulumi_aws as aws
from pulumi import ComponentResource, Input, Output, ResourceOptions

from infra.aws.bucket import LockedBucket, LockedBucketArgs
from infra.aws.provider import Account
from infra.aws.roles import allow
from infra.settings import Settings

SCRIPT = Path(__file__).with_name("canary_script.py")
HANDLER = "canary_script.handler"
ARTIFACTS = "runs"
"""Prefix in the bucket of what runs leave."""

NAMESPACE = "CloudWatchSynthetics"
MEMORY = 960
"""MiB, the least that a canary takes."""

TIMEOUT_SECONDS = 55
"""Less than the shortest interval."""

_EPOCH = (1980, 1, 1, 0, 0, 0)
"""The earliest date that a zip can hold."""


@dataclass(frozen=True)
class CanaryArgs:
    """What is called, and the secret that holds the access keys; without a key AWS's encrypt what it writes."""

    account: Account
    settings: Settings
    api_url: Input[str]
    secret_arn: Input[str]
    key_arn: Input[str] | None = None


class Canary(ComponentResource):
    """The canary, its role, its bucket and its log group; `canary_name` is what its metrics are named by."""

    canary_name: Output[str]

    def __init__(self, name: str, args: CanaryArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("workflow:aws:Canary", name, None, opts)
        self._name, self._args, self._child = name, args, ResourceOptions(parent=self)
        settings = args.settings
        bucket = LockedBucket(name, self._bucket(settings.canary.retention_days), self._child)
        archive = pack(SCRIPT.name, SCRIPT.read_bytes())
        code = aws.s3.BucketObjectv2(
            name,
            bucket=bucket.name,
            key=f"code/{hashlib.sha256(archive).hexdigest()[:16]}.zip",
            content_base64=base64.b64encode(archive).decode(),
            content_type="application/zip",
            opts=self._child,
        )
        canary = aws.synthetics.Canary(
            name,
            # Synthetics takes 21 characters of Pulumi's own names; the stack's prefix is never longer.
            name=settings.prefix,
            runtime_version=settings.canary.runtime,
            handler=HANDLER,
            s3_bucket=code.bucket,
            s3_key=code.key,
            artifact_s3_location=Output.concat("s3://", bucket.name, f"/{ARTIFACTS}"),
            execution_role_arn=self._role(bucket.name),
            schedule=aws.synthetics.CanaryScheduleArgs(expression=rate(settings.canary.minutes)),
            run_config=aws.synthetics.CanaryRunConfigArgs(
                timeout_in_seconds=TIMEOUT_SECONDS,
                memory_in_mb=MEMORY,
                environment_variables={"API_URL": args.api_url, "SECRET_ARN": args.secret_arn},
            ),
            success_retention_period=settings.canary.retention_days,
            failure_retention_period=settings.canary.retention_days,
            start_canary=True,
            delete_lambda=True,
            opts=self._child,
        )
        # The role can't make it, so that the first run doesn't make one that keeps its lines for ever.
        aws.cloudwatch.LogGroup(
            name,
            name=canary.engine_arn.apply(log_group_name),
            retention_in_days=settings.service.log_retention_days,
            kms_key_id=args.key_arn,
            opts=self._child,
        )
        self.canary_name = canary.name
        self.register_outputs({"canaryName": self.canary_name})

    def _bucket(self, days: int) -> LockedBucketArgs:
        # Expiry is for the runs alone: without its code the canary couldn't be changed.
        return LockedBucketArgs(
            writers=[],
            retention_days=days,
            force_destroy=True,
            partition=self._args.account.partition,
            expiring=f"{ARTIFACTS}/",
        )

    def _role(self, bucket: Output[str]) -> Output[str]:
        role = aws.iam.Role(
            self._name,
            description="Calls the API of the workflow engine from outside",
            assume_role_policy=trust_policy(self._args.account),
            opts=self._child,
        )
        policy = Output.json_dumps(
            {"Version": "2012-10-17", "Statement": _statements(self._args, bucket)}, sort_keys=True
        )
        inline = aws.iam.RolePolicy(self._name, role=role.name, policy=policy, opts=self._child)
        return Output.all(role.arn, inline.id).apply(lambda made: str(made[0]))


def _statements(args: CanaryArgs, bucket: Output[str]) -> list[dict[str, object]]:
    """What the canary may do ("Required roles and permissions for canaries")."""
    account = args.account
    arn = Output.concat(f"arn:{account.partition}:s3:::", bucket)
    logs = f"arn:{account.partition}:logs:{account.region}:{account.id}:log-group:{log_prefix(args.settings.prefix)}"
    figures: dict[str, object] = allow(["cloudwatch:PutMetricData"], ["*"])
    found = [
        allow(["s3:GetObject", "s3:PutObject"], [Output.concat(arn, f"/{ARTIFACTS}/*")]),
        allow(["s3:GetBucketLocation"], [arn]),
        allow(["s3:ListAllMyBuckets"], ["*"]),
        allow(["logs:CreateLogStream", "logs:PutLogEvents"], [f"{logs}*:log-stream:*"]),
        {**figures, "Condition": {"StringEquals": {"cloudwatch:namespace": NAMESPACE}}},
        allow(["secretsmanager:GetSecretValue"], [args.secret_arn]),
    ]
    if args.key_arn is not None:
        through = {"StringEquals": {"kms:ViaService": f"secretsmanager.{account.region}.amazonaws.com"}}
        found.append({**allow(["kms:Decrypt"], [args.key_arn]), "Condition": through})
    return found


def trust_policy(account: Account) -> str:
    """Lets functions of this account, which Synthetics makes, take the role on."""
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "lambda.amazonaws.com"},
        "Action": "sts:AssumeRole",
        "Condition": {"StringEquals": {"aws:SourceAccount": account.id}},
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]}, sort_keys=True)


def pack(name: str, content: bytes) -> bytes:
    """A zip as Synthetics wants it, a Python script in the folder `python`; the same bytes for the same content."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        entry = zipfile.ZipInfo(f"python/{name}", date_time=_EPOCH)
        entry.external_attr = 0o644 << 16
        archive.writestr(entry, content)
    return target.getvalue()


def rate(minutes: int) -> str:
    """The schedule of a run every so many minutes."""
    return f"rate({minutes} minute{'s' if minutes > 1 else ''})"


def log_prefix(canary: str) -> str:
    """What the names of a canary's log groups start with."""
    return f"/aws/lambda/cwsyn-{canary}-"


def log_group_name(engine_arn: str) -> str:
    """The log group of the function behind a canary, whose ARN ends with `function:NAME:VERSION`."""
    return f"/aws/lambda/{engine_arn.split(':')[6]}"
