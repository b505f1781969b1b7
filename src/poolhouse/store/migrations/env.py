"""Alembic's way in. It runs on the connection, and in the transaction, that `migrate` gives it."""

from __future__ import annotations

from alembic import context

from poolhouse.store.tables import metadata

context.configure(
    connection=context.config.attributes["connection"], target_metadata=metadata, transactional_ddl=True
)
with context.begin_transaction():
    context.run_migrations()
