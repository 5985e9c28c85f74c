"""Monitoring: an alarm for everything that R1 of the requirements lists and an operator would miss, and a dashboard.

Each alarm says when it goes off and again when all is well. One composite alarm says that the service is down or fails
requests so fast that the month's error budget won't last; its parts tell nobody by themselves. An alarm costs 0.10 USD
a month (one made of several metrics that for each), a composite one 0.50 USD, the dashboard 3 USD beyond an account's
first three.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi_aws as aws
from pulumi import ComponentResource, Input, Output, ResourceOptions

from infra.alarm_settings import AlarmSettings
from infra.aws.alarms import (
    BURN_LONG,
    BURN_SHORT,
    NO_HEALTHY_HOSTS,
    backup_alarms,
    backup_copy_alarms,
    broker_alarms,
    cache_alarms,
    canary_alarms,
    database_alarms,
    engine_alarms,
    kafka_alarms,
    nat_alarms,
    replica_alarms,
    task_alarms,
)
from infra.aws.dashboard import Dimensions, dashboard_body
from infra.aws.metric_alarms import Raiser
from infra.aws.request_alarms import RequestAlarms

Alarms = Mapping[str, aws.cloudwatch.MetricAlarm]


@dataclass(frozen=True)
class Watched:
    """What is watched, by the names that its metrics have; there is no service before there is an image.

    Of the `vaults` the first is that of the database's backups, another one that of their copies.
    """

    cluster_name: Input[str]
    service_name: Input[str] | None
    log_metrics: str
    load_balancer: Input[str]
    target_group: Input[str]
    database: Input[str]
    replicas: Sequence[Input[str]]
    cache_nodes: Sequence[Input[str]]
    nat_gateways: Sequence[Input[str]]
    vaults: Sequence[Input[str]] = ()
    kafka: Input[str] | None = None
    kafka_brokers: int = 0
    canary: Input[str] | None = None
    canary_minutes: int = 0


@dataclass(frozen=True)
class MonitoringArgs:
    """What is watched, who is told, and the load balancer's alarms, without which there are no others."""

    region: str
    watched: Watched
    topic_arn: Input[str]
    requests: RequestAlarms | None
    settings: AlarmSettings


class Monitoring(ComponentResource):
    """The alarms beside the load balancer's, the composite alarm and the dashboard."""

    dashboard_name: Output[str]

    def __init__(self, name: str, args: MonitoringArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("workflow:aws:Monitoring", name, None, opts)
        self._name, self._args, self._child = name, args, ResourceOptions(parent=self)
        self._raiser = Raiser(name, args.topic_arn, self._child)
        arns: list[Output[str]] = []
        if args.requests is not None:
            arns = [alarm.arn for alarm in (*args.requests.alarms.values(), *self._alarms())]
            if NO_HEALTHY_HOSTS in args.requests.alarms:
                arns.insert(0, self._composite(args.requests.alarms).arn)
        self.dashboard_name = self._dashboard(arns)
        self.register_outputs({"dashboardName": self.dashboard_name})

    def _alarms(self) -> list[aws.cloudwatch.MetricAlarm]:
        watched, at, raise_on = self._args.watched, self._args.settings, self._raiser.raise_on
        made: list[Alarms] = []
        if watched.service_name is not None:
            service = {"ClusterName": watched.cluster_name, "ServiceName": watched.service_name}
            made.append(raise_on(task_alarms(at), service))
            made.append(raise_on(engine_alarms(at, watched.log_metrics), {}))
        made.append(raise_on(database_alarms(at), {"DBInstanceIdentifier": watched.database}))
        if watched.vaults:
            names = {"BackupVaultName": watched.vaults[0], "DBInstanceIdentifier": watched.database}
            made.append(raise_on(backup_alarms(), names))
        if watched.kafka is not None:
            made.append(raise_on(kafka_alarms(), {"Cluster Name": watched.kafka}))
            for broker in range(1, watched.kafka_brokers + 1):
                names = {"Cluster Name": watched.kafka, "Broker ID": str(broker)}
                made.append(raise_on(broker_alarms(at), names, suffix=f"-{broker}"))
        if watched.canary is not None:
            made.append(raise_on(canary_alarms(at, watched.canary_minutes), {"CanaryName": watched.canary}))
        several = (
            (backup_copy_alarms(), "BackupVaultName", watched.vaults if len(watched.vaults) > 1 else ()),
            (replica_alarms(at), "DBInstanceIdentifier", watched.replicas),
            (cache_alarms(at), "CacheClusterId", watched.cache_nodes),
            (nat_alarms(at), "NatGatewayId", watched.nat_gateways),
        )
        for alarms, dimension, members in several:
            for number, member in enumerate(members, start=1):
                made.append(raise_on(alarms, {dimension: member}, suffix=f"-{number}"))
        return [alarm for alarms in made for alarm in alarms.values()]

    def _composite(self, requests: Alarms) -> aws.cloudwatch.CompositeAlarm:
        rule = Output.all(
            down=requests[NO_HEALTHY_HOSTS].name, hour=requests[BURN_LONG].name, now=requests[BURN_SHORT].name
        ).apply(lambda names: outage_rule(**names))
        return aws.cloudwatch.CompositeAlarm(
            f"{self._name}-outage",
            alarm_name=f"{self._name}-outage",
            alarm_description="The service is down, or burns its error budget. The alarms on its parts say which.",
            alarm_rule=rule,
            alarm_actions=[self._args.topic_arn],
            ok_actions=[self._args.topic_arn],
            opts=self._child,
        )

    def _dashboard(self, alarm_arns: Sequence[Output[str]]) -> Output[str]:
        args, watched = self._args, self._args.watched
        body = Output.all(
            cluster=watched.cluster_name,
            service=watched.service_name,
            log_metrics=watched.log_metrics,
            load_balancer=watched.load_balancer,
            target_group=watched.target_group,
            database=watched.database,
            replicas=Output.all(*watched.replicas),
            cache_nodes=Output.all(*watched.cache_nodes),
            nat_gateways=Output.all(*watched.nat_gateways),
            vaults=Output.all(*watched.vaults),
            kafka=watched.kafka,
            kafka_brokers=watched.kafka_brokers,
            canary=watched.canary,
            alarm_arns=Output.all(*alarm_arns),
        ).apply(lambda names: dashboard_body(args.region, Dimensions(**names)))
        # An account has one list of dashboards for all its regions.
        return aws.cloudwatch.Dashboard(
            self._name, dashboard_name=f"{self._name}-{args.region}", dashboard_body=body, opts=self._child
        ).dashboard_name


def outage_rule(*, down: str, hour: str, now: str) -> str:
    """When the composite alarm goes off ("Create a composite alarm": rule expressions)."""
    return f'ALARM("{down}") OR (ALARM("{hour}") AND ALARM("{now}"))'
