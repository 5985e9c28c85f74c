"""What the Pulumi CLI says, as it said it, and the sentence and the exit code that become of it."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from operations.errors import BusyError, CredentialsError, OperationError, RefusedError
from operations.pulumi import PulumiStack
from operations.pulumi_errors import explain
from tests.infra.stacks import ROOT
from tools import pulumi_cli

S3 = 'error: read ".pulumi/meta.yaml": blob (key ".pulumi/meta.yaml") (code=Unknown): operation error S3: GetObject, '


@pytest.mark.parametrize(
    ("said", "kind", "words"),
    [
        (
            "error: --yes or --skip-preview or --preview-only must be passed in to proceed in non-interactive mode",
            RefusedError,
            "pass --yes .`make … YES=--yes`., or use a terminal",
        ),
        ("the stack is currently locked by 1 lock(s)", BusyError, "wait for it, or .*pulumi cancel"),
        (
            "error: no stack named 'dev' found",
            RefusedError,
            "There is no stack dev at PULUMI_BACKEND_URL: .*`bootstrap",
        ),
        (
            "error: PULUMI_ACCESS_TOKEN must be set for login during non-interactive CLI sessions",
            RefusedError,
            "set PULUMI_BACKEND_URL to the bucket",
        ),
        ("error: getting secrets manager: incorrect passphrase", RefusedError, "set PULUMI_CONFIG_PASSPHRASE"),
        (
            S3 + "https response error StatusCode: 400, api error ExpiredToken: The provided token has expired.",
            CredentialsError,
            "have expired .state of stack dev.: log in again",
        ),
        (
            S3 + "https response error StatusCode: 403, api error InvalidAccessKeyId: unknown.",
            CredentialsError,
            "does not know these credentials",
        ),
        (
            S3 + "get identity: get credentials: failed to refresh cached credentials, no EC2 IMDS role found",
            CredentialsError,
            "needs AWS credentials: log in, or set AWS_PROFILE",
        ),
        (S3 + "api error AccessDenied: no.", OperationError, "does not let these credentials at the state"),
        (S3 + "api error SlowDown: Reduce your request rate.", BusyError, "throttles"),
        (S3 + "api error NoSuchBucket: The specified bucket does not exist", RefusedError, "make it by `bootstrap"),
    ],
)
def test_what_pulumi_says_becomes_what_to_do(said: str, kind: type[OperationError], words: str) -> None:
    failure = explain(said, "dev")

    assert type(failure) is kind
    with pytest.raises(kind, match=words):
        raise failure


def test_what_says_itself_is_left_alone() -> None:
    assert explain("error: Duplicate resource URN", "dev") is None


@pytest.mark.parametrize("code", ["AccessDenied", "NoSuchBucket", "ThrottlingException"])
def test_what_aws_refuses_a_resource_is_not_taken_for_the_states(code: str) -> None:
    said = f"error: 1 error occurred:\n\t* creating IAM Role (x): operation error IAM: CreateRole, api error {code}: no"

    assert explain(said, "dev") is None


def test_the_real_cli_still_says_it_so(tmp_path: Path) -> None:
    environment = {
        **pulumi_cli.environment(ROOT),
        "PULUMI_BACKEND_URL": tmp_path.as_uri(),
        "PULUMI_CONFIG_PASSPHRASE": "test",
        "PULUMI_HOME": str(tmp_path / "home"),
        "PULUMI_SKIP_UPDATE_CHECK": "true",
    }
    with pytest.raises(RefusedError, match="There is no stack absent"):
        PulumiStack(ROOT, "absent", environment).outputs()

    lost = {name: value for name, value in environment.items() if not name.startswith(("PULUMI_BACKEND", "PULUMI_ACC"))}
    (tmp_path / "Pulumi.yaml").write_text("name: workflow\nruntime: python\n")
    done = subprocess.run(
        ["pulumi", "stack", "ls", "--non-interactive"],
        cwd=tmp_path,
        env=lost,
        capture_output=True,
        text=True,
        check=False,
    )
    assert isinstance(explain(done.stderr, "absent"), RefusedError)
