"""What watches the rest: metrics of the log, alarms, the dashboard and the budget."""

from infra.aws.budget import Budget, BudgetArgs
from infra.aws.log_metrics import LogMetrics, LogMetricsArgs
from infra.aws.monitoring import Monitoring, MonitoringArgs, Watched
from infra.stack.alerting import Alerting
from infra.stack.data import Data
from infra.stack.entrance import Entrance
from infra.stack.foundation import Foundation
from infra.stack.networking import Networking
from infra.stack.running import Running


def make_watching(
    base: Foundation, networking: Networking, data: Data, entrance: Entrance, alerting: Alerting, running: Running
) -> Monitoring:
    """Make them; the alarms and the dashboard are what others ask for."""
    settings, topic = base.settings, alerting.alerts.topic_arn
    if settings.reads_log:
        log = LogMetricsArgs(running.service.log_group_name, namespace=base.name)
        LogMetrics(f"{base.name}-log", log, base.opts)
    if settings.monitoring.budget:
        spending = settings.monitoring
        budget = BudgetArgs(settings.name, spending.budget, spending.budget_alerts, topic)
        Budget(f"{base.name}-budget", budget, base.opts)
    args = MonitoringArgs(
        region=base.account.region,
        watched=_watched(base, networking, data, entrance, running),
        topic_arn=topic,
        requests=alerting.requests,
        settings=settings.alarms,
    )
    return Monitoring(f"{base.name}-monitoring", args, base.opts)


def _watched(base: Foundation, networking: Networking, data: Data, entrance: Entrance, running: Running) -> Watched:
    settings = base.settings
    return Watched(
        cluster_name=running.service.cluster_name,
        service_name=running.service.service_name,
        log_metrics=base.name,
        load_balancer=entrance.api.arn_suffix,
        target_group=entrance.api.target_group_arn_suffix,
        database=data.database.identifier,
        replicas=data.replicas.identifiers if data.replicas else [],
        cache_nodes=data.cache.node_ids,
        nat_gateways=networking.network.nat_gateway_ids,
        # A standby's database is backed up where the one that it follows is.
        vaults=data.backups.vault_names if data.backups and not settings.standby.standby else [],
        kafka=data.events.cluster_name if data.events else None,
        kafka_brokers=settings.events.brokers_per_zone * settings.network.zone_count,
        canary=running.canary.canary_name if running.canary else None,
        canary_minutes=settings.canary.minutes,
    )
