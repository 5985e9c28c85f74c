"""The stack on one screen: its settings, its components, its exports."""

# ruff: noqa: E402 the path must be set before anything of ours is imported

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))  # Pulumi puts this folder on the path; `infra` is found from the one above.

import pulumi
from pulumi import Output, ResourceOptions
from pulumi.runtime.config import CONFIG

from infra.aws.alerts import Alerts, AlertsArgs
from infra.aws.archive import Archive, ArchiveArgs
from infra.aws.backup import Backups, BackupsArgs, copies_provider
from infra.aws.budget import Budget, BudgetArgs
from infra.aws.cache import Cache, CacheArgs
from infra.aws.canary import Canary, CanaryArgs
from infra.aws.database import Database, DatabaseArgs
from infra.aws.dns import find_hosted_zone
from infra.aws.encryption import EncryptionKey, EncryptionKeyArgs
from infra.aws.entrances import EntranceArgs, access_logs_bucket, management_entrance, public_entrance
from infra.aws.events import Events, EventsArgs
from infra.aws.firewall import Firewall, FirewallArgs
from infra.aws.log_metrics import LogMetrics, LogMetricsArgs
from infra.aws.monitoring import Monitoring, MonitoringArgs, Watched
from infra.aws.network import Network, NetworkArgs
from infra.aws.provider import find_account, make_provider
from infra.aws.registry import Registry, RegistryArgs, find_image_digest
from infra.aws.replicas import Replicas, ReplicasArgs
from infra.aws.request_alarms import RequestAlarms, RequestAlarmsArgs
from infra.aws.secrets import Secrets, SecretsArgs
from infra.aws.service import Service, ServiceArgs
from infra.contract import read_contract
from infra.settings import PROJECT, load

contract = read_contract(ROOT / "contract.toml")
settings = load(CONFIG.get(), stack=pulumi.get_stack(), contract=contract)
name = settings.prefix

tags = {"project": PROJECT, "stack": settings.name, "managed-by": "pulumi"}
provider = make_provider(name, settings.provider, tags)
account = find_account(provider, settings.provider, settings.network.zone_count)
zone = find_hosted_zone(settings.load_balancer, provider)
# Images come from the first region to a repository of the same name.
repository = f"{PROJECT}-{settings.standby.primary}" if settings.standby.primary else name
digest = None if settings.standby.standby else find_image_digest(repository, settings.registry.image_tag, provider)

opts = ResourceOptions(providers=[provider])
own_key = settings.stack.encryption_key == "stack"
key_arn = EncryptionKey(f"{name}-key", EncryptionKeyArgs(account, settings), opts).arn if own_key else None
registry = Registry(f"{name}-registry", RegistryArgs(repository, settings.registry, account.id, key_arn), opts)
network = Network(f"{name}-network", NetworkArgs(settings.network, account, key_arn), opts)
firewall = Firewall(f"{name}-firewall", FirewallArgs(network.vpc_id, settings), opts)
secrets = Secrets(f"{name}-secrets", SecretsArgs(settings, key_arn), opts)
database = Database(
    f"{name}-database",
    DatabaseArgs(network.data_subnet_ids, firewall.database_id, secrets.database_admin_password, settings, key_arn),
    opts,
)
replicas = (
    Replicas(f"{name}-replica", ReplicasArgs(database, firewall.database_id, settings, key_arn), opts)
    if settings.database.replicas and not settings.standby.standby
    else None
)
cache = Cache(
    f"{name}-cache",
    CacheArgs(network.data_subnet_ids, firewall.cache_id, secrets.cache_password, settings, key_arn),
    opts,
)
archive = Archive(f"{name}-archive", ArchiveArgs(account, settings, key_arn), opts) if settings.backup.archive else None
backups = (
    Backups(f"{name}-backup", BackupsArgs(account, settings, key_arn, copies_provider(settings, tags)), opts)
    if settings.backup.days
    else None
)
events = (
    Events(
        f"{name}-events",
        EventsArgs(network.data_subnet_ids, firewall.events_id, settings, key_arn),
        opts,
    )
    if firewall.events_id is not None
    else None
)
in_network = ResourceOptions(providers=[provider], depends_on=[network])
logs_bucket = access_logs_bucket(f"{name}-access-logs", account, settings, opts)
entrance = EntranceArgs(network, firewall, zone, logs_bucket, settings)
api = public_entrance(name, entrance, in_network)
management = management_entrance(f"{name}-ui", entrance, in_network)
load_balancers = [api, management] if management else [api]
alerts = Alerts(f"{name}-alerts", AlertsArgs(account, settings.monitoring, key_arn), opts)
requests = (
    RequestAlarms(
        f"{name}-requests",
        RequestAlarmsArgs(
            load_balancer=api.arn_suffix,
            target_group=api.target_group_arn_suffix,
            topic_arn=alerts.topic_arn,
            serving=digest is not None and settings.service.desired_count > 0,
            settings=settings.alarms,
        ),
        opts,
    )
    if settings.monitoring.alarms
    else None
)
service = Service(
    f"{name}-service",
    ServiceArgs(
        settings=settings,
        contract=contract,
        account=account,
        image=digest and Output.concat(registry.url, "@", digest),
        repository_arn=registry.arn,
        subnet_ids=network.private_subnet_ids,
        security_group_id=firewall.tasks_id,
        load_balancers=load_balancers,
        database_endpoint=database.endpoint,
        replica_endpoints=replicas.endpoints if replicas else [],
        cache_endpoint=cache.endpoint,
        secrets=secrets,
        rollback_alarms=requests.rollback_names if requests else [],
        log_metrics=name,
        archive=archive,
        key_arn=key_arn,
    ),
    ResourceOptions(providers=[provider], depends_on=[network, firewall, secrets, database, cache, *load_balancers]),
)
canary = (
    Canary(
        f"{name}-canary",
        CanaryArgs(account, settings, api.url, secrets.api_arn, key_arn),
        ResourceOptions(providers=[provider], depends_on=[service]),
    )
    if settings.canary.enabled and digest is not None
    else None
)
if settings.reads_log:
    LogMetrics(f"{name}-log", LogMetricsArgs(service.log_group_name, namespace=name), opts)
monitoring = Monitoring(
    f"{name}-monitoring",
    MonitoringArgs(
        region=account.region,
        watched=Watched(
            cluster_name=service.cluster_name,
            service_name=service.service_name,
            log_metrics=name,
            load_balancer=api.arn_suffix,
            target_group=api.target_group_arn_suffix,
            database=database.identifier,
            replicas=replicas.identifiers if replicas else [],
            cache_nodes=cache.node_ids,
            nat_gateways=network.nat_gateway_ids,
            kafka=events.cluster_name if events else None,
            kafka_brokers=settings.events.brokers_per_zone * settings.network.zone_count,
            canary=canary.canary_name if canary else None,
            canary_minutes=settings.canary.minutes,
        ),
        topic_arn=alerts.topic_arn,
        requests=requests,
        settings=settings.alarms,
    ),
    opts,
)
if settings.monitoring.budget:
    spending = settings.monitoring
    Budget(f"{name}-budget", BudgetArgs(settings.name, spending.budget, spending.budget_alerts, alerts.topic_arn), opts)

pulumi.export("apiUrl", api.url)
pulumi.export("loadBalancerDnsName", api.dns_name)
pulumi.export("managementUrl", management.url if management else "")
pulumi.export("registryUrl", registry.url)
pulumi.export("databaseArn", database.arn)
pulumi.export("databaseReplicaOf", settings.standby.replica_of)
pulumi.export("databaseEndpoint", database.endpoint)
pulumi.export("cacheEndpoint", cache.endpoint)
pulumi.export("archive", archive.location if archive else "")
pulumi.export("backupVaultName", backups.vault_name if backups else "")
pulumi.export("kafkaBrokers", events.brokers if events else "")
pulumi.export("clusterName", service.cluster_name)
pulumi.export("serviceName", service.service_name or "")
pulumi.export("taskDefinitionArn", service.task_definition_arn or "")
pulumi.export("logGroupName", service.log_group_name)
pulumi.export("alertsTopicArn", alerts.topic_arn)
pulumi.export("dashboardName", monitoring.dashboard_name)
pulumi.export("apiTokenSecretArn", secrets.api_arn)
pulumi.export("databaseAdminSecretArn", secrets.database_admin_arn)
pulumi.export("databaseUserSecretArn", secrets.database_user_arn)
pulumi.export("vpcId", network.vpc_id)
pulumi.export("region", account.region)
pulumi.export("environment", settings.stack.environment)
pulumi.export("imageTag", settings.registry.image_tag)
pulumi.export("taskArchitecture", settings.compute.architecture)
pulumi.export("imageDigest", digest or "")
pulumi.export("desiredCount", settings.service.desired_count if digest else 0)
