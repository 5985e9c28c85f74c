"""Each alarm of the account goes off when AWS measures what it is there for, and not before."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from tests.infra.deployed.conftest import Stack
from tests.infra.deployed.evaluation import Measured, composite_state, metric, state
from tests.infra.deployed.scenarios import SCENARIOS, Samples, Scenario
from tests.infra.deployed.stacks import OPTIONS, WITH_OPTIONS, Deployed

Alarm = Mapping[str, Any]
Names = Mapping[str, list[str]]

each = pytest.mark.parametrize(("name", "scenario"), SCENARIOS.items(), ids=SCENARIOS)


def alarms(stack: Deployed) -> dict[str, Alarm]:
    """The metric alarms by their names without stack and component and what AWS's plugin adds."""
    pages = stack.client("cloudwatch").get_paginator("describe_alarms").paginate(AlarmNamePrefix=f"{stack.prefix}-")
    found = [alarm for page in pages for alarm in page["MetricAlarms"]]
    names = [alarm["AlarmName"].removeprefix(f"{stack.prefix}-") for alarm in found]
    return {name.partition("-")[2].rpartition("-")[0]: alarm for name, alarm in zip(names, found, strict=True)}


def names_of(stack: Deployed) -> Names:
    """What the stack's parts are called in the dimensions of AWS's metrics, read from each service itself."""
    elbv2 = stack.client("elbv2")
    [balancer] = [
        found["LoadBalancerArn"]
        for found in elbv2.describe_load_balancers()["LoadBalancers"]
        if found["VpcId"] == stack.outputs["vpcId"] and found["Scheme"] == "internet-facing"
    ]
    [targets] = elbv2.describe_target_groups(LoadBalancerArn=balancer)["TargetGroups"]
    of_vpc = [{"Name": "vpc-id", "Values": [stack.outputs["vpcId"]]}]
    nodes = stack.client("elasticache").describe_replication_groups()["ReplicationGroups"]
    clusters = stack.client("kafka").list_clusters_v2()["ClusterInfoList"]
    [kafka] = [found for found in clusters if stack.owns(found["ClusterName"])]
    there = stack.account.client("backup", str(OPTIONS["backupCopyRegion"])).list_backup_vaults()["BackupVaultList"]
    [copy] = [found for found in there if stack.owns(found["BackupVaultName"])]
    canaries = stack.client("synthetics").describe_canaries()["Canaries"]
    return {
        "ClusterName": [stack.outputs["clusterName"]],
        "ServiceName": [stack.outputs["serviceName"]],
        "LoadBalancer": [balancer.split(":loadbalancer/")[1]],
        "TargetGroup": [targets["TargetGroupArn"].rsplit(":", 1)[1]],
        "DBInstanceIdentifier": [f"{stack.prefix}-database"],
        "Replica": [
            found["DBInstanceIdentifier"]
            for found in stack.client("rds").describe_db_instances()["DBInstances"]
            if found.get("ReadReplicaSourceDBInstanceIdentifier") == f"{stack.prefix}-database"
        ],
        "CacheClusterId": [
            node for group in nodes if stack.owns(group["ReplicationGroupId"]) for node in group["MemberClusters"]
        ],
        "NatGatewayId": [
            found["NatGatewayId"] for found in stack.client("ec2").describe_nat_gateways(Filter=of_vpc)["NatGateways"]
        ],
        "Cluster Name": [kafka["ClusterName"]],
        "Broker ID": [str(number + 1) for number in range(kafka["Provisioned"]["NumberOfBrokerNodes"])],
        "CanaryName": [canaries[0]["Name"]],
        "BackupVaultName": [stack.outputs["backupVaultName"], copy["BackupVaultName"]],
    }


def measured(stack: Deployed, names: Names, number: int, samples: Samples, periods: int) -> Measured:
    """The samples in each of so many periods, of the part with this number where there are several."""
    found = {}
    for published, values in samples.items():
        dimensions = {
            "DBInstanceIdentifier" if name == "Replica" else name: names[name][number if len(names[name]) > 1 else 0]
            for name in published.dimensions
        }
        namespace = stack.prefix if published.namespace == "LOG" else published.namespace
        found[metric(namespace, published.name, dimensions)] = [values] * periods
    return found


def parts(stack: Deployed, name: str) -> Iterator[tuple[Alarm, int]]:
    """The alarms of one kind, with the numbers of the parts that they watch: the first is 0."""
    known = alarms(stack)
    if name in known:
        yield known[name], 0
    else:
        several = [found for found in known if found.rpartition("-")[0] == name]
        assert several
        yield from ((known[found], int(found.rpartition("-")[2]) - 1) for found in several)


@each
def test_an_alarm_goes_off_when_it_should(stack: Stack, name: str, scenario: Scenario) -> None:
    deployed = stack(WITH_OPTIONS)
    names = names_of(deployed)

    for alarm, number in parts(deployed, name):
        bad = measured(deployed, names, number, scenario.bad, alarm["EvaluationPeriods"])
        assert state(alarm, bad) == "ALARM"
        calm = measured(deployed, names, number, scenario.calm, alarm["EvaluationPeriods"])
        assert state(alarm, calm) == "OK"
        passing = {identity: [calm[identity][0], *periods[1:]] for identity, periods in bad.items()}
        assert state(alarm, passing) == "OK"
        assert state(alarm, {}) == scenario.silence


def test_every_alarm_has_a_scenario(stack: Stack) -> None:
    found = {name if name in SCENARIOS else name.rpartition("-")[0] for name in alarms(stack(WITH_OPTIONS))}

    assert found == SCENARIOS.keys()


def test_every_part_of_a_kind_has_an_alarm(stack: Stack) -> None:
    deployed = stack("production")

    for name, count in (("cache-cpu", 2), ("nat-ports", 3)):
        assert sorted(number for _, number in parts(deployed, name)) == list(range(count))


@pytest.mark.parametrize(
    ("ringing", "wanted"),
    [
        (set(), "OK"),
        ({"no-healthy-hosts"}, "ALARM"),
        ({"burn-rate-hour"}, "OK"),
        ({"burn-rate-now"}, "OK"),
        ({"burn-rate-hour", "burn-rate-now"}, "ALARM"),
        ({"no-healthy-hosts", "burn-rate-now"}, "ALARM"),
    ],
    ids=lambda value: "-and-".join(sorted(value)) or "nothing" if isinstance(value, set) else value,
)
def test_the_composite_alarm_goes_off_for_an_outage(stack: Stack, ringing: set[str], wanted: str) -> None:
    deployed = stack(WITH_OPTIONS)
    known = alarms(deployed)
    assert ringing <= known.keys()

    found = deployed.client("cloudwatch").describe_alarms(AlarmTypes=["CompositeAlarm"])["CompositeAlarms"]
    [outage] = [alarm for alarm in found if alarm["AlarmName"] == f"{deployed.prefix}-monitoring-outage"]

    states = {alarm["AlarmName"]: name in ringing for name, alarm in known.items()}
    assert composite_state(outage["AlarmRule"], states) == wanted
    assert outage["AlarmActions"] == [deployed.outputs["alertsTopicArn"]]


def test_an_alarm_tells_the_topic_or_is_a_part_of_the_composite_one(stack: Stack) -> None:
    deployed = stack(WITH_OPTIONS)

    silent = {name for name, alarm in alarms(deployed).items() if not alarm["AlarmActions"]}
    told = {arn for alarm in alarms(deployed).values() for arn in alarm["AlarmActions"]}

    assert silent == {"no-healthy-hosts", "burn-rate-hour", "burn-rate-now"}
    assert told == {deployed.outputs["alertsTopicArn"]}
    assert all(alarm["ActionsEnabled"] for alarm in alarms(deployed).values())
