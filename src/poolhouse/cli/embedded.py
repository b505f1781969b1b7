"""The embedded database that a command works on, on this machine."""

from __future__ import annotations

from pathlib import Path

from poolhouse.cli.failures import CommandFailed
from poolhouse.config import Settings


def database_file(settings: Settings) -> Path:
    """Raises CommandFailed where the database is PostgreSQL, which has its own tools for all this."""
    from poolhouse.store.opening import database_url

    url = database_url(settings)
    if url.get_backend_name() != "sqlite":
        raise CommandFailed("the database is PostgreSQL: use its own tools, pg_dump and pg_restore.")
    return Path(url.database or "")
