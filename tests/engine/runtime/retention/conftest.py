"""Places for archives: a folder, and a bucket of moto's."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest

from engine.runtime.retention import Place, open_place
from tests.support.moto_server import running_account

REGION = "us-east-1"


@pytest.fixture(scope="session")
def moto_url() -> Iterator[str]:
    """An AWS account."""
    with running_account() as url:
        yield url


@pytest.fixture(params=["folder", "s3"])
def location(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Where archives go, as a setting says it."""
    if request.param == "folder":
        return str(tmp_path / "archive")
    account = {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing", "AWS_DEFAULT_REGION": REGION}
    for name, value in (account | {"AWS_ENDPOINT_URL": request.getfixturevalue("moto_url")}).items():
        monkeypatch.setenv(name, value)
    bucket = f"archive-{uuid.uuid4().hex}"
    boto3.client("s3", region_name=REGION).create_bucket(Bucket=bucket)
    return f"s3://{bucket}/executions/"


@pytest.fixture
def place(location: str) -> Place:
    """A place with nothing in it."""
    return open_place(location, REGION)
