"""Who is told, and the alarms on requests: made before the service, as some of them take its deployments back."""

from dataclasses import dataclass

from infra.aws.alerts import Alerts, AlertsArgs
from infra.aws.request_alarms import RequestAlarms, RequestAlarmsArgs
from infra.stack.entrance import Entrance
from infra.stack.foundation import Foundation


@dataclass(frozen=True)
class Alerting:
    """The topic, and the alarms on requests where the stack has alarms."""

    alerts: Alerts
    requests: RequestAlarms | None


def make_alerting(base: Foundation, entrance: Entrance) -> Alerting:
    """Make both."""
    settings = base.settings
    alerts = Alerts(f"{base.name}-alerts", AlertsArgs(base.account, settings.monitoring, base.key_arn), base.opts)
    if not settings.monitoring.alarms:
        return Alerting(alerts, None)
    args = RequestAlarmsArgs(
        load_balancer=entrance.api.arn_suffix,
        target_group=entrance.api.target_group_arn_suffix,
        topic_arn=alerts.topic_arn,
        serving=base.image_digest is not None and settings.service.desired_count > 0,
        settings=settings.alarms,
    )
    return Alerting(alerts, RequestAlarms(f"{base.name}-requests", args, base.opts))
