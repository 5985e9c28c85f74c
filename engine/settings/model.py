"""The settings of one process: one field for each name in `contract.toml`, in lower case."""

from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import quote

import msgspec

from engine.settings.secrets import Secret
from engine.settings.values import Address, read_address
from engine.storage import SslMode

POSTGRESQL_PORT = 5432
REDIS_PORT = 6379
LEAST_SECRET_LENGTH = 8
ORGANIZATION_PATTERN = r"\A[^\s\x00-\x1f\x7f-\x9f\ud800-\udfff]{1,128}\Z"


class AccessKey(msgspec.Struct, frozen=True, rename="camel", forbid_unknown_fields=True):
    """An AWS-style key pair and the organization that it acts for."""

    access_key_id: Annotated[str, msgspec.Meta(pattern=r"\A[^/,\s]{1,128}\Z")]
    secret_access_key: Annotated[str, msgspec.Meta(min_length=LEAST_SECRET_LENGTH)]
    organization: Annotated[str, msgspec.Meta(pattern=ORGANIZATION_PATTERN)] = "default"

    def __repr__(self) -> str:
        """Without the secret."""
        return f"AccessKey({self.access_key_id!r}, organization={self.organization!r})"


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Settings as the contract defines them. Durations are seconds; secrets don't show in repr."""

    environment: Literal["local", "dev", "staging", "production"]
    workflow_addr: Address
    host: str
    management_port: int
    metrics_port: int | None
    metrics_enabled: bool
    aws_region: str
    aws_account_id: str
    engine_processes: int
    workflow_components: tuple[str, ...]
    workflow_db_host: Address | None
    workflow_db_name: str
    workflow_db_user: str
    workflow_db_password: Secret | None
    workflow_db_file: str
    database_admin_user: str | None
    database_admin_password: Secret | None
    database_pool_size: int
    database_read_replicas: tuple[str, ...]
    prefer_replica: bool
    database_ssl: SslMode
    database_ssl_root_certificate: str | None
    workflow_redis_addr: Address | None
    redis_username: str | None
    redis_password: Secret | None
    redis_tls: bool
    max_concurrent_executions: int
    payload_inline_max_bytes: int
    history_archive: str | None
    history_retention_days: int
    payload_max_bytes: int
    workflow_retry_max_attempts: int
    workflow_timeout_default_seconds: float
    process_lease_seconds: float
    handler_wait_seconds: float
    shutdown_drain_seconds: float
    http_task_allow_loopback: bool
    task_role_arns: tuple[str, ...]
    events_publisher: Literal["none", "eventbridge", "kafka", "webhook"]
    events_source: str
    events_bus: str
    events_webhook_url: str | None
    events_webhook_secret: Secret | None
    kafka_bootstrap_servers: tuple[str, ...]
    kafka_security_protocol: Literal["plaintext", "ssl", "sasl_plaintext", "sasl_ssl"]
    kafka_sasl_mechanism: Literal["plain", "scram-sha-256", "scram-sha-512", "aws_msk_iam"] | None
    kafka_sasl_username: str | None
    kafka_sasl_password: Secret | None
    kafka_ssl_root_certificate: str | None
    kafka_workflow_topics: tuple[str, ...]
    kafka_replication_factor: int
    authentication: Literal["required", "optional"]
    jwt_secret: Secret | None
    jwt_expiry: float
    api_access_keys: Secret | None
    cors_origin: tuple[str, ...]
    cors_credentials: bool
    rate_limit_max_requests: int
    rate_limit_window: float
    keep_alive_seconds: float
    request_max_bytes: int
    log_level: Literal["debug", "info", "warning", "error"]
    log_format: Literal["json", "console"]

    @property
    def api_address(self) -> tuple[str, int]:
        """Host and port that the API listens on."""
        return (
            self.workflow_addr.host or self.host,
            8080 if self.workflow_addr.port is None else self.workflow_addr.port,
        )

    @property
    def one_port(self) -> bool:
        """Whether the management pages are served on the API's port."""
        return self.management_port == self.api_address[1] != 0

    @property
    def database_url(self) -> str:
        """`postgresql://user@host:port/database`, `sqlite:///file` or `memory:`; never with a password."""
        if self.workflow_db_host is None:
            file = self.workflow_db_file
            return "memory:" if file == ":memory:" else f"sqlite:///{file}"
        address = Address(self.workflow_db_host.host or "localhost", self.workflow_db_host.port or POSTGRESQL_PORT)
        user, database = quote(self.workflow_db_user, safe=""), quote(self.workflow_db_name, safe="")
        return f"postgresql://{user}@{address}/{database}"

    @property
    def read_replicas(self) -> tuple[tuple[str, int], ...]:
        """Hosts and ports of DATABASE_READ_REPLICAS, none without PREFER_REPLICA."""
        found = [read_address(text) for text in self.database_read_replicas] if self.prefer_replica else []
        return tuple((a.host or "localhost", a.port or POSTGRESQL_PORT) for a in found if a is not None)

    @property
    def root_certificate(self) -> Path | None:
        """File of DATABASE_SSL_ROOT_CERTIFICATE."""
        return Path(self.database_ssl_root_certificate) if self.database_ssl_root_certificate else None

    @property
    def redis_url(self) -> str | None:
        """`redis://host:port` or `rediss://…`, without the password."""
        if self.workflow_redis_addr is None:
            return None
        address = Address(self.workflow_redis_addr.host or "localhost", self.workflow_redis_addr.port or REDIS_PORT)
        return f"redis{'s' if self.redis_tls else ''}://{address}"

    @property
    def access_keys(self) -> tuple[AccessKey, ...]:
        """The decoded API_ACCESS_KEYS."""
        if self.api_access_keys is None:
            return ()
        return decode_access_keys(self.api_access_keys.value)


def decode_access_keys(text: str) -> tuple[AccessKey, ...]:
    """The access keys in a JSON list; raises `msgspec.DecodeError`."""
    return msgspec.json.decode(text, type=tuple[AccessKey, ...])
