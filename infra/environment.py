"""What the engine's containers find in their environment: plain values, and secrets by reference.

The names are the ones of `contract.toml`. Pure: what was created comes in as `Connections`.
"""

from dataclasses import dataclass

from infra.contract import WORKFLOW_TOPICS, Contract
from infra.data_store_settings import CACHE_USER
from infra.processes import PROCESSES, processes
from infra.settings import Settings

ROOT_CERTIFICATE = "DATABASE_SSL_ROOT_CERTIFICATE"
"""Setting that names the file in the image with the authorities of RDS."""


@dataclass(frozen=True)
class Connections:
    """What the engine is to be connected with: endpoints as host:port, secrets by ARN, the account it runs in.

    `webhook_arn` is None where events don't go to a web server. `replica_endpoints` are those of the database's read
    replicas with commas between them, empty where there are none; so are the `kafka_brokers`, and the `archive`, an
    s3:// address.
    """

    account_id: str
    database_endpoint: str
    replica_endpoints: str
    archive: str
    cache_endpoint: str
    database_user_arn: str
    database_admin_arn: str
    token_key_arn: str
    access_keys_arn: str
    cache_arn: str
    webhook_arn: str | None
    kafka_brokers: str


@dataclass(frozen=True)
class ContainerEnvironment:
    """One container's environment; `secrets` maps names to what ECS injects (`ARN:key::`)."""

    plain: dict[str, str]
    secrets: dict[str, str]

    def check(self, contract: Contract) -> None:
        """Raise `ValueError` when the engine doesn't know a name, or a secret would be shown."""
        wrong = list(contract.misplaced(self.plain, self.secrets))
        if wrong:
            raise ValueError("; ".join(wrong))


def engine_environment(settings: Settings, connections: Connections) -> ContainerEnvironment:
    """The environment of `engine serve`."""
    own = {name: render(value) for name, value in settings.service.engine_settings.items()}
    plain = {
        **own,
        PROCESSES: str(processes(settings.service.cpu, settings.service.engine_settings)),
        **_database(settings, connections),
        **_events(settings),
        **_kafka(settings, connections),
        "API_ACCESS_KEYS": reference(connections.access_keys_arn),
        "AUTHENTICATION": "optional" if settings.is_local else "required",
        "JWT_SECRET": reference(connections.token_key_arn, "jwtSecret"),
        "MANAGEMENT_PORT": str(settings.service.management_port),
        "REDIS_PASSWORD": reference(connections.cache_arn, "password"),
        "REDIS_TLS": render(settings.cache.tls),
        "REDIS_USERNAME": CACHE_USER,
        "WORKFLOW_ADDR": f":{settings.service.api_port}",
        "WORKFLOW_REDIS_ADDR": connections.cache_endpoint,
    }
    if connections.replica_endpoints:
        plain["DATABASE_READ_REPLICAS"] = connections.replica_endpoints
    if connections.archive:
        plain["HISTORY_ARCHIVE"] = connections.archive
    if settings.service.role_arns:
        plain["TASK_ROLE_ARNS"] = ",".join(settings.service.role_arns)
    webhook = connections.webhook_arn
    return ContainerEnvironment(plain, {"EVENTS_WEBHOOK_SECRET": f"{webhook}:signingSecret::"} if webhook else {})


def migration_environment(settings: Settings, connections: Connections) -> ContainerEnvironment:
    """The environment of `engine migrate`, which alone gets the database's admin user.

    It gets the key of bearer tokens as well, since every command of the engine checks what the profile requires.
    """
    plain = {
        **_database(settings, connections),
        "DATABASE_ADMIN_USER": settings.database.admin_user,
        "JWT_SECRET": reference(connections.token_key_arn, "jwtSecret"),
    }
    # Injected, since the task's own role, which the engine acts by, may not read it.
    return ContainerEnvironment(plain, {"DATABASE_ADMIN_PASSWORD": f"{connections.database_admin_arn}:password::"})


def topics_environment(settings: Settings, connections: Connections) -> ContainerEnvironment:
    """The environment of `engine topics`: where the brokers are, and what every command checks."""
    own = settings.service.engine_settings
    plain = {
        **({WORKFLOW_TOPICS: render(own[WORKFLOW_TOPICS])} if WORKFLOW_TOPICS in own else {}),
        **_database(settings, connections),
        **_kafka(settings, connections),
        "JWT_SECRET": reference(connections.token_key_arn, "jwtSecret"),
    }
    return ContainerEnvironment(plain, {})


def ssl_mode(*, tls: bool, verified: bool) -> str:
    """How the engine uses TLS (libpq's sslmode): it checks the server's name where the image has RDS's authorities."""
    if not tls:
        return "disable"
    return "verify-full" if verified else "require"


def reference(arn: str, key: str = "") -> str:
    """Where the engine itself reads a secret, or one key of its JSON object; it does so again while it runs."""
    return f"secretsmanager:{arn}" + (f"#{key}" if key else "")


def render(value: str | float | bool) -> str:  # noqa: FBT001 a value of any type
    """A value as environment variables have it."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _events(settings: Settings) -> dict[str, str]:
    events = settings.events
    match events.publisher:
        case "eventbridge":
            return {"EVENTS_PUBLISHER": events.publisher, "EVENTS_BUS": events.bus}
        case "webhook":
            return {"EVENTS_PUBLISHER": events.publisher, "EVENTS_WEBHOOK_URL": events.webhook_url}
        case "kafka":
            return {"EVENTS_PUBLISHER": events.publisher}
        case "none":
            return {}


def _kafka(settings: Settings, connections: Connections) -> dict[str, str]:
    """How brokers are reached: by TLS and the task's role, with a copy of each partition in every zone."""
    if not settings.events.enabled:
        return {}
    return {
        "KAFKA_BOOTSTRAP_SERVERS": connections.kafka_brokers,
        "KAFKA_REPLICATION_FACTOR": str(settings.network.zone_count),
        "KAFKA_SASL_MECHANISM": "aws_msk_iam",
        "KAFKA_SECURITY_PROTOCOL": "sasl_ssl",
    }


def _database(settings: Settings, connections: Connections) -> dict[str, str]:
    root_certificate = settings.service.engine_settings.get(ROOT_CERTIFICATE)
    verified = {ROOT_CERTIFICATE: str(root_certificate)} if root_certificate else {}
    return {
        **verified,
        "AWS_ACCOUNT_ID": connections.account_id,
        "AWS_REGION": settings.provider.region,
        "DATABASE_SSL": ssl_mode(tls=settings.database.tls, verified=bool(verified)),
        "ENVIRONMENT": settings.stack.environment,
        "WORKFLOW_DB_HOST": connections.database_endpoint,
        "WORKFLOW_DB_NAME": settings.database.name,
        "WORKFLOW_DB_PASSWORD": reference(connections.database_user_arn, "password"),
        "WORKFLOW_DB_USER": settings.database.user,
    }
