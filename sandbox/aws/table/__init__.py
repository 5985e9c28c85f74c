"""The table of resource types, a service a file."""

from __future__ import annotations

from collections.abc import Mapping

from sandbox.aws.definition import ResourceType
from sandbox.aws.table import (
    autoscaling,
    cloudwatch,
    ecr,
    ecs,
    elasticache,
    endpoints,
    iam,
    load_balancing,
    logs,
    network,
    rds,
    secrets,
    security_groups,
    sns,
)

_SERVICES = (
    network,
    security_groups,
    endpoints,
    load_balancing,
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
)

TYPES: Mapping[str, ResourceType] = {entry.type: entry for service in _SERVICES for entry in service.TYPES}
"""Every resource type that the provider has, by token."""
