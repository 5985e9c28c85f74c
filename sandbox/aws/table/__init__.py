"""The table of resource types, a service a file."""

from __future__ import annotations

from collections.abc import Mapping

from sandbox.aws.definition import ResourceType
from sandbox.aws.table import (
    amp,
    autoscaling,
    backup,
    budgets,
    cloudwatch,
    dns,
    ecr,
    ecs,
    elasticache,
    endpoints,
    flow_logs,
    iam,
    kms,
    load_balancing,
    logs,
    msk,
    network,
    rds,
    s3,
    secrets,
    security_groups,
    sns,
    synthetics,
    waf,
)

_SERVICES = (
    network,
    security_groups,
    endpoints,
    flow_logs,
    load_balancing,
    dns,
    waf,
    ecr,
    ecs,
    iam,
    logs,
    cloudwatch,
    sns,
    rds,
    elasticache,
    secrets,
    autoscaling,
    budgets,
    kms,
    s3,
    synthetics,
    msk,
    amp,
    backup,
)

TYPES: Mapping[str, ResourceType] = {entry.type: entry for service in _SERVICES for entry in service.TYPES}
"""Every resource type that the provider has, by token."""
