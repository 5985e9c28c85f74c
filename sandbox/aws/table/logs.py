"""Log groups (Amazon CloudWatch Logs API Reference)."""

from __future__ import annotations

from sandbox.aws.definition import Autoname, ResourceType, Update

TYPES = (
    ResourceType(
        type="aws:cloudwatch/logGroup:LogGroup",
        service="logs",
        create="CreateLogGroup",
        id="{name}",
        read="DescribeLogGroups",
        found="logGroups[?logGroupName=='{id}'] | [0]",
        delete="DeleteLogGroup",
        updates=[Update("PutRetentionPolicy"), Update("AssociateKmsKey")],
        key={"logGroupName": "{id}", "logGroupNamePrefix": "{id}"},
        receive={"arn": "logGroupArn"},
        local=frozenset({"skipDestroy"}),
        autoname=Autoname("name", 512),
        replaces=frozenset({"logGroupClass", "name", "namePrefix"}),
        empty=frozenset({"deletionProtectionEnabled", "logGroupClass"}),
    ),
)
