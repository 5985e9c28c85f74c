"""What a stack tells about itself, which the operations read."""

import msgspec
import pulumi
from pulumi import Output

from infra.aws.monitoring import Monitoring
from infra.stack.alerting import Alerting
from infra.stack.data import Data
from infra.stack.entrance import Entrance
from infra.stack.foundation import Foundation
from infra.stack.networking import Networking
from infra.stack.running import Running

Text = Output[str] | str


class Exports(msgspec.Struct, frozen=True, rename="camel"):
    """The stack's outputs, by their names in camel case; empty where the stack has no such thing."""

    api_url: Text
    load_balancer_dns_name: Text
    management_url: Text
    registry_url: Text
    database_arn: Text
    database_replica_of: str
    database_endpoint: Text
    cache_endpoint: Text
    cache_secret_arn: Text
    cache_user_id: Text
    archive: Text
    archive_copy_bucket: Text
    archive_copy_key_arn: Text
    backup_vault_name: Text
    kafka_brokers: Text
    cluster_name: Text
    service_name: Text
    task_definition_arn: Text
    log_group_name: Text
    alerts_topic_arn: Text
    dashboard_name: Text
    access_keys_secret_arn: Text
    token_key_secret_arn: Text
    database_admin_secret_arn: Text
    database_user_secret_arn: Text
    webhook_secret_arn: Text
    vpc_id: Text
    region: str
    environment: str
    image_tag: str
    task_architecture: str
    image_digest: str
    desired_count: int


def export(exports: Exports) -> None:
    """Make each a stack output."""
    for field in msgspec.structs.fields(Exports):
        pulumi.export(field.encode_name, getattr(exports, field.name))


def exports_of(
    base: Foundation,
    networking: Networking,
    data: Data,
    entrance: Entrance,
    alerting: Alerting,
    running: Running,
    monitoring: Monitoring,
) -> Exports:
    """The outputs of a stack that is made of these layers."""
    settings, service = base.settings, running.service
    return Exports(
        api_url=entrance.api.url,
        load_balancer_dns_name=entrance.api.dns_name,
        management_url=entrance.management.url if entrance.management else "",
        registry_url=running.registry.url,
        database_arn=data.database.arn,
        database_replica_of=settings.standby.replica_of,
        database_endpoint=data.database.endpoint,
        cache_endpoint=data.cache.endpoint,
        cache_secret_arn=data.secrets.cache_arn,
        cache_user_id=data.cache.user_id,
        archive=data.archive.location if data.archive else "",
        archive_copy_bucket=Output.from_input(data.archive_copy.bucket) if data.archive_copy else "",
        archive_copy_key_arn=Output.from_input(data.archive_copy.key_arn or "") if data.archive_copy else "",
        backup_vault_name=data.backups.vault_name if data.backups else "",
        kafka_brokers=data.events.brokers if data.events else "",
        cluster_name=service.cluster_name,
        service_name=service.service_name or "",
        task_definition_arn=service.task_definition_arn or "",
        log_group_name=service.log_group_name,
        alerts_topic_arn=alerting.alerts.topic_arn,
        dashboard_name=monitoring.dashboard_name,
        access_keys_secret_arn=data.secrets.access_keys_arn,
        token_key_secret_arn=data.secrets.token_key_arn,
        database_admin_secret_arn=data.secrets.database_admin_arn,
        database_user_secret_arn=data.secrets.database_user_arn,
        webhook_secret_arn=data.secrets.webhook_arn or "",
        vpc_id=networking.network.vpc_id,
        region=base.account.region,
        environment=settings.stack.environment,
        image_tag=settings.registry.image_tag,
        task_architecture=settings.compute.architecture,
        image_digest=base.image_digest or "",
        desired_count=settings.service.desired_count if base.image_digest else 0,
    )
