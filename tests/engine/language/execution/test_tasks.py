"""Tasks that wait for something else than a call's answer, and what the history tells of each kind."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from msgspec.structs import replace

from engine.language import (
    Event,
    RunTask,
    StartTimer,
    TaskFailed,
    TaskHeartbeat,
    TaskStarted,
    TaskSubmitted,
    TaskSucceeded,
    TimerFired,
    parse,
    pending,
)
from engine.language.limits import MAX_PAYLOAD_BYTES
from tests.engine.language.driver import NOW, Answer, Driver, context, one_state, output_of, run

SQS = "arn:aws:states:::sqs:sendMessage.waitForTaskToken"
ACTIVITY = "arn:aws:states:eu-west-1:000000000000:activity:pack"
FUNCTION = "arn:aws:lambda:eu-west-1:000000000000:function:pack"


def silent(_: object) -> Answer:
    return Answer(silent=True)


def waiting(resource: str, **fields: object) -> Driver:
    state = {"Type": "Task", "Resource": resource, **fields}
    return Driver(parse(one_state(state)), context({"a": 1}), silent).start()


def test_a_task_with_a_token() -> None:
    parameters = {"QueueUrl": "q", "MessageBody": {"token.$": "$$.Task.Token"}}
    running = waiting(SQS, Parameters=parameters, TimeoutSeconds=60)
    (task,) = running.started
    assert (task.pattern, task.token, task.timeout_seconds) == ("token", "token-of-2.1", 60)
    assert task.input == {"QueueUrl": "q", "MessageBody": {"token": "token-of-2.1"}}
    running.send(TaskSubmitted("2.1", {"MessageId": "m"}, NOW))
    assert running.send(TaskSubmitted("2.1", {"MessageId": "n"}, NOW)).history == ()
    running.send(TaskSucceeded("2.1", {"packed": True}, NOW))
    assert output_of(running) == {"packed": True}
    assert running.types == [
        "ExecutionStarted",
        "TaskStateEntered",
        "TaskScheduled",
        "TaskStarted",
        "TaskSubmitted",
        "TaskSucceeded",
        "TaskStateExited",
        "ExecutionSucceeded",
    ]
    named = {"resourceType": "sqs", "resource": "sendMessage.waitForTaskToken"}
    assert running.details("TaskSubmitted") == [{**named, "output": '{"MessageId":"m"}'}]
    assert running.details("TaskStarted") == [named]


@pytest.mark.parametrize(
    ("language", "fields"),
    [
        ("JSONPath", {"Parameters": {"a.$": "$.a"}, "ResultSelector": {"a.$": "$.a"}}),
        ("JSONata", {"Arguments": "{% $states.input %}", "Output": "{% $states.result %}"}),
    ],
)
def test_fields_that_change_nothing_make_the_same_history_as_none(language: str, fields: dict[str, object]) -> None:
    seen = []
    for more in ({}, fields):
        task = {"Type": "Task", "Resource": "handler:pack", **more}
        states = {"A": {**task, "Next": "B"}, "B": {**task, "End": True}}
        machine = parse(json.dumps({"QueryLanguage": language, "StartAt": "A", "States": states}))
        running = Driver(machine, context({"a": 1}), silent).start()
        running.send(TaskSucceeded("2.1", {"a": 2}, NOW))
        running.send(TaskSucceeded("7.1", {"a": 3}, NOW))
        seen.append((running.history, running.started, running.snapshot, output_of(running)))
    assert seen[0] == seen[1]
    assert seen[0][3] == {"a": 3}


def test_a_submitted_task_goes_on_waiting_after_a_takeover() -> None:
    running = waiting("arn:aws:states:::ecs:runTask.sync", HeartbeatSeconds=10)
    running.send(TaskSubmitted("2.1", {"Tasks": []}, NOW))
    task, heartbeat = pending(running.snapshot, NOW + timedelta(seconds=5))
    assert isinstance(task, RunTask)
    assert (task.pattern, task.submission) == ("sync", {"Tasks": []})
    assert isinstance(heartbeat, StartTimer)
    assert heartbeat.due == NOW + timedelta(seconds=10)


def test_a_callback_may_come_before_the_call_has_answered() -> None:
    running = waiting(SQS, Parameters={})
    running.send(TaskSucceeded("2.1", 1, NOW))
    assert output_of(running) == 1
    assert "TaskSubmitted" not in running.types


def test_the_token_is_there_for_tasks_that_wait_for_it_only() -> None:
    state = {"Type": "Task", "Resource": "handler:t", "Parameters": {"t.$": "$$.Task.Token"}}
    running = run(one_state(state))
    assert running.finish is not None
    assert running.finish.error == "States.Runtime"


@pytest.mark.parametrize(
    ("kind", "types"),
    [
        ("failed", ["TaskStarted", "TaskFailed"]),
        ("start-failed", ["TaskStartFailed"]),
        ("submit-failed", ["TaskStarted", "TaskSubmitFailed"]),
    ],
)
def test_failures_of_a_task(kind: str, types: list[str]) -> None:
    running = waiting("arn:aws:states:::sqs:sendMessage")
    event = TaskFailed("2.1", "SQS.Gone", "no queue", NOW)
    running.send(TaskFailed(event.task_id, event.error, event.cause, NOW, kind))  # type: ignore[arg-type]
    assert running.types[3:-1] == types
    named = {"resourceType": "sqs", "resource": "sendMessage"}
    assert running.details(types[-1]) == [{**named, "error": "SQS.Gone", "cause": "no queue"}]


def test_an_activity() -> None:
    running = waiting(ACTIVITY, TimeoutSeconds=60, HeartbeatSeconds=10)
    assert running.outstanding.keys() == {"2.1"}
    assert running.started[0].token == "token-of-2.1"
    running.now += timedelta(seconds=500)
    transition = running.send(TaskStarted("2.1", running.now, "worker-1"))
    timeout, heartbeat = transition.commands
    assert isinstance(timeout, StartTimer)
    assert isinstance(heartbeat, StartTimer)
    assert (timeout.due - running.now).total_seconds() == 60
    assert (heartbeat.due - running.now).total_seconds() == 10
    assert running.send(TaskStarted("2.1", running.now, "worker-2")).history == ()
    running.send(TaskHeartbeat("2.1"))
    running.send(TaskSucceeded("2.1", "packed", running.now))
    assert running.types[2:5] == ["ActivityScheduled", "ActivityStarted", "ActivitySucceeded"]
    assert running.details("ActivityScheduled") == [
        {"resource": ACTIVITY, "input": '{"a":1}', "timeoutInSeconds": 60, "heartbeatInSeconds": 10}
    ]
    assert running.details("ActivityStarted") == [{"workerName": "worker-1"}]
    assert running.details("ActivitySucceeded") == [{"output": '"packed"'}]


def test_an_activity_that_times_out() -> None:
    running = waiting(ACTIVITY, TimeoutSeconds=60)
    running.send(TaskStarted("2.1", NOW))
    running.now += timedelta(seconds=60)
    running.send(TimerFired("2.1.timeout"))
    assert running.details("ActivityStarted") == [{}]
    assert running.details("ActivityTimedOut") == [{"error": "States.Timeout"}]


@pytest.mark.parametrize(
    ("event", "kind", "details"),
    [
        (TaskSucceeded("2.1", 5, NOW), "LambdaFunctionSucceeded", {"output": "5"}),
        (TaskFailed("2.1", "Oops", "why", NOW), "LambdaFunctionFailed", {"error": "Oops", "cause": "why"}),
    ],
)
def test_a_lambda_function(event: Event, kind: str, details: dict[str, object]) -> None:
    running = waiting(FUNCTION, TimeoutSeconds=5, Credentials={"RoleArn": "arn:aws:iam::000000000000:role/other"})
    running.send(event)
    assert running.types[2:5] == ["LambdaFunctionScheduled", "LambdaFunctionStarted", kind]
    assert running.details("LambdaFunctionScheduled") == [
        {
            "resource": FUNCTION,
            "input": '{"a":1}',
            "timeoutInSeconds": 5,
            "taskCredentials": {"roleArn": "arn:aws:iam::000000000000:role/other"},
        }
    ]
    assert running.details("LambdaFunctionStarted") == [{}]
    assert running.details(kind) == [details]


def test_credentials_are_computed() -> None:
    running = waiting("handler:t", Credentials={"RoleArn.$": "States.Format('arn:aws:iam::{}:role/r', $.a)"})
    assert running.started[0].credentials == {"RoleArn": "arn:aws:iam::1:role/r"}
    (scheduled,) = running.details("TaskScheduled")
    assert scheduled["taskCredentials"] == {"roleArn": "arn:aws:iam::1:role/r"}


def test_a_submission_that_is_too_large_fails_the_task() -> None:
    running = waiting(SQS, Parameters={}, Retry=[{"ErrorEquals": ["States.ALL"], "MaxAttempts": 1}])
    running.send(TaskSubmitted("2.1", "x" * MAX_PAYLOAD_BYTES, NOW))
    assert running.cancelled == ["2.1"]
    assert running.types[-1] == "TaskSubmitFailed"
    assert running.step()
    assert running.started[-1].task_id == "2.2"


def test_the_limit_of_payloads_is_the_execution_context_s() -> None:
    running = Driver(parse(one_state({"Type": "Pass"})), context("x" * 300_000)).start()
    assert running.finish is not None
    assert running.finish.error == "States.DataLimitExceeded"
    about = context("x" * 300_000)
    larger = replace(about, max_payload_bytes=400_000)
    assert output_of(Driver(parse(one_state({"Type": "Pass"})), larger).run()) == "x" * 300_000


def test_the_context_object_of_a_state() -> None:
    state = {"Type": "Pass", "Parameters": {"c.$": "$$"}}
    running = run(
        one_state(
            {**state, "Next": "T"},
            T={"Type": "Task", "Resource": "handler:t", "Parameters": {"c.$": "$$.State"}, "End": True},
        )
    )
    (left,) = running.details("PassStateExited")
    shown = json.loads(str(left["output"]))["c"]
    assert list(shown) == ["Execution", "StateMachine", "State"]
    assert list(shown["Execution"]) == ["Id", "Input", "StartTime", "Name", "RoleArn", "RedriveCount"]
    assert shown["State"] == {"Name": "S", "EnteredTime": "2026-01-02T03:04:05.678Z"}
    assert running.started[0].input == {"c": {"Name": "T", "EnteredTime": "2026-01-02T03:04:05.678Z", "RetryCount": 0}}
