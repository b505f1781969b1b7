"""The schema's history ends in exactly the tables that the program has, on both engines."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from tests.engines import PostgresServer, empty_postgres_database
from tests.store.conftest import Opener, StoreSettings

from poolhouse.core.secret import Secret
from poolhouse.store import SchemaError, migrations
from poolhouse.store.sqlite import connect
from poolhouse.store.tables import metadata


@pytest.fixture
def url(engine: str, request: pytest.FixtureRequest, tmp_path: Path) -> sa.URL:
    """An empty database."""
    if engine == "sqlite":
        return sa.URL.create("sqlite", database=str(tmp_path / "poolhouse.db"))
    empty = empty_postgres_database(request.getfixturevalue("postgres_server"))
    return sa.make_url(empty).set(drivername="postgresql+psycopg")


@pytest.fixture
def connection(url: sa.URL) -> Iterator[sa.Connection]:
    with sa.create_engine(url, poolclass=sa.pool.NullPool).connect() as connection:
        yield connection


def test_the_migrations_make_exactly_the_tables_of_the_program(
    url: sa.URL, connection: sa.Connection
) -> None:
    assert migrations.current_revision(url) is None
    assert migrations.migrate(url)
    assert migrations.current_revision(url) == migrations.head_revision()
    context = MigrationContext.configure(
        connection, opts={"compare_type": True, "compare_server_default": True}
    )
    assert compare_metadata(context, metadata) == []
    # What alembic does not compare.
    reflected = sa.MetaData()
    reflected.reflect(connection)
    for table in metadata.tables.values():
        other = reflected.tables[table.name]
        assert _shape(table) == _shape(other)
    assert not migrations.migrate(url), "there is nothing more to do"


def _shape(table: sa.Table) -> object:
    return (
        {column.name: (column.nullable, column.primary_key) for column in table.columns},
        sorted((key.parent.name, key.target_fullname, key.ondelete) for key in table.foreign_keys),
        sorted((str(index.name), [column.name for column in index.columns]) for index in table.indexes),
    )


def test_every_foreign_key_is_the_beginning_of_an_index() -> None:
    for table in metadata.tables.values():
        indexes = [list(index.columns) for index in table.indexes] + [list(table.primary_key.columns)]
        indexes += [list(c.columns) for c in table.constraints if isinstance(c, sa.UniqueConstraint)]
        for key in table.foreign_key_constraints:
            of_key = list(key.columns)
            assert any(columns[: len(of_key)] == of_key for columns in indexes), key.name


def test_the_known_revisions_are_those_that_are_there() -> None:
    scripts = ScriptDirectory(str(Path(migrations.__file__).parent))
    assert tuple(reversed([script.revision for script in scripts.walk_revisions()])) == migrations.REVISIONS
    assert scripts.get_current_head() == migrations.head_revision()


def test_several_at_once_migrate_once(url: sa.URL) -> None:
    together = threading.Barrier(4)
    answers: list[bool] = []

    def migrate() -> None:
        together.wait()
        answers.append(migrations.migrate(url))

    threads = [threading.Thread(target=migrate) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [False, False, False, True]


def test_a_migration_that_fails_at_any_statement_leaves_nothing(
    url: sa.URL, connection: sa.Connection
) -> None:
    nth = 0
    this_thread = threading.get_ident()
    while True:
        nth += 1
        count = 0

        def fail(*_: object, nth: int = nth) -> None:
            nonlocal count
            if threading.get_ident() != this_thread:
                return  # it is heard of every engine, and a thread of an earlier test may still have one
            count += 1
            if count == nth:
                raise ZeroDivisionError

        sa.event.listen(sa.Engine, "before_cursor_execute", fail)
        try:
            migrations.migrate(url)
            break
        except ZeroDivisionError:
            pass
        finally:
            sa.event.remove(sa.Engine, "before_cursor_execute", fail)
        assert sa.inspect(connection).get_table_names() == []
        connection.rollback()
    assert nth > 20
    assert migrations.current_revision(url) == migrations.head_revision()


def test_a_database_of_a_newer_release_is_refused_and_not_changed(
    settings: StoreSettings, a_store: Opener, engine: str
) -> None:
    a_store(settings).close()
    if engine == "sqlite":
        url = sa.URL.create("sqlite", database=str(settings.data_dir / "poolhouse.db"))
    else:
        assert settings.database_url is not None
        url = sa.make_url(settings.database_url.reveal()).set(drivername="postgresql+psycopg")
    with sa.create_engine(url, poolclass=sa.pool.NullPool).begin() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    before = (settings.data_dir / "poolhouse.db").read_bytes() if engine == "sqlite" else b""
    with pytest.raises(SchemaError, match="schema 9999, which this release does not know"):
        a_store(settings)
    with pytest.raises(SchemaError):
        migrations.migrate(url)
    if engine == "sqlite":
        assert (settings.data_dir / "poolhouse.db").read_bytes() == before


def test_an_empty_postgresql_is_not_migrated_unasked(
    postgres_server: PostgresServer, a_store: Opener, tmp_path: Path
) -> None:
    url = empty_postgres_database(postgres_server)
    with pytest.raises(SchemaError, match="run `poolhouse migrate`"):
        a_store(StoreSettings(tmp_path, Secret(url)))
    assert migrations.current_revision(url) is None


def test_a_text_key_of_another_order_is_noticed(
    postgres_settings: StoreSettings, postgres_server: PostgresServer, a_store: Opener
) -> None:
    assert postgres_settings.database_url is not None
    url = sa.make_url(postgres_settings.database_url.reveal()).set(drivername="postgresql+psycopg")
    with sa.create_engine(url, poolclass=sa.pool.NullPool).begin() as connection:
        connection.execute(sa.text('ALTER TABLE user_group ALTER COLUMN name TYPE text COLLATE "default"'))
    with pytest.raises(SchemaError, match=r'"C"; these have another: user_group.name'):
        a_store(postgres_settings)


def test_an_older_document_is_upgraded_when_it_is_read() -> None:
    from poolhouse.store.documents import NewerDocument, read_document, write_document

    text = write_document("user_pool", {"name": "x"})
    assert read_document("user_pool", text) == {"name": "x"}
    steps = {"user_pool": (lambda d: d | {"tags": {}}, lambda d: d | {"tags": {**d["tags"], "a": "b"}})}
    assert read_document("user_pool", text, steps) == {"name": "x", "tags": {"a": "b"}}
    assert read_document("user_pool", '{"v":2,"tags":{"c":"d"}}', steps) == {"tags": {"c": "d", "a": "b"}}
    with pytest.raises(NewerDocument):
        read_document("user_pool", '{"v":2}')


def test_the_embedded_database_is_in_the_mode_that_keeps_what_was_acknowledged(
    sqlite_settings: StoreSettings, a_store: Opener
) -> None:
    store = a_store(sqlite_settings)
    modes = store.write_now(
        lambda tx: [
            tx.connection.exec_driver_sql(f"PRAGMA {name}").scalar_one()
            for name in ("journal_mode", "synchronous", "foreign_keys")
        ]
    )
    assert modes == ["wal", 2, 1]
    with sqlite3.connect(sqlite_settings.data_dir / "poolhouse.db") as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    connection.close()


def test_several_at_once_open_a_new_file(tmp_path: Path) -> None:
    refusals: list[sqlite3.OperationalError] = []

    def open_it(path: Path, together: threading.Barrier) -> None:
        together.wait()
        try:
            connect(path).close()
        except sqlite3.OperationalError as refusal:
            refusals.append(refusal)

    for number in range(50):
        opening = (tmp_path / f"{number}.db", threading.Barrier(8))
        threads = [threading.Thread(target=open_it, args=opening) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert refusals == []
