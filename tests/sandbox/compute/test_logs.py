from pathlib import Path

import pytest

from sandbox.compute.definition import LogConfiguration
from sandbox.compute.logs import LogError, LogShipper, LogStream
from tests.sandbox.stack import REGION, Stack


def _configuration(**options: str) -> LogConfiguration:
    return LogConfiguration("awslogs", {name.replace("_", "-"): value for name, value in options.items()})


def _messages(stack: Stack, stream: LogStream) -> list[str]:
    events = stack.logs.get_log_events(logGroupName=stream.group, logStreamName=stream.name)["events"]
    return [event["message"] for event in events]


def test_whole_lines_are_shipped_once(stack: Stack, tmp_path: Path) -> None:
    options = _configuration(awslogs_group=f"/{stack.name}", awslogs_region=REGION, awslogs_create_group="true")
    stream = LogStream.open(stack.sandbox.account.account_id, options, "main", "task")
    assert stream is not None
    assert stream.name == "main/task"
    file = tmp_path / "log"
    shipper = LogShipper(file, stream)
    shipper.ship()
    file.write_text("one\ntwo\nthr")
    shipper.ship()
    assert _messages(stack, stream) == ["one", "two"]
    file.write_text("one\ntwo\nthree\nfour")
    shipper.ship(final=True)
    assert _messages(stack, stream) == ["one", "two", "three", "four"]
    stack.logs.delete_log_group(logGroupName=f"/{stack.name}")
    file.write_text("one\ntwo\nthree\nfour\nfive\n")
    shipper.ship()


def test_what_is_missing_is_named(stack: Stack) -> None:
    account = stack.sandbox.account.account_id
    with pytest.raises(LogError, match="awslogs-region is required"):
        LogStream.open(account, _configuration(awslogs_group="/x"), "main", "task")
    with pytest.raises(LogError, match="The specified log group does not exist: /x"):
        LogStream.open(account, _configuration(awslogs_group="/x", awslogs_region=REGION), "main", "task")
    assert LogStream.open(account, LogConfiguration("json-file"), "main", "task") is None
