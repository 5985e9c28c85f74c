"""Pulumi's own engine on the bucket and the key that `bootstrap` makes: its locks, and secrets that nobody reads."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pulumi
import pytest
from pulumi import automation

from operations import bootstrap
from sandbox.aws import Account
from sandbox.seam import NullDataPlane
from tests.infra.stacks import ROOT
from tools import pulumi_cli

REGION = "us-east-1"
SECRET = "hunter2-hunter2-hunter2"


@dataclass(frozen=True)
class Backend:
    """The account with the bucket, and the stack's options by which the CLI finds both."""

    account: Account
    bucket: str
    secrets_provider: str
    options: automation.LocalWorkspaceOptions

    def open(self, program: automation.PulumiFn) -> automation.Stack:
        """The stack, as one of several people has it."""
        return automation.create_or_select_stack("dev", project_name="locks", program=program, opts=self.options)

    def states(self) -> list[str]:
        """Every version of every object of the bucket that is there, as text."""
        s3 = self.account.client("s3")
        versions = s3.list_object_versions(Bucket=self.bucket).get("Versions", [])
        found = [s3.get_object(Bucket=self.bucket, Key=each["Key"], VersionId=each["VersionId"]) for each in versions]
        return [answer["Body"].read().decode() for answer in found]

    def locks(self) -> list[str]:
        """The lock files that are there."""
        found = self.account.client("s3").list_objects_v2(Bucket=self.bucket, Prefix=".pulumi/locks/")
        return [entry["Key"] for entry in found.get("Contents", [])]


@pytest.fixture(scope="module")
def backend(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Backend]:
    directory = tmp_path_factory.mktemp("state")
    with pytest.MonkeyPatch.context() as patch, Account(NullDataPlane()) as account:
        made = bootstrap.make(account.client("s3"), account.client("kms"), account.account_id, REGION)
        patch.setenv("PATH", pulumi_cli.environment(ROOT)["PATH"])
        environment = {
            "AWS_ACCESS_KEY_ID": "sandbox",
            "AWS_SECRET_ACCESS_KEY": "sandbox",
            "AWS_REGION": REGION,
            "AWS_ENDPOINT_URL": account.endpoint_url,
            "PULUMI_BACKEND_URL": f"{made.login_url}&s3ForcePathStyle=true",
            "PULUMI_HOME": str(directory / "home"),
            "PULUMI_SKIP_UPDATE_CHECK": "true",
        }
        options = automation.LocalWorkspaceOptions(
            # The stack's file, which all who update it have: it names the key that the secrets are encrypted with.
            work_dir=str(directory),
            env_vars=environment,
            secrets_provider=made.secrets_provider,
            project_settings=automation.ProjectSettings("locks", "python"),
        )
        yield Backend(account, made.bucket, made.secrets_provider, options)


def quick() -> None:
    pulumi.export("secret", pulumi.Output.secret(SECRET))


def test_of_two_updates_at_once_the_second_is_refused_and_the_first_comes_to_its_end(backend: Backend) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def slow() -> None:
        begun.set()
        assert go_on.wait(60)
        quick()

    first, second = backend.open(slow), backend.open(quick)
    with ThreadPoolExecutor(1) as other:
        running = other.submit(first.up, color="never")
        try:
            assert begun.wait(60)
            assert len(backend.locks()) == 1
            with pytest.raises(automation.ConcurrentUpdateError, match="locked"):
                second.up(color="never")
        finally:
            go_on.set()
        assert running.result().summary.result == "succeeded"

    assert backend.locks() == []
    assert second.up(color="never").outputs["secret"].value == SECRET


def test_no_version_of_the_state_has_a_secret_in_plain_text(backend: Backend) -> None:
    backend.open(quick).up(color="never")

    states = backend.states()

    assert len(states) > len(backend.locks())
    assert any(backend.secrets_provider in state for state in states)
    assert not [state for state in states if SECRET in state]
