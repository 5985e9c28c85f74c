"""Resource types of the sidecars: an object with the log router's configuration, and a workspace for metrics."""

import base64
import json

import pytest
from botocore.exceptions import ClientError

from sandbox.aws import Account
from sandbox.aws.errors import UnmappedInputError
from sandbox.aws.values import Properties
from tests.sandbox.aws.conftest import Manage

OBJECT = "aws:s3/bucketObjectv2:BucketObjectv2"
WORKSPACE = "aws:amp/workspace:Workspace"
BUCKET = "app-log-router"


def test_object_is_put_changed_and_deleted(account: Account, manage: Manage) -> None:
    s3, life = account.client("s3"), manage(OBJECT)
    s3.create_bucket(Bucket=BUCKET)
    inputs: Properties = {
        "bucket": BUCKET,
        "key": "a.conf",
        "content": "[OUTPUT]",
        "contentType": "text/plain",
        "tagsAll": {"a": "b c"},
    }
    identity, state = life.create(inputs)
    assert state["arn"] == f"arn:aws:s3:::{BUCKET}/a.conf"
    found = s3.get_object(Bucket=BUCKET, Key="a.conf")
    assert (found["Body"].read(), found["ContentType"]) == (b"[OUTPUT]", "text/plain")
    assert life.read(identity, state, inputs) is not None

    changed: Properties = {**inputs, "content": "[FILTER]"}
    state = life.update(identity, state, inputs, changed)
    found = s3.get_object(Bucket=BUCKET, Key="a.conf")
    assert (found["Body"].read(), found["ContentType"]) == (b"[FILTER]", "text/plain")

    life.delete(identity, state)
    assert life.read(identity, state, changed) is None
    with pytest.raises(ClientError, match="404"):
        s3.head_object(Bucket=BUCKET, Key="a.conf")


def test_object_of_bytes(account: Account, manage: Manage) -> None:
    s3 = account.client("s3")
    s3.create_bucket(Bucket=BUCKET)
    content = base64.b64encode(b"\0zip").decode()
    manage(OBJECT).create({"bucket": BUCKET, "key": "code.zip", "contentBase64": content})
    assert s3.get_object(Bucket=BUCKET, Key="code.zip")["Body"].read() == b"\0zip"


def test_a_bucket_for_tls_alone_takes_objects_in_the_sandbox_and_still_refuses_others(account: Account) -> None:
    s3 = account.client("s3")
    s3.create_bucket(Bucket=BUCKET)
    refused = {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": f"arn:aws:s3:::{BUCKET}/*"}
    tls_only = {**refused, "Condition": {"Bool": {"aws:SecureTransport": "false"}}}
    for statement, fine in ((tls_only, True), (refused, False)):
        s3.put_bucket_policy(Bucket=BUCKET, Policy=json.dumps({"Version": "2012-10-17", "Statement": [statement]}))
        if fine:
            s3.put_object(Bucket=BUCKET, Key="a", Body=b"")
        else:
            with pytest.raises(ClientError, match="403"):
                s3.put_object(Bucket=BUCKET, Key="a", Body=b"")
    s3.delete_bucket_policy(Bucket=BUCKET)


def test_what_nothing_sends_with_an_object(manage: Manage) -> None:
    with pytest.raises(UnmappedInputError, match="no input source"):
        manage(OBJECT).create({"bucket": BUCKET, "key": "a", "source": "file"})


def test_workspace_is_made_renamed_and_deleted(account: Account, manage: Manage) -> None:
    amp, life = account.client("amp"), manage(WORKSPACE)
    inputs: Properties = {"alias": "app"}
    identity, state = life.create(inputs)
    assert str(state["prometheusEndpoint"]).endswith(f"{identity}/")
    renamed: Properties = {"alias": "app-2"}
    state = life.update(identity, state, inputs, renamed)
    assert amp.describe_workspace(workspaceId=identity)["workspace"]["alias"] == "app-2"
    life.delete(identity, state)
    assert amp.list_workspaces()["workspaces"] == []
