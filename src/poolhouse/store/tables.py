"""The tables, the same on both engines.

Configuration is one JSON document a row, with real columns only for what SQL finds, orders or guards.
Text keys compare bytewise on both engines. `docs/decisions` and the migrations say how they came to be.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class Instant(sa.types.TypeDecorator[datetime]):
    """A point in time, as whole microseconds since 1970: exact, sortable, the same on both engines."""

    impl = sa.BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Any) -> int | None:
        return None if value is None else (value - _EPOCH) // _MICROSECOND

    def process_result_value(self, value: int | None, dialect: Any) -> datetime | None:
        return None if value is None else _EPOCH + value * _MICROSECOND


# SQLite compares text bytewise unless told otherwise; PostgreSQL by the database's language unless told.
Key = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")

metadata = sa.MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
    }
)


def _pool_id() -> sa.Column[str]:
    return sa.Column("pool_id", Key, sa.ForeignKey("user_pool.id", ondelete="CASCADE"), nullable=False)


def _document() -> tuple[sa.Column[str], sa.Column[int]]:
    return sa.Column("document", sa.Text, nullable=False), sa.Column("version", sa.Integer, nullable=False)


user_pool = sa.Table(
    "user_pool",
    metadata,
    sa.Column("id", Key, primary_key=True),
    sa.Column("account_id", Key, nullable=False),
    sa.Column("region", Key, nullable=False),
    *_document(),
    sa.Index(None, "account_id", "region", "id"),
)

user_pool_client = sa.Table(
    "user_pool_client",
    metadata,
    sa.Column("id", Key, primary_key=True),
    _pool_id(),
    *_document(),
    sa.Index(None, "pool_id", "id"),
)

client_secret = sa.Table(
    "client_secret",
    metadata,
    sa.Column("client_id", Key, sa.ForeignKey("user_pool_client.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("id", Key, primary_key=True),
    sa.Column("pool_id", Key, nullable=False),
    sa.Column("sealed", sa.LargeBinary, nullable=False),
    sa.Column("created_at", Instant, nullable=False),
)

resource_server = sa.Table(
    "resource_server",
    metadata,
    _pool_id(),
    sa.Column("identifier", Key, nullable=False),
    *_document(),
    sa.PrimaryKeyConstraint("pool_id", "identifier"),
)

user_pool_domain = sa.Table(
    "user_pool_domain",
    metadata,
    sa.Column("name", Key, primary_key=True),
    _pool_id(),
    sa.Column("kind", Key, nullable=False),
    *_document(),
    sa.UniqueConstraint("pool_id", "kind"),
)

user_group = sa.Table(
    "user_group",
    metadata,
    _pool_id(),
    sa.Column("name", Key, nullable=False),
    *_document(),
    sa.PrimaryKeyConstraint("pool_id", "name"),
)

signing_key = sa.Table(
    "signing_key",
    metadata,
    sa.Column("kid", Key, primary_key=True),
    _pool_id(),
    sa.Column("use", Key, nullable=False),
    sa.Column("n", sa.Text, nullable=False),
    sa.Column("sealed", sa.LargeBinary, nullable=False),
    sa.Column("created_at", Instant, nullable=False),
    sa.Column("signs_from", Instant, nullable=False),
    sa.Column("withdrawn_at", Instant),
    sa.Index(None, "pool_id"),
    sa.Index(None, "withdrawn_at"),
)

access_key = sa.Table(
    "access_key",
    metadata,
    sa.Column("id", Key, primary_key=True),
    sa.Column("account_id", Key, nullable=False),
    sa.Column("sealed", sa.LargeBinary, nullable=False),
    *_document(),
    sa.Index(None, "account_id", "id"),
)

# No foreign key: the server's own key stands under pool_id "".
data_key = sa.Table(
    "data_key",
    metadata,
    sa.Column("pool_id", Key, primary_key=True),
    sa.Column("master_key_id", Key, nullable=False),
    sa.Column("sealed", sa.LargeBinary, nullable=False),
    sa.Index(None, "master_key_id"),
)

# What was changed, for the caches of every process. `xid` is PostgreSQL's transaction, whose numbers say
# what a poll can still have missed; sequence numbers become visible out of order there.
change = sa.Table(
    "change",
    metadata,
    sa.Column("seq", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True),
    sa.Column("pool_id", Key, nullable=False),
    sa.Column("kind", Key, nullable=False),
    sa.Column("key", Key, nullable=False),
    sa.Column("at", Instant, nullable=False),
    sa.Column("xid", sa.BigInteger),
    sa.Index(None, "at"),
    sa.Index(None, "xid"),
    sqlite_autoincrement=True,
)

# Outlives what it tells of, so it has no foreign key.
audit = sa.Table(
    "audit",
    metadata,
    sa.Column("id", Key, primary_key=True),
    sa.Column("at", Instant, nullable=False),
    sa.Column("account_id", Key, nullable=False),
    sa.Column("pool_id", Key),
    sa.Column("document", sa.Text, nullable=False),
    sa.Index(None, "account_id", "id"),
    sa.Index(None, "pool_id", "id"),
)

lease = sa.Table(
    "lease",
    metadata,
    sa.Column("name", Key, primary_key=True),
    sa.Column("holder", Key, nullable=False),
    sa.Column("until", Instant, nullable=False),
)

server_fact = sa.Table(
    "server_fact",
    metadata,
    sa.Column("name", Key, primary_key=True),
    sa.Column("value", sa.Text, nullable=False),
)
