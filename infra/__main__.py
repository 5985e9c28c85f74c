"""The stack on one screen: its settings, its components, its exports."""

# ruff: noqa: E402 the path must be set before anything of ours is imported

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))  # Pulumi puts this folder on the path; `infra` is found from the one above.

import pulumi
from pulumi import Output, ResourceOptions
from pulumi.runtime.config import CONFIG

from infra.aws.cache import Cache, CacheArgs
from infra.aws.database import Database, DatabaseArgs
from infra.aws.firewall import Firewall, FirewallArgs
from infra.aws.load_balancer import management_load_balancer, public_load_balancer
from infra.aws.monitoring import Monitoring, MonitoringArgs
from infra.aws.network import Network, NetworkArgs
from infra.aws.provider import find_account, make_provider
from infra.aws.registry import Registry, RegistryArgs, find_image_digest
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
digest = find_image_digest(name, settings.registry.image_tag, provider)

opts = ResourceOptions(providers=[provider])
registry = Registry(f"{name}-registry", RegistryArgs(name, settings.registry), opts)
network = Network(f"{name}-network", NetworkArgs(settings.network, account), opts)
firewall = Firewall(f"{name}-firewall", FirewallArgs(network.vpc_id, settings), opts)
secrets = Secrets(f"{name}-secrets", SecretsArgs(settings), opts)
database = Database(
    f"{name}-database",
    DatabaseArgs(network.data_subnet_ids, firewall.database_id, secrets.database_admin_password, settings),
    opts,
)
cache = Cache(
    f"{name}-cache",
    CacheArgs(network.data_subnet_ids, firewall.cache_id, secrets.cache_password, settings),
    opts,
)
in_network = ResourceOptions(providers=[provider], depends_on=[network])
api = public_load_balancer(name, network, firewall, settings, in_network)
management = management_load_balancer(f"{name}-ui", network, firewall, settings, in_network)
load_balancers = [api, management] if management else [api]
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
        cache_endpoint=cache.endpoint,
        secrets=secrets,
    ),
    ResourceOptions(providers=[provider], depends_on=[network, firewall, secrets, database, cache, *load_balancers]),
)
monitoring = Monitoring(
    f"{name}-monitoring",
    MonitoringArgs(
        region=account.region,
        cluster_name=service.cluster_name,
        service_name=service.service_name,
        load_balancer=api.arn_suffix,
        target_group=api.target_group_arn_suffix,
        database=database.identifier,
        cache_nodes=cache.node_ids,
        settings=settings.monitoring,
    ),
    opts,
)

pulumi.export("apiUrl", api.url)
pulumi.export("loadBalancerDnsName", api.dns_name)
pulumi.export("managementUrl", management.url if management else "")
pulumi.export("registryUrl", registry.url)
pulumi.export("databaseEndpoint", database.endpoint)
pulumi.export("cacheEndpoint", cache.endpoint)
pulumi.export("clusterName", service.cluster_name)
pulumi.export("serviceName", service.service_name or "")
pulumi.export("taskDefinitionArn", service.task_definition_arn or "")
pulumi.export("logGroupName", service.log_group_name)
pulumi.export("alertsTopicArn", monitoring.alerts_topic_arn)
pulumi.export("dashboardName", monitoring.dashboard_name)
pulumi.export("apiTokenSecretArn", secrets.api_arn)
pulumi.export("databaseUserSecretArn", secrets.database_user_arn)
pulumi.export("vpcId", network.vpc_id)
pulumi.export("region", account.region)
pulumi.export("environment", settings.stack.environment)
pulumi.export("imageTag", settings.registry.image_tag)
pulumi.export("imageDigest", digest or "")
pulumi.export("desiredCount", settings.service.desired_count if digest else 0)
