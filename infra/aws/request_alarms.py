"""The alarms of the API's load balancer; made before the service, as some of them take a deployment back.

A deployment during which the engine or the load balancer answers too many requests with 5xx goes back to the version
before it. Alarms on healthy tasks are not among those: a first deployment starts without any. Each costs 0.10 USD a
month for each of its metrics.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi_aws as aws
from pulumi import ComponentResource, Input, Output, ResourceOptions

from infra.alarm_settings import AlarmSettings
from infra.aws.alarms import request_alarms
from infra.aws.metric_alarms import Raiser


@dataclass(frozen=True)
class RequestAlarmsArgs:
    """The load balancer by the names that its metrics have; `serving` is whether there are to be tasks behind it."""

    load_balancer: Input[str]
    target_group: Input[str]
    topic_arn: Input[str]
    serving: bool
    settings: AlarmSettings


class RequestAlarms(ComponentResource):
    """The alarms by name, and the names in AWS of those that take a deployment back."""

    alarms: Mapping[str, aws.cloudwatch.MetricAlarm]
    rollback_names: Sequence[Output[str]]

    def __init__(self, name: str, args: RequestAlarmsArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("workflow:aws:RequestAlarms", name, None, opts)
        # What is part of the outage alarm tells nobody by itself, and without tasks there is no outage.
        wanted = [alarm for alarm in request_alarms(args.settings) if args.serving or alarm.role != "part"]
        dimensions = {"LoadBalancer": args.load_balancer, "TargetGroup": args.target_group}
        raiser = Raiser(name, args.topic_arn, ResourceOptions(parent=self))
        self.alarms = raiser.raise_on(wanted, dimensions)
        self.rollback_names = [self.alarms[alarm.name].name for alarm in wanted if alarm.role == "rollback"]
        self.register_outputs({"rollbackNames": self.rollback_names})
