"""The alarms of the database and the cache ("Amazon CloudWatch metrics for Amazon RDS", "Metrics for Redis OSS")."""

from infra.alarm_settings import AlarmSettings
from infra.aws.alarms.alarm import Alarm, Metric

_INSTANCE = ("DBInstanceIdentifier",)
_NODE = ("CacheClusterId",)
_MEBIBYTE, _GIBIBYTE = 1024**2, 1024**3


def database_alarms(at: AlarmSettings) -> list[Alarm]:
    """CPU, storage, memory and connections. A database that reports no CPU use is down."""
    return [
        Alarm(
            name="database-cpu",
            means=f"CPU of the database above {at.database_cpu_percent} %, or nothing heard of it",
            remedy="Performance Insights names the query; take a larger databaseClass. Without data: is it up?",
            setting="alarmDatabaseCpuPercent",
            threshold=at.database_cpu_percent,
            metrics=(Metric("AWS/RDS", "CPUUtilization", _INSTANCE, "Average"),),
            periods=5,
            missing_data="breaching",
        ),
        Alarm(
            name="database-storage",
            means=f"Less than {at.database_free_storage} GiB of the database's storage are free",
            remedy="Raise databaseMaxStorage, or delete what is kept too long; a full database stops everything.",
            setting="alarmDatabaseFreeStorage",
            threshold=at.database_free_storage * _GIBIBYTE,
            metrics=(Metric("AWS/RDS", "FreeStorageSpace", _INSTANCE, "Minimum"),),
            comparison="LessThanThreshold",
            periods=5,
            missing_data="missing",
        ),
        Alarm(
            name="database-memory",
            means=f"Less than {at.database_free_memory} MiB of the database's memory can be freed",
            remedy="Lower work_mem or DATABASE_POOL_SIZE, or take a larger databaseClass, before it swaps.",
            setting="alarmDatabaseFreeMemory",
            threshold=at.database_free_memory * _MEBIBYTE,
            metrics=(Metric("AWS/RDS", "FreeableMemory", _INSTANCE, "Minimum"),),
            comparison="LessThanThreshold",
            periods=5,
            missing_data="missing",
        ),
        Alarm(
            name="database-connections",
            means=f"More than {at.database_connections} connections to the database",
            remedy="Count the tasks' processes and DATABASE_POOL_SIZE; look for other clients in pg_stat_activity.",
            setting="alarmDatabaseConnections",
            threshold=at.database_connections,
            metrics=(Metric("AWS/RDS", "DatabaseConnections", _INSTANCE, "Maximum"),),
            periods=5,
            missing_data="missing",
        ),
    ]


def replica_alarms(at: AlarmSettings) -> list[Alarm]:
    """How far a read replica is behind. One that has stopped replicating reports -1, or nothing after a while."""
    return [
        Alarm(
            name="replica-lag",
            means=f"A read replica is more than {at.replica_lag} s behind, or nothing is heard of it",
            remedy="Look for long transactions and heavy writes; an instance class smaller than the primary's lags.",
            setting="alarmReplicaLagSeconds",
            threshold=at.replica_lag,
            metrics=(Metric("AWS/RDS", "ReplicaLag", _INSTANCE, "Maximum", "lag"),),
            expression=f"IF(lag < 0, {at.replica_lag} + 1, lag)",
            periods=5,
            missing_data="breaching",
        ),
    ]


def cache_alarms(at: AlarmSettings) -> list[Alarm]:
    """CPU, memory, evictions and connections of a node. The engine works without the cache: no data is no alarm."""
    return [
        Alarm(
            name="cache-cpu",
            means=f"CPU of Redis above {at.cache_cpu_percent} %",
            remedy="Take a larger cacheNodeType; Redis uses one core.",
            setting="alarmCacheCpuPercent",
            threshold=at.cache_cpu_percent,
            metrics=(Metric("AWS/ElastiCache", "EngineCPUUtilization", _NODE, "Average"),),
            periods=5,
            missing_data="missing",
        ),
        Alarm(
            name="cache-memory",
            means=f"Memory of the cache above {at.cache_memory_percent} %",
            remedy="Take a larger cacheNodeType; nothing in the cache has to last.",
            setting="alarmCacheMemoryPercent",
            threshold=at.cache_memory_percent,
            metrics=(Metric("AWS/ElastiCache", "DatabaseMemoryUsagePercentage", _NODE, "Average"),),
            periods=5,
            missing_data="missing",
        ),
        Alarm(
            name="cache-evictions",
            means=f"More than {at.cache_evictions} keys evicted in a minute",
            remedy="The cache is full: rate limits forget too early. Take a larger cacheNodeType.",
            setting="alarmCacheEvictions",
            threshold=at.cache_evictions,
            metrics=(Metric("AWS/ElastiCache", "Evictions", _NODE, "Sum"),),
            periods=5,
            missing_data="notBreaching",
        ),
        Alarm(
            name="cache-connections",
            means=f"More than {at.cache_connections} connections to Redis",
            remedy="Look for tasks that restart again and again, or clients other than the engine.",
            setting="alarmCacheConnections",
            threshold=at.cache_connections,
            metrics=(Metric("AWS/ElastiCache", "CurrConnections", _NODE, "Maximum"),),
            periods=5,
            missing_data="missing",
        ),
    ]
