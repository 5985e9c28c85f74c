"""Backups of the database beyond its own, and the archive of old executions, as a frozen model."""

from typing import Annotated

import msgspec
from msgspec import field

from infra import values
from infra.values import between


class BackupSettings(msgspec.Struct, frozen=True, rename="camel"):
    """AWS Backup (0 days: none; an empty region: no copies), and the bucket of the archive."""

    days: Annotated[int, between(0, 36500, "days")] = field(name="backupDays")
    copy_region: values.OptionalRegion = field(name="backupCopyRegion")
    archive: bool
    archive_lock_days: Annotated[int, between(1, 3650, "days")]
