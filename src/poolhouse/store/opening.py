"""Opening the store: the folder, the schema, the master key; each refusal says what to do about it."""

from __future__ import annotations

import base64
import os
import secrets
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

import sqlalchemy as sa

from poolhouse.core.errors import StoreUnavailable
from poolhouse.core.sealing import KEY_SIZE, SealBroken
from poolhouse.core.secret import Secret
from poolhouse.store.database import Database
from poolhouse.store.keyring import Keyring
from poolhouse.store.master_keys import (
    DATABASE_FILE,
    MasterKeyError,
    ensure_master_key,
    parse_master_keys,
)
from poolhouse.store.migrations import migrate, refuse_other_schema
from poolhouse.store.repositories.data_keys import SERVER
from poolhouse.store.sqlite import SqliteDatabase
from poolhouse.store.store import Store
from poolhouse.store.transaction import Transaction

Now = Callable[[], datetime]


class StoreSettings(Protocol):
    """The settings that the store reads."""

    @property
    def data_dir(self) -> Path: ...

    @property
    def database_url(self) -> Secret | None: ...

    @property
    def database_pool_size(self) -> int: ...

    @property
    def master_keys(self) -> tuple[Secret, ...]: ...


def system_now() -> datetime:
    return datetime.now(UTC)


def open_store(settings: StoreSettings, *, now: Now = system_now) -> Store:
    """The store that the settings name: PostgreSQL by its URL, or SQLite, by default in the data folder.

    An embedded database is made or migrated here; a PostgreSQL one only by `poolhouse migrate`.

    Raises:
        MasterKeyError: the master key is missing, wrong, or open to others.
        SchemaError: the database is of another release.
        StoreUnavailable: the database does not answer.
    """
    url = database_url(settings)
    if url.get_backend_name() == "sqlite":
        return _open_embedded(settings, Path(url.database or ""), now)
    from poolhouse.store.postgresql import PostgresqlDatabase
    from poolhouse.store.postgresql_connection import check_text_order

    keyring = Keyring(parse_master_keys(settings.master_keys))
    try:
        refuse_other_schema(url)
        check_text_order(url)
    except sa.exc.OperationalError as error:
        raise StoreUnavailable(str(error.orig)) from error
    return _opened(
        lambda begin: PostgresqlDatabase(url, begin, connections=settings.database_pool_size), keyring, now
    )


def database_url(settings: StoreSettings) -> sa.URL:
    """The database's URL, with our driver."""
    if settings.database_url is None:
        return sa.URL.create("sqlite", database=str(settings.data_dir / DATABASE_FILE))
    url = sa.make_url(settings.database_url.reveal())
    if url.get_backend_name() == "sqlite" and url.database:
        return url.set(drivername="sqlite")
    if url.get_backend_name() in ("postgresql", "postgres"):
        return url.set(drivername="postgresql+psycopg")
    raise ValueError("the database URL is neither sqlite:///path nor postgresql://…")


def _open_embedded(settings: StoreSettings, path: Path, now: Now) -> Store:
    master_keys = settings.master_keys
    if not master_keys:
        master_keys = (ensure_master_key(path.parent, path.name),)
    keyring = Keyring(parse_master_keys(master_keys))
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    # Made before SQLite does, so that it and the files beside it are never open to others.
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    try:
        migrate(sa.URL.create("sqlite", database=str(path)))
    except sa.exc.OperationalError as error:
        raise StoreUnavailable(f"{path}: {error.orig}") from error
    except sa.exc.DatabaseError as error:
        raise StoreUnavailable(
            f"{path} is damaged ({error.orig}): put a backup in its place with `poolhouse restore`."
        ) from error
    return _opened(lambda begin: SqliteDatabase(path, begin), keyring, now)


def _opened(
    connect: Callable[[Callable[[sa.Connection], Transaction]], Database], keyring: Keyring, now: Now
) -> Store:
    database = connect(lambda connection: Transaction(connection, keyring, now))
    try:
        page_key = database.write_now(lambda tx: _check(tx, keyring))
    except BaseException:
        database.close()
        raise
    return Store(database, page_key, keyring.master_key_id)


def _check(tx: Transaction, keyring: Keyring) -> bytes:
    """Refuse the wrong master key; make the server's own keys in a new database. The key of page tokens."""
    used = tx.data_keys.master_key_ids()
    missing = used - keyring.master_key_ids
    if missing:
        raise MasterKeyError(
            f"The database is sealed with another master key ({', '.join(sorted(missing))}) than the one "
            f"given ({', '.join(sorted(keyring.master_key_ids))}).",
            "Give the key that the database was made with; while rotating, give both, the new one first.",
        )
    tx.data_keys.add(SERVER)
    try:
        page_key = tx.server.secret("page_key", _new_page_key)
    except SealBroken as broken:
        raise MasterKeyError(
            f"The database's own key does not open: {broken}.",
            "The database was changed by other hands: restore it from a backup.",
        ) from broken
    return base64.b64decode(page_key.reveal())


def _new_page_key() -> Secret:
    return Secret(base64.b64encode(secrets.token_bytes(KEY_SIZE)).decode())
