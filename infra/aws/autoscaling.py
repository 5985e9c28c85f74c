"""Adds and removes tasks so that their average CPU and memory use stay near their targets; costs nothing itself."""

from dataclasses import dataclass

import pulumi_aws as aws
from pulumi import ComponentResource, Input, Output, ResourceOptions

from infra.settings import AutoscalingSettings


@dataclass(frozen=True)
class AutoscalingArgs:
    """The ECS service to scale."""

    cluster_name: Input[str]
    service_name: Input[str]
    settings: AutoscalingSettings


class Autoscaling(ComponentResource):
    """A scalable target and a policy for each metric."""

    def __init__(self, name: str, args: AutoscalingArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("workflow:aws:Autoscaling", name, None, opts)
        self._name, self._settings, self._child = name, args.settings, ResourceOptions(parent=self)
        self._target = aws.appautoscaling.Target(
            name,
            service_namespace="ecs",
            scalable_dimension="ecs:service:DesiredCount",
            resource_id=Output.concat("service/", args.cluster_name, "/", args.service_name),
            min_capacity=args.settings.minimum,
            max_capacity=args.settings.maximum,
            opts=self._child,
        )
        self._policy("cpu", "ECSServiceAverageCPUUtilization", args.settings.cpu_target)
        self._policy("memory", "ECSServiceAverageMemoryUtilization", args.settings.memory_target)
        self.register_outputs({})

    def _policy(self, label: str, metric: str, target: int) -> None:
        predefined = aws.appautoscaling.PolicyTargetTrackingScalingPolicyConfigurationPredefinedMetricSpecificationArgs(
            predefined_metric_type=metric
        )
        aws.appautoscaling.Policy(
            f"{self._name}-{label}",
            policy_type="TargetTrackingScaling",
            service_namespace=self._target.service_namespace,
            scalable_dimension=self._target.scalable_dimension,
            resource_id=self._target.resource_id,
            target_tracking_scaling_policy_configuration=aws.appautoscaling.PolicyTargetTrackingScalingPolicyConfigurationArgs(
                predefined_metric_specification=predefined,
                target_value=target,
                scale_in_cooldown=self._settings.scale_in_cooldown,
                scale_out_cooldown=self._settings.scale_out_cooldown,
            ),
            opts=self._child,
        )
