"""What tasks wrote, read from moto's CloudWatch Logs."""

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

import boto3
import pytest
from moto import mock_aws

from operations.task_logs import LogOptions, last_lines, show

if TYPE_CHECKING:
    from mypy_boto3_logs.client import CloudWatchLogsClient

GROUP = "workflow-dev"


@pytest.fixture
def logs() -> Iterator["CloudWatchLogsClient"]:
    with mock_aws():
        client = boto3.client("logs", region_name="us-east-1", aws_access_key_id="a", aws_secret_access_key="b")
        client.create_log_group(logGroupName=GROUP)
        write(client, "task/engine/aaaaaaaa-1", ("started", -3), ("ended", 0))
        write(client, "task/engine/bbbbbbbb-2", ("serving\n", -2))
        write(client, "task/migrate/aaaaaaaa-1", ("migrated", -4))
        yield client


def write(client: "CloudWatchLogsClient", stream: str, *lines: tuple[str, float]) -> None:
    """Put lines, each with its minute from now, into a stream of its own."""
    client.create_log_stream(logGroupName=GROUP, logStreamName=stream)
    events = [{"timestamp": int((time.time() + 60 * at) * 1000), "message": text} for text, at in lines]
    client.put_log_events(logGroupName=GROUP, logStreamName=stream, logEvents=events)  # type: ignore[arg-type]


def shown(capsys: pytest.CaptureFixture[str], client: "CloudWatchLogsClient", options: LogOptions) -> list[str]:
    show(client, GROUP, options)
    return capsys.readouterr().out.splitlines()


def test_lines_of_all_tasks_come_in_the_order_of_time(
    logs: "CloudWatchLogsClient", capsys: pytest.CaptureFixture[str]
) -> None:
    options = LogOptions(minutes=10, container="engine", task=None, follow=False)
    assert shown(capsys, logs, options) == ["aaaaaaaa  started", "bbbbbbbb  serving", "aaaaaaaa  ended"]


def test_lines_are_chosen_by_task_container_and_time(
    logs: "CloudWatchLogsClient", capsys: pytest.CaptureFixture[str]
) -> None:
    assert shown(capsys, logs, LogOptions(10, "migrate", None, follow=False)) == ["aaaaaaaa  migrated"]
    assert shown(capsys, logs, LogOptions(10, "engine", "bbbbbbbb-2", follow=False)) == ["bbbbbbbb  serving"]
    assert shown(capsys, logs, LogOptions(1, "engine", None, follow=False)) == ["aaaaaaaa  ended"]


@pytest.mark.parametrize("task", [None, "dddddddd-4", "dddd"])
def test_lines_that_a_log_router_took_are_the_tasks(
    logs: "CloudWatchLogsClient", capsys: pytest.CaptureFixture[str], task: str | None
) -> None:
    write(logs, "task/engine/engine-firelens-dddddddd-4", ("routed", -5))
    lines = shown(capsys, logs, LogOptions(10, "engine", task, follow=False))
    assert lines[:1] == ["dddddddd  routed"]
    assert len(lines) == (4 if task is None else 1)


def test_following_shows_each_line_once(
    logs: "CloudWatchLogsClient", capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    naps = iter(("idle", "write", "stop"))

    def nap(_: float) -> None:
        act = next(naps)
        if act == "stop":
            raise KeyboardInterrupt
        if act == "write":
            write(logs, "task/engine/cccccccc-3", ("joined", 0.001))

    monkeypatch.setattr("operations.task_logs.time.sleep", nap)
    with pytest.raises(KeyboardInterrupt):
        show(logs, GROUP, LogOptions(10, "engine", None, follow=True))
    assert capsys.readouterr().out.splitlines() == [
        "aaaaaaaa  started",
        "bbbbbbbb  serving",
        "aaaaaaaa  ended",
        "cccccccc  joined",
    ]


def test_the_last_lines_of_a_task(logs: "CloudWatchLogsClient") -> None:
    assert last_lines(logs, GROUP, "engine", "aaaaaaaa-1", 1) == ["ended"]
    assert last_lines(logs, GROUP, "engine", "unknown", 1) == []


def test_the_last_lines_that_a_log_router_took_of_a_task(logs: "CloudWatchLogsClient") -> None:
    write(logs, "task/engine/engine-firelens-dddddddd-4", ("routed", -5), ("stopped", -4))
    assert last_lines(logs, GROUP, "engine", "dddddddd-4", 1) == ["stopped"]
