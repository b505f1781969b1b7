"""The schema's history, and the way along it.

Alembic does the work; it is imported only where there is some, since it takes longer than the rest of a start.
A release reads the schema of the one before it: expand, deploy, contract.
"""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa

REVISIONS = ("0001", "0002", "0003", "0004")
"""All, oldest first; the last is what this release needs."""
_LOCK = 0x706F6F6C
"""The advisory lock ("pool") under which one process migrates a PostgreSQL database."""
_VERSION_TABLE = "alembic_version"


class SchemaError(Exception):
    """The database's schema is not the one that this release works with."""


def head_revision() -> str:
    return REVISIONS[-1]


def current_revision(url: sa.URL | str) -> str | None:
    """The database's revision; None for an empty database."""
    engine = _engine(url)
    try:
        with engine.connect() as connection:
            return _revision(connection)
    finally:
        engine.dispose()


def refuse_other_schema(url: sa.URL | str) -> None:
    """Raises SchemaError unless the database has this release's schema, or a later one it can live with."""
    revision = current_revision(url)
    if revision == head_revision():
        return
    if revision is None or revision in REVISIONS:
        found = "no schema yet" if revision is None else f"schema {revision}"
        raise SchemaError(
            f"The database has {found}, this release needs {head_revision()}: run `poolhouse migrate`."
        )
    _refuse_newer(revision)


def migrate(url: sa.URL | str) -> bool:
    """Bring the database to this release's schema, in one transaction; whether there was anything to do.

    Of several processes at once, one does it and the others wait for it.

    Raises:
        SchemaError: the database is of a newer release. Nothing is changed.
    """
    engine = _engine(url)
    try:
        with engine.connect() as connection:
            if _revision(connection) == head_revision():
                return False
            connection.rollback()
            _begin_alone(connection)
            revision = _revision(connection)
            if revision == head_revision():
                return False
            if revision is not None and revision not in REVISIONS:
                _refuse_newer(revision)
            _upgrade(connection)
            connection.commit()
            return True
    finally:
        engine.dispose()


def _engine(url: sa.URL | str) -> sa.Engine:
    url = sa.make_url(url)
    if url.get_backend_name() == "sqlite":
        from poolhouse.store.sqlite import create_engine

        return create_engine(Path(url.database or ""), busy=30)
    return sa.create_engine(url.set(drivername="postgresql+psycopg"), poolclass=sa.pool.NullPool)


def _begin_alone(connection: sa.Connection) -> None:
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    else:
        connection.execute(sa.text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})


def _revision(connection: sa.Connection) -> str | None:
    if not sa.inspect(connection).has_table(_VERSION_TABLE):
        return None
    revision: str | None = connection.execute(
        sa.text(f"SELECT version_num FROM {_VERSION_TABLE}")  # noqa: S608  # a constant of ours
    ).scalar_one_or_none()
    return revision


def _refuse_newer(revision: str) -> None:
    raise SchemaError(
        f"The database has schema {revision}, which this release does not know (it knows up to "
        f"{head_revision()}): start the newer release that made it, or restore a backup of before."
    )


def _upgrade(connection: sa.Connection) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
