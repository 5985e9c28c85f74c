"""What nothing maps fails, with the resource type and the property's name."""

from dataclasses import replace
from unittest.mock import Mock

import grpc
import pytest

from sandbox.aws import Account
from sandbox.aws.api import Api
from sandbox.aws.errors import AbandonedError, InitializationFailedError, UnknownTypeError, UnmappedInputError
from sandbox.aws.invokes import invoke
from sandbox.aws.lifecycle import Lifecycle
from sandbox.aws.mapping import PropertyMap
from sandbox.aws.service import ResourceProvider
from sandbox.aws.table import TYPES
from tests.sandbox.aws.conftest import Manage

ALARM = {
    "name": "cpu",
    "comparisonOperator": "GreaterThanThreshold",
    "evaluationPeriods": 1,
    "metricName": "CPUUtilization",
    "namespace": "AWS/ECS",
    "period": 60,
    "statistic": "Average",
    "threshold": 80,
}


def test_unknown_type(account: Account) -> None:
    with pytest.raises(UnknownTypeError, match="aws:sqs/queue:Queue"):
        ResourceProvider(account)._map("aws:sqs/queue:Queue")


def test_nothing_more_is_done_for_an_engine_that_is_gone(account: Account) -> None:
    context = Mock(spec=grpc.ServicerContext)
    context.is_active.return_value = False
    life = ResourceProvider(account)._lifecycle("aws:sns/topic:Topic", {}, context)
    with pytest.raises(AbandonedError, match="the engine that asked for this is gone"):
        life.create({"name": "alerts"})
    assert account.client("sns").list_topics()["Topics"] == []


def test_type_that_the_sdk_lacks() -> None:
    with pytest.raises(LookupError, match="aws:ec2/vpc:Vpd"):
        PropertyMap(replace(TYPES["aws:ec2/vpc:Vpc"], type="aws:ec2/vpc:Vpd"))


def test_unknown_function(account: Account) -> None:
    api = Api(account.client, "sts", "us-east-1", account.account_id)
    with pytest.raises(UnknownTypeError, match="aws:ec2/getAmi:getAmi"):
        invoke("aws:ec2/getAmi:getAmi", api, {})


def test_unknown_argument_of_a_function(account: Account) -> None:
    api = Api(account.client, "sts", "us-east-1", account.account_id)
    with pytest.raises(UnmappedInputError, match=r"getAvailabilityZones: .* no input excludeNames"):
        invoke("aws:index/getAvailabilityZones:getAvailabilityZones", api, {"excludeNames": ["us-east-1a"]})


def test_unmapped_input(manage: Manage, account: Account) -> None:
    with pytest.raises(UnmappedInputError, match=r"aws:iam/role:Role: .* no input inlinePolicies"):
        manage("aws:iam/role:Role").create({"name": "app", "assumeRolePolicy": "{}", "inlinePolicies": [{"name": "a"}]})
    assert account.client("iam").list_roles()["Roles"] == []


def test_unmapped_nested_property(manage: Manage) -> None:
    query = {"id": "m", "returnData": True, "color": "red"}
    with pytest.raises(UnmappedInputError, match=r"metricAlarm:MetricAlarm: .* no input metricQueries\.color"):
        manage("aws:cloudwatch/metricAlarm:MetricAlarm").create({**ALARM, "metricQueries": [query]})


def test_unmapped_property_of_a_container(manage: Manage) -> None:
    definitions = '[{"name": "app", "image": "busybox", "colour": "red"}]'
    with pytest.raises(UnmappedInputError, match=r"TaskDefinition: .* no input containerDefinitions\.colour"):
        manage("aws:ecs/taskDefinition:TaskDefinition").create({"family": "app", "containerDefinitions": definitions})


def test_missing_output(manage: Manage) -> None:
    life = manage("aws:sns/topic:Topic")
    without_owner = replace(life.map.definition, receive={"arn": "TopicArn"})
    with pytest.raises(InitializationFailedError, match=r"aws:sns/topic:Topic: .* no output owner") as failed:
        Lifecycle(PropertyMap(without_owner), life.api).create({"name": "alerts"})
    assert failed.value.identity == "arn:aws:sns:us-east-1:123456789012:alerts"


def test_value_that_comes_back_changed(manage: Manage) -> None:
    life = manage("aws:sns/topic:Topic")
    upside_down = replace(life.map.definition, computed={"name": lambda _: "stelra"})
    with pytest.raises(InitializationFailedError, match=r"aws:sns/topic:Topic: .* name 'stelra' for 'alerts'"):
        Lifecycle(PropertyMap(upside_down), life.api).create({"name": "alerts"})


@pytest.mark.parametrize("token", sorted(TYPES))
def test_every_input_can_change(token: str) -> None:
    """An input that is mapped either changes in place or needs a new resource, and the table says which."""
    properties = PropertyMap(TYPES[token])
    definition = properties.definition
    known = properties.schema.inputs.keys() | {"tags", "tagsAll"}
    named = {
        name.split(".")[0] for name in (*definition.send, *definition.replaces, *definition.local, *definition.handled)
    }
    assert named - {"namePrefix", "identifierPrefix"} <= known
    for name in properties.schema.inputs:
        in_place = any(properties.takes(update.operation, name) for update in definition.updates)
        assert not (in_place and name in definition.local), name
    outputs = {name.split(".")[0] for name in (*definition.receive, *definition.computed)}
    assert outputs <= properties.schema.outputs.keys()
