"""The account over HTTP and in process."""

import socket
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlsplit

import boto3
import cbor2
import pytest

from sandbox.aws import Account, Provider
from sandbox.aws.http import HttpServer
from sandbox.seam import NullDataPlane


def over_http(account: Account) -> boto3.session.Session:
    return boto3.session.Session("id", "secret", region_name=account.region)


def test_same_account_both_ways(account: Account) -> None:
    remote = over_http(account).client("sns", endpoint_url=account.endpoint_url)
    topic = remote.create_topic(Name="alerts")["TopicArn"]
    assert account.client("sns").list_topics()["Topics"] == [{"TopicArn": topic}]
    assert account.client("sns", "eu-west-1").list_topics()["Topics"] == []
    remote.close()


def test_managed_policies(account: Account) -> None:
    arn = "arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy"
    assert account.client("iam").get_policy(PolicyArn=arn)["Policy"]["Arn"] == arn


def test_endpoint_in_the_environment(account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    assert account.client("sts").get_caller_identity()["Account"] == account.account_id


def cbor(account: Account, operation: str, parameters: dict[str, object]) -> tuple[int, dict[str, Any]]:
    """Call CloudWatch as AWS's own Pulumi plugin does."""
    host = urlsplit(account.endpoint_url)
    connection = HTTPConnection(host.hostname or "", host.port)
    scope = "Credential=id/20260101/us-east-1/monitoring/aws4_request"
    connection.request(
        "POST",
        f"/service/GraniteServiceVersion20100801/operation/{operation}",
        cbor2.dumps(parameters),
        {
            "Content-Type": "application/cbor",
            "smithy-protocol": "rpc-v2-cbor",
            "Authorization": f"AWS4-HMAC-SHA256 {scope}, SignedHeaders=host, Signature=0",
        },
    )
    response = connection.getresponse()
    answer: dict[str, Any] = cbor2.loads(response.read())
    connection.close()
    return response.status, answer


def test_cloudwatch_in_cbor(account: Account) -> None:
    alarm: dict[str, object] = {
        "AlarmName": "cpu",
        "ComparisonOperator": "GreaterThanThreshold",
        "EvaluationPeriods": 1,
        "MetricName": "CPU",
        "Namespace": "App",
        "Period": 60,
        "Statistic": "Average",
        "Threshold": 80.0,
    }
    assert cbor(account, "PutMetricAlarm", alarm) == (200, {})
    [found] = cbor(account, "DescribeAlarms", {"AlarmNames": ["cpu"]})[1]["MetricAlarms"]
    assert found["Threshold"] == 80.0
    assert abs(datetime.now(UTC) - found["AlarmConfigurationUpdatedTimestamp"]) < timedelta(hours=1)
    status, answer = cbor(account, "GetDashboard", {"DashboardName": "none"})
    assert (status, answer["__type"]) == (404, "ResourceNotFound")


def test_cloudwatch_by_boto3(account: Account) -> None:
    remote = over_http(account).client("cloudwatch", endpoint_url=account.endpoint_url)
    assert remote.describe_alarms()["MetricAlarms"] == []
    remote.close()


def test_one_account_a_process(account: Account) -> None:
    with pytest.raises(RuntimeError, match="runs an AWS account already"):
        Account(NullDataPlane()).start()
    assert account.endpoint_url.startswith("http://127.0.0.1:")


def test_port_taken() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other, pytest.raises(OSError, match="in use"):
        HttpServer(other.getsockname()[1])


def test_endpoint_before_start() -> None:
    with pytest.raises(RuntimeError, match="isn't started"):
        _ = Account(NullDataPlane()).endpoint_url


def test_reset_empties(account: Account) -> None:
    account.client("sns").create_topic(Name="alerts")
    account.reset()
    assert account.client("sns").list_topics()["Topics"] == []


def test_provider_port_taken(account: Account) -> None:
    port = urlsplit(account.endpoint_url).port or 0
    with pytest.raises(OSError, match=f"port {port} on 127.0.0.1 is taken"):
        Provider(account, port).start()


def test_stopped_provider_leaves_its_port(account: Account) -> None:
    with Provider(account) as provider:
        port = provider.port
    with socket.socket() as free:
        free.bind(("127.0.0.1", port))
