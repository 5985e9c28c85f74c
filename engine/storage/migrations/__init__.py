"""The schema: Alembic's revisions, who runs them, and what the engine's role may do."""

from engine.storage.migrations.runner import Credentials, migrate

__all__ = ["Credentials", "migrate"]
