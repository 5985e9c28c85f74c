"""Monitoring: a topic for alerts, an alarm for everything that R1 of the requirements lists, and a dashboard.

Each alarm says when it goes off and again when all is well. A subscription by email has to be confirmed by its
recipient. An alarm costs 0.10 USD a month, the dashboard 3 USD beyond an account's first three.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi_aws as aws
from pulumi import ComponentResource, Input, Output, ResourceOptions

from infra.aws.alarms import Alarm, cache_alarms, database_alarms, load_balancer_alarms, service_alarms
from infra.aws.dashboard import Dimensions, dashboard_body
from infra.settings import MonitoringSettings


@dataclass(frozen=True)
class MonitoringArgs:
    """What is watched, by the names that its metrics have; there is no service before there is an image."""

    region: str
    cluster_name: Input[str]
    service_name: Input[str] | None
    load_balancer: Input[str]
    target_group: Input[str]
    database: Input[str]
    cache_nodes: Sequence[Input[str]]
    settings: MonitoringSettings


class Monitoring(ComponentResource):
    """The alerts' topic, the alarms and the dashboard."""

    alerts_topic_arn: Output[str]
    dashboard_name: Output[str]

    def __init__(self, name: str, args: MonitoringArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("workflow:aws:Monitoring", name, None, opts)
        self._name, self._args, self._child = name, args, ResourceOptions(parent=self)
        topic = aws.sns.Topic(f"{name}-alerts", display_name=f"{name} alerts", opts=self._child)
        self.alerts_topic_arn = topic.arn
        if args.settings.alert_email:
            aws.sns.TopicSubscription(
                f"{name}-alerts-email",
                topic=topic.arn,
                protocol="email",
                endpoint=args.settings.alert_email,
                opts=self._child,
            )
        self._alarms()
        self.dashboard_name = self._dashboard()
        self.register_outputs({"alertsTopicArn": self.alerts_topic_arn, "dashboardName": self.dashboard_name})

    def _alarms(self) -> None:
        args = self._args
        if args.service_name is not None:
            service = {"ClusterName": args.cluster_name, "ServiceName": args.service_name}
            self._raise_on(service_alarms(args.settings), service)
        balancer = {"LoadBalancer": args.load_balancer, "TargetGroup": args.target_group}
        self._raise_on(load_balancer_alarms(args.settings), balancer)
        self._raise_on(database_alarms(args.settings), {"DBInstanceIdentifier": args.database})
        for number, node in enumerate(args.cache_nodes, start=1):
            self._raise_on(cache_alarms(args.settings), {"CacheClusterId": node}, suffix=f"-{number}")

    def _raise_on(self, alarms: Sequence[Alarm], dimensions: Mapping[str, Input[str]], suffix: str = "") -> None:
        for alarm in alarms:
            aws.cloudwatch.MetricAlarm(
                f"{self._name}-{alarm.name}{suffix}",
                alarm_description=alarm.description,
                namespace=alarm.namespace,
                metric_name=alarm.metric,
                dimensions={key: value for key, value in dimensions.items() if key in alarm.dimensions},
                statistic=alarm.statistic,
                period=alarm.period,
                evaluation_periods=alarm.periods,
                datapoints_to_alarm=alarm.periods,
                comparison_operator=alarm.comparison,
                threshold=alarm.threshold,
                treat_missing_data=alarm.missing_data,
                alarm_actions=[self.alerts_topic_arn],
                ok_actions=[self.alerts_topic_arn],
                opts=self._child,
            )

    def _dashboard(self) -> Output[str]:
        args = self._args
        body = Output.all(
            cluster=args.cluster_name,
            service=args.service_name,
            load_balancer=args.load_balancer,
            target_group=args.target_group,
            database=args.database,
            cache_nodes=Output.all(*args.cache_nodes),
        ).apply(lambda names: dashboard_body(args.region, Dimensions(**names)))
        # An account has one list of dashboards for all its regions.
        return aws.cloudwatch.Dashboard(
            self._name, dashboard_name=f"{self._name}-{args.region}", dashboard_body=body, opts=self._child
        ).dashboard_name
