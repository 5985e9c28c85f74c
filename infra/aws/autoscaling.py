"""Adds and removes tasks so that CPU, memory, requests and backlog stay near their targets; costs nothing itself.

Each target adds tasks by itself; tasks are removed when none of them needs those any more. Schedules move the bounds
within which that happens.
"""

from dataclasses import dataclass

import pulumi_aws as aws
from pulumi import ComponentResource, Input, Output, ResourceOptions

from infra.autoscaling_settings import AutoscalingSettings, ScheduledScaling

_Specification = aws.appautoscaling.PolicyTargetTrackingScalingPolicyConfigurationArgs
_Predefined = aws.appautoscaling.PolicyTargetTrackingScalingPolicyConfigurationPredefinedMetricSpecificationArgs
_Customized = aws.appautoscaling.PolicyTargetTrackingScalingPolicyConfigurationCustomizedMetricSpecificationArgs


@dataclass(frozen=True)
class AutoscalingArgs:
    """The ECS service to scale, and the metrics of its load balancer and its log."""

    cluster_name: Input[str]
    service_name: Input[str]
    load_balancer: Input[str]
    target_group: Input[str]
    log_metrics: str
    settings: AutoscalingSettings


class Autoscaling(ComponentResource):
    """A scalable target, a policy for each metric, and the schedules."""

    def __init__(self, name: str, args: AutoscalingArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("workflow:aws:Autoscaling", name, None, opts)
        self._name, self._settings, self._child = name, args.settings, ResourceOptions(parent=self)
        settings = args.settings
        self._target = aws.appautoscaling.Target(
            name,
            service_namespace="ecs",
            scalable_dimension="ecs:service:DesiredCount",
            resource_id=Output.concat("service/", args.cluster_name, "/", args.service_name),
            min_capacity=settings.minimum,
            max_capacity=settings.maximum,
            # A schedule that was due has moved them.
            opts=ResourceOptions(
                parent=self, ignore_changes=["minCapacity", "maxCapacity"] if settings.schedules else []
            ),
        )
        self._predefined("cpu", "ECSServiceAverageCPUUtilization", settings.cpu_target)
        self._predefined("memory", "ECSServiceAverageMemoryUtilization", settings.memory_target)
        if settings.requests_target:
            label = Output.concat(args.load_balancer, "/", args.target_group)
            self._predefined("requests", "ALBRequestCountPerTarget", settings.requests_target, label)
        if settings.backlog_target:
            self._backlog(args.log_metrics, settings.backlog_target)
        for schedule in settings.schedules:
            self._schedule(schedule)
        self.register_outputs({})

    def _predefined(self, label: str, metric: str, target: int, resource: Input[str] | None = None) -> None:
        measured = _Predefined(predefined_metric_type=metric, resource_label=resource)
        self._policy(label, self._tracking(target, predefined_metric_specification=measured))

    def _backlog(self, namespace: str, target: int) -> None:
        """Each process says once a minute what waits in it: their average is what waits in one."""
        measured = _Customized(namespace=namespace, metric_name="Backlog", statistic="Average")
        self._policy("backlog", self._tracking(target, customized_metric_specification=measured))

    def _tracking(
        self,
        target: int,
        predefined_metric_specification: _Predefined | None = None,
        customized_metric_specification: _Customized | None = None,
    ) -> _Specification:
        return _Specification(
            predefined_metric_specification=predefined_metric_specification,
            customized_metric_specification=customized_metric_specification,
            target_value=target,
            scale_in_cooldown=self._settings.scale_in_cooldown,
            scale_out_cooldown=self._settings.scale_out_cooldown,
        )

    def _policy(self, label: str, tracking: _Specification) -> None:
        aws.appautoscaling.Policy(
            f"{self._name}-{label}",
            policy_type="TargetTrackingScaling",
            target_tracking_scaling_policy_configuration=tracking,
            service_namespace=self._target.service_namespace,
            scalable_dimension=self._target.scalable_dimension,
            resource_id=self._target.resource_id,
            opts=self._child,
        )

    def _schedule(self, schedule: ScheduledScaling) -> None:
        aws.appautoscaling.ScheduledAction(
            f"{self._name}-{schedule.name}",
            schedule=schedule.schedule,
            timezone=schedule.timezone,
            scalable_target_action=aws.appautoscaling.ScheduledActionScalableTargetActionArgs(
                min_capacity=schedule.minimum, max_capacity=schedule.maximum
            ),
            service_namespace=self._target.service_namespace,
            scalable_dimension=self._target.scalable_dimension,
            resource_id=self._target.resource_id,
            opts=self._child,
        )
