"""The sink that the settings name."""

from engine.commands.kafka import kafka_connection
from engine.events import Sink
from engine.settings import Settings


def open_sink(settings: Settings) -> Sink | None:
    """Make the sink that events are published to; None for none. It connects when it is first used."""
    match settings.events_publisher:
        case "none":
            return None
        case "eventbridge":
            from engine.events.eventbridge import EventBridgeSink  # noqa: PLC0415 - imports boto3, which is slow

            return EventBridgeSink(settings.events_bus, settings.events_source, settings.aws_region)
        case "kafka":
            from engine.events.kafka.sink import KafkaSink  # noqa: PLC0415

            return KafkaSink(kafka_connection(settings), settings.events_source, settings.kafka_workflow_topics)
        case "webhook":
            from engine.events.webhook import WebhookSink  # noqa: PLC0415

            url, secret = settings.events_webhook_url, settings.events_webhook_secret
            if url is None or secret is None:
                raise ValueError(
                    "EVENTS_PUBLISHER is webhook: EVENTS_WEBHOOK_URL and EVENTS_WEBHOOK_SECRET must be set."
                )
            return WebhookSink(url, secret.value, settings.events_source)
