"""The commands a stack gives to the Pulumi CLI: a recorder in its place says what it was called with."""

import os
from dataclasses import replace
from pathlib import Path

import pytest

from operations.errors import BusyError, OperationError
from operations.pulumi import GoAhead, PulumiStack

RECORDER = """#!/bin/sh
echo "$@" >> "$RECORD"
[ -e "$RECORD.lock" ] && { echo "error: the stack is currently locked by 1 lock(s)" >&2; exit 255; }
case "$*" in
  *"stack ls"*) echo '[{"name": "organization/workflow/dev"}]' ;;
  *"stack output"*) echo '{"apiUrl": "https://example"}' ;;
  *"config --json"*) echo '{"workflow:imageTag": {"value": "v1", "secret": false}}' ;;
  up*) echo '{"summaryEvent": {"resourceChanges": {"same": 5, "update": 1, "replace": 2}}}' > "$3" ;;
  *destroy*) echo "locked by another" >&2; exit 255 ;;
  *"stack rm"*) echo "no such stack" >&2; exit 1 ;;
esac
"""


@pytest.fixture
def stack(tmp_path: Path) -> PulumiStack:
    program = tmp_path / "bin" / "pulumi"
    program.parent.mkdir()
    program.write_text(RECORDER)
    program.chmod(0o755)
    path = f"{program.parent}{os.pathsep}{os.environ['PATH']}"
    return PulumiStack(
        tmp_path, "dev", {"PATH": path, "RECORD": str(tmp_path / "record")}, tmp_path / "Pulumi.dev.yaml"
    )


@pytest.fixture(autouse=True)
def path(stack: PulumiStack, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", stack.environment["PATH"])


def called(stack: PulumiStack) -> str:
    return Path(stack.environment["RECORD"]).read_text().splitlines()[-1]


def test_up_without_a_question_names_stack_and_config_file(stack: PulumiStack) -> None:
    assert stack.up(GoAhead.AT_ONCE) == 3

    words = called(stack)
    assert words.startswith("up --event-log ")
    assert words.endswith(f" --yes --skip-preview --non-interactive --stack dev --config-file {stack.config_file}")


def test_up_of_an_account_lets_pulumi_ask(stack: PulumiStack) -> None:
    stack.up(GoAhead.ASKED)

    words = called(stack)
    assert "--yes" not in words
    assert "--non-interactive" not in words


def test_another_update_at_work_is_a_failure_of_its_own(stack: PulumiStack) -> None:
    Path(f"{stack.environment['RECORD']}.lock").touch()
    with pytest.raises(BusyError, match=r"Another update of stack dev is at work: wait for it, or .*pulumi cancel"):
        stack.up(GoAhead.AT_ONCE)
    with pytest.raises(BusyError):
        stack.drift()


def test_an_update_is_held_to_the_rules_unless_it_is_to_be_quick(stack: PulumiStack, tmp_path: Path) -> None:
    held = replace(stack, policy_pack=tmp_path / "pack")

    held.up(GoAhead.PREVIEWED)
    assert f" --policy-pack {tmp_path / 'pack'} --yes " in called(stack)
    held.up(GoAhead.PREVIEWED, held=False)
    assert "--policy-pack" not in called(stack)


def test_the_backends_full_names_count(stack: PulumiStack) -> None:
    assert stack.exists()


def test_outputs_and_config_are_read(stack: PulumiStack) -> None:
    assert stack.outputs() == {"apiUrl": "https://example"}
    assert stack.get_config("imageTag") == "v1"
    assert stack.get_config("region") is None


def test_a_preview_holds_the_stack_to_the_rules_where_there_is_a_pack(stack: PulumiStack) -> None:
    stack.preview()
    assert called(stack).startswith("preview --diff --non-interactive")

    replace(stack, policy_pack=Path("rules")).preview(expect_no_changes=True)
    assert called(stack).startswith("preview --diff --policy-pack rules --expect-no-changes --non-interactive")


def test_a_failure_that_streamed_is_short(stack: PulumiStack) -> None:
    with pytest.raises(OperationError, match=r"`pulumi destroy` of stack dev failed"):
        stack.destroy(GoAhead.AT_ONCE)


def test_a_failure_that_was_captured_says_why(stack: PulumiStack) -> None:
    with pytest.raises(OperationError, match="no such stack"):
        stack.remove()


def test_the_recorder_is_what_ran(stack: PulumiStack) -> None:
    stack.set_config("imageTag", "v2")

    assert "config set imageTag v2" in called(stack)


def test_an_entry_of_an_object_and_a_resources_protection(stack: PulumiStack) -> None:
    stack.set_config(
        "replicatedSecrets.tokenKey", "arn:aws:secretsmanager:us-west-2:123456789012:secret:key", path=True
    )
    assert called(stack).startswith("config set --path replicatedSecrets.tokenKey arn:aws:")
    stack.remove_config("replicatedSecrets.tokenKey")
    assert called(stack).startswith("config rm --path replicatedSecrets.tokenKey")
    stack.unprotect("urn:pulumi:dev::workflow::database")
    assert called(stack) == (
        f"state unprotect urn:pulumi:dev::workflow::database --yes --non-interactive --stack {stack.name}"
    )
