"""Where events go, as a frozen model: an event bus, a web server, and brokers (Amazon MSK), each by option."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta, field

from infra.values import between

KafkaVersion = Annotated[
    str,
    Meta(
        pattern=r"^[34]\.[0-9]{1,2}\.([0-9]{1,2}|x)(\.kraft)?$",
        description='a version of Kafka that MSK has, such as "3.9.x" or "3.9.x.kraft"',
    ),
]
BrokerType = Annotated[
    str,
    Meta(
        pattern=r"^kafka\.[a-z][a-z0-9]*\.(small|large|[0-9]*xlarge)$",
        description="a broker type of MSK such as kafka.m7g.large",
    ),
]


EventBus = Annotated[
    str,
    Meta(
        pattern=r"^([A-Za-z0-9._/-]{1,256}|arn:aws[a-z-]*:events:[a-z0-9-]+:[0-9]{12}:event-bus/[A-Za-z0-9._/-]{1,256})?$",
        description="the name or the ARN of an event bus, or empty for none",
    ),
]


WebhookUrl = Annotated[
    str,
    Meta(
        pattern=r"^(https?://[^/\s@]+(/\S*)?)?$",
        description="a URL such as https://app.example.com/events, or empty for none",
    ),
]
Publisher = Literal["none", "eventbridge", "kafka", "webhook"]


class EventsSettings(msgspec.Struct, frozen=True, rename="camel"):
    """How changes of executions are published; whether there are brokers, how many and how large (GiB each)."""

    publisher: Publisher = field(name="eventsPublisher")
    bus: EventBus = field(name="eventBus")
    webhook_url: WebhookUrl = field(name="eventsWebhookUrl")
    enabled: bool = field(name="kafka")
    version: KafkaVersion = field(name="kafkaVersion")
    broker_type: BrokerType = field(name="kafkaBrokerType")
    brokers_per_zone: Annotated[int, between(1, 10, "brokers")] = field(name="kafkaBrokersPerZone")
    storage: Annotated[int, between(1, 16384, "GiB")] = field(name="kafkaStorage")
    max_storage: Annotated[int, between(1, 16384, "GiB")] = field(name="kafkaMaxStorage")
