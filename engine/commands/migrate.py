"""`engine migrate`."""

import argparse
import sys
from collections.abc import Callable

from engine.cli import fail
from engine.settings import Settings, SettingsError, load_settings
from engine.storage import StorageError
from engine.storage.migrations import Credentials, migrate


def run(options: argparse.Namespace) -> int:
    """Bring the schema up to date; with DATABASE_ADMIN_USER make the engine's own user too."""
    try:
        applied = migrate_database(load_settings(file=options.config), report=_say)
    except (SettingsError, StorageError) as error:
        return fail(str(error))
    _say(f"{len(applied)} revisions applied" if applied else "no revision to apply")
    return 0


def migrate_database(settings: Settings, report: Callable[[str], None]) -> list[str]:
    """Run the migrations of the database that the settings name. Raises `StorageError`."""
    admin = None
    if settings.database_admin_user and settings.database_admin_password:
        admin = Credentials(settings.database_admin_user, settings.database_admin_password.value)
    password = settings.workflow_db_password.value if settings.workflow_db_password else None
    return migrate(
        settings.database_url,
        engine=Credentials(settings.workflow_db_user, password),
        admin=admin,
        ssl_mode=settings.database_ssl,
        ssl_root_certificate=settings.root_certificate,
        report=report,
    )


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
