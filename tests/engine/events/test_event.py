"""What an event says, and what it leaves out."""

from __future__ import annotations

import json

from engine.events.event import LARGEST_DETAIL_BYTES, encode_detail, envelope
from tests.engine.events.conftest import detail_of, event_of, read


def test_the_fields_are_awss() -> None:
    names = json.loads(encode_detail(detail_of(1))).keys()
    aws = "executionArn stateMachineArn name status startDate stopDate error cause"
    payloads = "input inputDetails output outputDetails"
    versions = "stateMachineVersionArn stateMachineAliasArn"
    redrives = "redriveCount redriveDate redriveStatus redriveStatusReason"
    assert set(names) == {"deduplicationId", *aws.split(), *payloads.split(), *versions.split(), *redrives.split()}


def test_what_is_around_them() -> None:
    event = event_of(1)
    assert json.loads(envelope(event, "workflow.states")) == {
        "version": "0",
        "id": "e1:0:SUCCEEDED",
        "detail-type": "Step Functions Execution Status Change",
        "source": "workflow.states",
        "account": "000000000000",
        "time": "2026-05-04T03:02:01Z",
        "region": "us-east-1",
        "resources": [event.execution_arn],
        "detail": json.loads(event.detail),
    }


def test_a_large_input_is_left_out_before_the_output() -> None:
    large = json.dumps("x" * 200_000)
    detail = read(encode_detail(detail_of(1, large, large)))
    assert (detail.input, detail.output) == (None, large)
    assert detail.input_details is not None
    assert detail.output_details is not None
    assert (detail.input_details.included, detail.output_details.included) == (False, True)


def test_an_output_that_is_too_large_alone_is_left_out_too() -> None:
    detail = read(encode_detail(detail_of(1, "{}", json.dumps("é" * LARGEST_DETAIL_BYTES))))
    assert (detail.input, detail.output) == (None, None)
    assert detail.output_details is not None
    assert not detail.output_details.included


def test_size_counts_escapes() -> None:
    text = json.dumps('"' * 50_000)
    assert len(text) < LARGEST_DETAIL_BYTES / 2
    assert len(encode_detail(detail_of(1, text, text))) <= LARGEST_DETAIL_BYTES
    assert read(encode_detail(detail_of(1, text, text))).input is None
