"""The canary: its code as a zip, what it may do, what it is told, and when it is there."""

import base64
import io
import json
import zipfile
from typing import Any

import pytest

from infra.aws import canary
from tests.infra.stacks import Account, Properties, deploy_stack, deployed

NAME = "workflow-dev-canary"
BUCKET = f"{NAME}-1a2b3c4"


@pytest.fixture(scope="module")
def watched() -> Account:
    return deploy_stack("dev", canary=True, canaryIntervalMinutes=10, encryptionKey="stack")[0]


def made(account: Account) -> Properties:
    return account.one("synthetics/canary:Canary")


def rights(account: Account) -> dict[str, Properties]:
    """The statements of the canary's role by their first action."""
    policy = json.loads(account.one("RolePolicy", "-canary")["policy"])
    return {statement["Action"][0]: statement for statement in policy["Statement"]}


def test_no_stack_has_one_unless_it_asks() -> None:
    assert deployed("production")[0].of("Canary") == []


def test_there_is_none_before_there_is_a_service() -> None:
    account, _ = deploy_stack("dev", canary=True, imageTag="")
    assert account.of("synthetics/canary:Canary") == []
    assert [item for item in account.of("MetricAlarm") if item.name.endswith("-canary")] == []


def test_what_it_runs_and_when(watched: Account) -> None:
    found = made(watched)
    assert found["name"] == "workflow-dev"
    assert found["runtimeVersion"] == "syn-python-selenium-14.0"
    assert found["handler"] == "canary_script.handler"
    assert found["schedule"] == {"expression": "rate(10 minutes)"}
    assert found["startCanary"] is found["deleteLambda"] is True
    assert found["artifactS3Location"] == f"s3://{BUCKET}/runs"
    [alarm] = [item.inputs for item in watched.of("MetricAlarm") if item.name.endswith("-canary")]
    assert (alarm["period"], alarm["dimensions"]) == (600, {"CanaryName": "workflow-dev"})


def test_it_is_told_where_the_api_and_its_keys_are_and_no_secret(watched: Account) -> None:
    assert made(watched)["runConfig"]["environmentVariables"] == {
        "API_URL": "https://workflow.example.org",
        "SECRET_ARN": watched.arn("secretsmanager/secret:Secret", "workflow-dev-secrets-access-keys"),
    }


def test_its_code_is_the_script_under_a_name_made_of_its_content(watched: Account) -> None:
    stored = watched.one("BucketObjectv2")
    archive = base64.b64decode(stored["contentBase64"])
    with zipfile.ZipFile(io.BytesIO(archive)) as opened:
        assert opened.namelist() == ["python/canary_script.py"]
        assert opened.read("python/canary_script.py") == canary.SCRIPT.read_bytes()
    assert (made(watched)["s3Bucket"], made(watched)["s3Key"]) == (stored["bucket"], stored["key"])
    assert archive == canary.pack(canary.SCRIPT.name, canary.SCRIPT.read_bytes())
    assert canary.pack("a.py", b"1") != canary.pack("a.py", b"2")


def test_only_what_runs_leave_is_deleted_by_age(watched: Account) -> None:
    [rule] = watched.one("BucketLifecycleConfiguration", "-canary")["rules"]
    assert (rule["filter"], rule["expiration"]) == ({"prefix": "runs/"}, {"days": 30})
    assert not watched.one("BucketObjectv2")["key"].startswith("runs/")


def test_its_role_does_this_and_nothing_else(watched: Account) -> None:
    found = rights(watched)
    assert set(found) == {
        "cloudwatch:PutMetricData",
        "kms:Decrypt",
        "logs:CreateLogStream",
        "s3:GetBucketLocation",
        "s3:GetObject",
        "s3:ListAllMyBuckets",
        "secretsmanager:GetSecretValue",
    }
    assert found["s3:GetObject"]["Resource"] == [f"arn:aws:s3:::{BUCKET}/runs/*"]
    assert found["cloudwatch:PutMetricData"]["Condition"] == {
        "StringEquals": {"cloudwatch:namespace": "CloudWatchSynthetics"}
    }
    assert found["logs:CreateLogStream"]["Resource"] == [
        "arn:aws:logs:us-east-1:123456789012:log-group:/aws/lambda/cwsyn-workflow-dev-*:log-stream:*"
    ]
    [trust] = json.loads(watched.one("Role", "-canary")["assumeRolePolicy"])["Statement"]
    assert trust["Principal"] == {"Service": "lambda.amazonaws.com"}
    assert trust["Condition"] == {"StringEquals": {"aws:SourceAccount": "123456789012"}}


def test_its_log_is_kept_as_long_as_the_engines(watched: Account) -> None:
    group = watched.one("LogGroup", "-canary")
    assert group["name"] == "/aws/lambda/cwsyn-workflow-dev-0f0e"
    assert group["retentionInDays"] == watched.one("LogGroup", "-service")["retentionInDays"]
    assert group["kmsKeyId"]
    policy: dict[str, Any] = json.loads(watched.one("kms/key:Key")["policy"])
    [logs] = [statement for statement in policy["Statement"] if statement["Sid"] == "LogGroups"]
    patterns = logs["Condition"]["ArnLike"]["kms:EncryptionContext:aws:logs:arn"]
    assert f"arn:aws:logs:us-east-1:123456789012:log-group:{canary.log_prefix('workflow-dev')}*" in patterns


@pytest.mark.parametrize(("minutes", "expected"), [(1, "rate(1 minute)"), (60, "rate(60 minutes)")])
def test_rate(minutes: int, expected: str) -> None:
    assert canary.rate(minutes) == expected
