"""The thresholds of the alarms as a frozen model; `infra/aws/alarms` says what is held against each."""

from typing import Annotated

import msgspec
from msgspec import field

from infra import values
from infra.values import between, seconds


class AlarmSettings(msgspec.Struct, frozen=True, rename="camel"):
    """Above what an alarm goes off (free storage in GiB and free memory in MiB: below what)."""

    cpu_percent: values.Percent = field(name="alarmCpuPercent")
    memory_percent: values.Percent = field(name="alarmMemoryPercent")
    missing_tasks: values.Count = field(name="alarmMissingTasks")
    error_lines_per_minute: values.Count = field(name="alarmErrorLinesPerMinute")
    queue_lag: Annotated[int, seconds(1, 86400)] = field(name="alarmQueueLagSeconds")
    outbox_lag: Annotated[int, seconds(1, 86400)] = field(name="alarmOutboxLagSeconds")
    backlog: values.Count = field(name="alarmBacklog")
    server_errors_per_minute: values.Count = field(name="alarmServerErrorsPerMinute")
    unhealthy_hosts: values.Count = field(name="alarmUnhealthyHosts")
    latency: Annotated[int, between(1, 4_000_000, "milliseconds")] = field(name="alarmLatencyMilliseconds")
    rejected_connections: values.Count = field(name="alarmRejectedConnections")
    error_budget: Annotated[int, between(1, 1000, "failed requests in 10000")] = field(name="alarmErrorBudget")
    burn_rate: Annotated[int, between(2, 100, "times the error budget")] = field(name="alarmBurnRate")
    burn_requests: values.Count = field(name="alarmBurnRequests")
    database_cpu_percent: values.Percent = field(name="alarmDatabaseCpuPercent")
    database_free_storage: Annotated[int, between(1, 65536, "GiB")] = field(name="alarmDatabaseFreeStorage")
    database_free_memory: Annotated[int, between(1, 1_048_576, "MiB")] = field(name="alarmDatabaseFreeMemory")
    database_connections: Annotated[int, between(1, 100000, "connections")] = field(name="alarmDatabaseConnections")
    replica_lag: Annotated[int, seconds(1, 86400)] = field(name="alarmReplicaLagSeconds")
    cache_cpu_percent: values.Percent = field(name="alarmCacheCpuPercent")
    cache_memory_percent: values.Percent = field(name="alarmCacheMemoryPercent")
    cache_evictions: values.Count = field(name="alarmCacheEvictions")
    cache_connections: Annotated[int, between(1, 65000, "connections")] = field(name="alarmCacheConnections")
    nat_port_errors: values.Count = field(name="alarmNatPortErrors")
    nat_dropped_packets: values.Count = field(name="alarmNatDroppedPackets")
    kafka_disk_percent: values.Percent = field(name="alarmKafkaDiskPercent")
    kafka_cpu_percent: values.Percent = field(name="alarmKafkaCpuPercent")
    canary_percent: values.Percent = field(name="alarmCanaryPercent")
