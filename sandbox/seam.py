"""What the account tells the machine under it: databases, caches and load balancers that come, change and go.

The AWS side of the sandbox calls a :class:`DataPlane` from moto's own backends, so any client counts: the Pulumi
provider, boto3 in another process, a test. The machine side answers with the addresses under which the real thing
listens, and these are what the AWS API then reports.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping


class Endpoint(NamedTuple):
    """Where a data store listens."""

    address: str
    port: int


class CacheUser(NamedTuple):
    """A user of a cache: what it may do, as an access string, and up to two passwords; without one it needs none."""

    name: str
    access: str
    passwords: tuple[str, ...]


class CacheAccess(NamedTuple):
    """Whom a cache lets in: whoever has the token, or its users (one is `default`); without either, everybody."""

    token: str | None = None
    users: tuple[CacheUser, ...] = ()


class DataPlane(Protocol):
    """Runs what the account only describes. Calls are synchronous, from any thread; an exception fails the API call."""

    def database_created(
        self,
        region: str,
        identifier: str,
        *,
        engine_version: str,
        port: int,
        username: str,
        password: str,
        database: str | None,
        parameters: Mapping[str, str],
    ) -> Endpoint:
        """Start a database instance; `parameters` are those set in its parameter group (RDS, CreateDBInstance)."""

    def database_changed(
        self, region: str, identifier: str, *, password: str | None, parameters: Mapping[str, str] | None
    ) -> None:
        """Apply a new master password or new parameters; None leaves as it is (RDS, ModifyDBInstance)."""

    def database_deleted(self, region: str, identifier: str) -> None:
        """Stop a database instance (RDS, DeleteDBInstance)."""

    def cache_created(
        self, region: str, identifier: str, *, port: int, access: CacheAccess, transit_encryption: bool
    ) -> Endpoint:
        """Start a cache (ElastiCache, CreateReplicationGroup)."""

    def cache_changed(self, region: str, identifier: str, access: CacheAccess) -> None:
        """Let others in (ElastiCache, ModifyReplicationGroup, ModifyUserGroup and ModifyUser)."""

    def cache_deleted(self, region: str, identifier: str) -> None:
        """Stop a cache (ElastiCache, DeleteReplicationGroup)."""

    def load_balancer_created(self, region: str, arn: str, *, internal: bool) -> str:
        """Give a load balancer its address, which becomes its DNSName (ELBv2, CreateLoadBalancer)."""

    def load_balancer_deleted(self, region: str, arn: str) -> None:
        """Free a load balancer's address (ELBv2, DeleteLoadBalancer)."""


class NullDataPlane:
    """A data plane with nothing behind it: every address is a name that AWS could have given."""

    def database_created(
        self,
        region: str,
        identifier: str,
        *,
        engine_version: str,  # noqa: ARG002
        port: int,
        username: str,  # noqa: ARG002
        password: str,  # noqa: ARG002
        database: str | None,  # noqa: ARG002
        parameters: Mapping[str, str],  # noqa: ARG002
    ) -> Endpoint:
        """Name the database's host."""
        return Endpoint(f"{identifier}.c9akciq32.{region}.rds.amazonaws.com", port)

    def database_changed(
        self, region: str, identifier: str, *, password: str | None, parameters: Mapping[str, str] | None
    ) -> None:
        """Change nothing."""

    def database_deleted(self, region: str, identifier: str) -> None:
        """Stop nothing."""

    def cache_created(
        self,
        region: str,
        identifier: str,
        *,
        port: int,
        access: CacheAccess,  # noqa: ARG002
        transit_encryption: bool,  # noqa: ARG002
    ) -> Endpoint:
        """Name the cache's host."""
        return Endpoint(f"master.{identifier}.ap7zlb.{region}.cache.amazonaws.com", port)

    def cache_changed(self, region: str, identifier: str, access: CacheAccess) -> None:
        """Change nothing."""

    def cache_deleted(self, region: str, identifier: str) -> None:
        """Stop nothing."""

    def load_balancer_created(self, region: str, arn: str, *, internal: bool) -> str:
        """Name the load balancer as AWS does."""
        scheme = "internal-" if internal else ""
        name, number = arn.split("/")[-2:]
        return f"{scheme}{name}-{number}.{region}.elb.amazonaws.com"

    def load_balancer_deleted(self, region: str, arn: str) -> None:
        """Free nothing."""
