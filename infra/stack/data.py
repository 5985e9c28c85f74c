"""The data: secrets, database, cache and, by option, replicas, archive, backups and brokers."""

from dataclasses import dataclass

from infra.aws.archive import Archive, ArchiveArgs, ArchivePlace
from infra.aws.archive_copy import ArchiveCopy, ArchiveCopyArgs, archive_copy_provider, copy_region
from infra.aws.backup import Backups, BackupsArgs, copies_provider
from infra.aws.cache import Cache, CacheArgs
from infra.aws.database import Database, DatabaseArgs
from infra.aws.events import Events, EventsArgs
from infra.aws.replicas import Replicas, ReplicasArgs
from infra.aws.secrets import Secrets, SecretsArgs
from infra.stack.foundation import Foundation
from infra.stack.networking import Networking


@dataclass(frozen=True)
class Data:
    """What keeps state; None where the stack has no such thing."""

    secrets: Secrets
    database: Database
    replicas: Replicas | None
    cache: Cache
    archive: ArchivePlace | None
    archive_copy: ArchivePlace | None
    backups: Backups | None
    events: Events | None


def make_data(base: Foundation, networking: Networking) -> Data:
    """Make the data stores, in the data subnets."""
    secrets = Secrets(f"{base.name}-secrets", SecretsArgs(base.settings, base.key_arn), base.opts)
    database = _database(base, networking, secrets)
    archive, archive_copy = _archives(base)
    return Data(
        secrets=secrets,
        database=database,
        replicas=_replicas(base, networking, database),
        cache=_cache(base, networking, secrets),
        archive=archive,
        archive_copy=archive_copy,
        backups=_backups(base),
        events=_events(base, networking),
    )


def _database(base: Foundation, networking: Networking, secrets: Secrets) -> Database:
    args = DatabaseArgs(
        subnet_ids=networking.network.data_subnet_ids,
        security_group_id=networking.firewall.database_id,
        admin_password=secrets.database_admin_password,
        settings=base.settings,
        key_arn=base.key_arn,
    )
    return Database(f"{base.name}-database", args, base.opts)


def _replicas(base: Foundation, networking: Networking, database: Database) -> Replicas | None:
    # What follows the other region's database has no replicas of its own.
    if not base.settings.database.replicas or base.settings.standby.standby:
        return None
    args = ReplicasArgs(database, networking.firewall.database_id, base.settings, base.key_arn)
    return Replicas(f"{base.name}-replica", args, base.opts)


def _cache(base: Foundation, networking: Networking, secrets: Secrets) -> Cache:
    args = CacheArgs(
        subnet_ids=networking.network.data_subnet_ids,
        security_group_id=networking.firewall.cache_id,
        password=secrets.cache_password,
        settings=base.settings,
        key_arn=base.key_arn,
    )
    return Cache(f"{base.name}-cache", args, base.opts)


def _archives(base: Foundation) -> tuple[ArchivePlace | None, ArchivePlace | None]:
    """Where the engine archives, and the copy of that in another region."""
    settings = base.settings
    if not settings.backup.archive:
        return None, None
    if settings.standby.primary:  # the first stack's copy, in this region
        given = settings.standby
        return ArchivePlace(given.archive, base.account, given.archive_key or None), None
    archive = Archive(f"{base.name}-archive", ArchiveArgs(base.account, settings, base.key_arn), base.opts)
    if not copy_region(settings):
        return archive.place, None
    args = ArchiveCopyArgs(archive, settings, archive_copy_provider(settings, base.tags))
    return archive.place, ArchiveCopy(f"{base.name}-archive-copy", args, base.opts).place


def _backups(base: Foundation) -> Backups | None:
    if not base.settings.backup.days:
        return None
    copies = copies_provider(base.settings, base.tags)
    return Backups(f"{base.name}-backup", BackupsArgs(base.account, base.settings, base.key_arn, copies), base.opts)


def _events(base: Foundation, networking: Networking) -> Events | None:
    group = networking.firewall.events_id
    if group is None:
        return None
    args = EventsArgs(networking.network.data_subnet_ids, group, base.settings, base.key_arn)
    return Events(f"{base.name}-events", args, base.opts)
