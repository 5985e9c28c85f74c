"""What runs: the registry of the images, the service, and the canary that calls it by option."""

from dataclasses import dataclass

from pulumi import Output

from infra.aws.canary import Canary, CanaryArgs
from infra.aws.registry import Registry, RegistryArgs
from infra.aws.service import Service, ServiceArgs
from infra.contract import Contract
from infra.stack.alerting import Alerting
from infra.stack.data import Data
from infra.stack.entrance import Entrance
from infra.stack.foundation import Foundation, repository_name
from infra.stack.networking import Networking


@dataclass(frozen=True)
class Running:
    """The registry, the service (without tasks as long as there is no image), and the canary."""

    registry: Registry
    service: Service
    canary: Canary | None


def make_running(
    base: Foundation,
    contract: Contract,
    networking: Networking,
    data: Data,
    entrance: Entrance,
    alerting: Alerting,
) -> Running:
    """Make the service once all that its tasks need is there."""
    settings = base.settings
    registry = Registry(
        f"{base.name}-registry",
        RegistryArgs(repository_name(settings), settings.registry, base.account.id, base.key_arn),
        base.opts,
    )
    args = ServiceArgs(
        settings=settings,
        contract=contract,
        account=base.account,
        image=base.image_digest and Output.concat(registry.url, "@", base.image_digest),
        repository_arn=registry.arn,
        subnet_ids=networking.network.private_subnet_ids,
        security_group_id=networking.firewall.tasks_id,
        load_balancers=entrance.load_balancers,
        database_endpoint=data.database.endpoint,
        replica_endpoints=data.replicas.endpoints if data.replicas else [],
        cache_endpoint=data.cache.endpoint,
        secrets=data.secrets,
        rollback_alarms=alerting.requests.rollback_names if alerting.requests else [],
        log_metrics=base.name,
        archive=data.archive,
        events=data.events,
        key_arn=base.key_arn,
    )
    brokers = [data.events] if data.events else []
    needed = (networking.network, networking.firewall, data.secrets, data.database, data.cache, *brokers)
    service = Service(f"{base.name}-service", args, base.after(*needed, *entrance.load_balancers))
    return Running(registry, service, _canary(base, data, entrance, service))


def _canary(base: Foundation, data: Data, entrance: Entrance, service: Service) -> Canary | None:
    if not base.settings.canary.enabled or base.image_digest is None:
        return None
    args = CanaryArgs(base.account, base.settings, entrance.api.url, data.secrets.access_keys_arn, base.key_arn)
    return Canary(f"{base.name}-canary", args, base.after(service))
