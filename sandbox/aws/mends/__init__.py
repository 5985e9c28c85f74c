"""What moto 5.2.5 leaves undone or gets wrong, mended in its backends: a service a file, each saying what AWS does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.aws.mends import (
    application_autoscaling,
    backup,
    brokers,
    budgets,
    cache_users,
    caches,
    canaries,
    certificates,
    cloudwatch,
    databases,
    flow_logs,
    keys,
    load_balancing,
    log_groups,
    machine,
    metric_filters,
    nat_gateways,
    parameter_groups,
    records,
    replication_groups,
    s3,
    secret_versions,
    security_groups,
    startup,
)

if TYPE_CHECKING:
    from sandbox.seam import DataPlane

MOTO_VERSION = "5.2.5"
"""The version that these are for; look at each again with another one."""

_MENDS = (
    application_autoscaling,
    backup,
    brokers,
    budgets,
    cache_users,
    caches,
    canaries,
    certificates,
    cloudwatch,
    databases,
    flow_logs,
    keys,
    load_balancing,
    log_groups,
    metric_filters,
    nat_gateways,
    parameter_groups,
    records,
    replication_groups,
    s3,
    secret_versions,
    security_groups,
    startup,
)
_applied = False


def apply(data_plane: DataPlane) -> None:
    """Mend moto, once a process, and let `data_plane` run what its backends describe from now on."""
    global _applied  # noqa: PLW0603
    machine.data_plane = data_plane
    if not _applied:
        for mend in _MENDS:
            mend.apply()
        _applied = True
