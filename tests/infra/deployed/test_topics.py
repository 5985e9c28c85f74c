"""What alarms say is encrypted on its way to those who are told."""

from __future__ import annotations

import pytest

from tests.infra.deployed.conftest import Stack
from tests.infra.deployed.stacks import STACKS


@pytest.mark.parametrize("name", [name for name in STACKS if name != "local"])
def test_alarms_tell_encrypted_topics(stack: Stack, name: str) -> None:
    deployed = stack(name)
    pages = deployed.client("cloudwatch").get_paginator("describe_alarms").paginate(AlarmNamePrefix=deployed.prefix)
    found = [alarm for page in pages for alarm in page["MetricAlarms"] if deployed.owns(alarm["AlarmName"])]

    topics = {topic for alarm in found for topic in alarm["AlarmActions"]}

    assert topics == {deployed.outputs["alertsTopicArn"]}
    for topic in topics:
        attributes = deployed.client("sns").get_topic_attributes(TopicArn=topic)["Attributes"]
        assert deployed.account.client("kms").describe_key(KeyId=attributes["KmsMasterKeyId"])["KeyMetadata"]["Enabled"]
