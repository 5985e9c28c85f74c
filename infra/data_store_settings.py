"""The settings of the database and the cache."""

from typing import Annotated, Literal

import msgspec
from msgspec import field

from infra import values
from infra.values import between

CACHE_USER = "workflow"
"""The user name that the engine logs in to the cache with."""


class DatabaseSettings(msgspec.Struct, frozen=True, rename="camel"):
    """RDS for PostgreSQL. Storage in GiB."""

    version: values.DatabaseVersion = field(name="databaseVersion")
    instance_class: values.DatabaseClass = field(name="databaseClass")
    multi_az: bool = field(name="databaseMultiAz")
    storage: Annotated[int, between(20, 65536, "GiB")] = field(name="databaseStorage")
    max_storage: Annotated[int, between(20, 65536, "GiB")] = field(name="databaseMaxStorage")
    name: values.DatabaseIdentifier = field(name="databaseName")
    user: values.DatabaseIdentifier = field(name="databaseUser")
    admin_user: values.DatabaseIdentifier = field(name="databaseAdminUser")
    backup_days: Annotated[int, between(1, 35, "days")] = field(name="databaseBackupDays")
    final_snapshot: bool = field(name="databaseFinalSnapshot")
    tls: bool = field(name="databaseTls")
    log_exports: bool = field(name="databaseLogExports")
    insights: Literal["none", "standard", "advanced"] = field(name="databaseInsights")
    replicas: Annotated[int, between(0, 5, "replicas")] = field(name="databaseReplicas")
    replica_class: values.OptionalDatabaseClass = field(name="databaseReplicaClass")
    parameters: values.Parameters = field(name="databaseParameters")


class CacheSettings(msgspec.Struct, frozen=True, rename="camel"):
    """ElastiCache for Redis."""

    version: values.CacheVersion = field(name="cacheVersion")
    nodes: Annotated[int, between(1, 6, "nodes")] = field(name="cacheNodes")
    node_type: values.CacheNodeType = field(name="cacheNodeType")
    eviction_policy: values.EvictionPolicy = field(name="cacheEvictionPolicy")
    tls: bool = field(name="cacheTls")
    snapshot_days: Annotated[int, between(0, 35, "days")] = field(name="cacheSnapshotDays")
    log_delivery: bool = field(name="cacheLogDelivery")
