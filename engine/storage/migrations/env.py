"""Alembic's entry: runs the revisions on the connection that `engine.storage.migrations.runner` opened."""

from __future__ import annotations

from alembic import context

from engine.storage.migrations.support import record_support

context.configure(
    connection=context.config.attributes["connection"],
    on_version_apply=context.config.attributes["on_version_apply"],
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
    record_support(context.get_context(), context.script)
