"""The alarm of the canary ("CloudWatch metrics published by canaries")."""

from infra.alarm_settings import AlarmSettings
from infra.aws.alarms.alarm import Alarm, Metric


def canary_alarms(at: AlarmSettings, minutes: int) -> list[Alarm]:
    """Runs that failed, or didn't take place; `minutes` are those from one run to the next."""
    return [
        Alarm(
            name="canary",
            means=f"Less than {at.canary_percent} % of the canary's runs succeeded, or there were none",
            remedy="Its log says which step fails from outside: name, certificate, load balancer, access key.",
            setting="alarmCanaryPercent",
            threshold=at.canary_percent,
            metrics=(Metric("CloudWatchSynthetics", "SuccessPercent", ("CanaryName",), "Average"),),
            comparison="LessThanThreshold",
            period=minutes * 60,
            periods=2,
            missing_data="breaching",
        ),
    ]
