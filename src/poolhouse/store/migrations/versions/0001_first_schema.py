"""The first schema: pools, clients, resource servers, domains, groups, keys, and what the server itself needs."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

KEY = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    _pools()
    _of_pools()
    _keys()
    _of_the_server()


def _pools() -> None:
    op.create_table(
        "user_pool",
        sa.Column("id", KEY, nullable=False),
        sa.Column("account_id", KEY, nullable=False),
        sa.Column("region", KEY, nullable=False),
        *_document(),
        sa.PrimaryKeyConstraint("id", name="pk_user_pool"),
    )
    op.create_index("ix_user_pool_account_id_region_id", "user_pool", ["account_id", "region", "id"])
    op.create_table(
        "user_pool_client",
        sa.Column("id", KEY, nullable=False),
        *_of_pool("user_pool_client"),
        *_document(),
        sa.PrimaryKeyConstraint("id", name="pk_user_pool_client"),
    )
    op.create_index("ix_user_pool_client_pool_id_id", "user_pool_client", ["pool_id", "id"])
    op.create_table(
        "client_secret",
        sa.Column("client_id", KEY, nullable=False),
        sa.Column("id", KEY, nullable=False),
        sa.Column("pool_id", KEY, nullable=False),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("client_id", "id", name="pk_client_secret"),
        sa.ForeignKeyConstraint(
            ["client_id"], ["user_pool_client.id"], name="fk_client_secret_client_id", ondelete="CASCADE"
        ),
    )


def _of_pools() -> None:
    op.create_table(
        "resource_server",
        *_of_pool("resource_server"),
        sa.Column("identifier", KEY, nullable=False),
        *_document(),
        sa.PrimaryKeyConstraint("pool_id", "identifier", name="pk_resource_server"),
    )
    op.create_table(
        "user_pool_domain",
        sa.Column("name", KEY, nullable=False),
        *_of_pool("user_pool_domain"),
        sa.Column("kind", KEY, nullable=False),
        *_document(),
        sa.PrimaryKeyConstraint("name", name="pk_user_pool_domain"),
        sa.UniqueConstraint("pool_id", "kind", name="uq_user_pool_domain_pool_id_kind"),
    )
    op.create_table(
        "user_group",
        *_of_pool("user_group"),
        sa.Column("name", KEY, nullable=False),
        *_document(),
        sa.PrimaryKeyConstraint("pool_id", "name", name="pk_user_group"),
    )


def _keys() -> None:
    op.create_table(
        "signing_key",
        sa.Column("kid", KEY, nullable=False),
        *_of_pool("signing_key"),
        sa.Column("use", KEY, nullable=False),
        sa.Column("n", sa.Text, nullable=False),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("signs_from", sa.BigInteger, nullable=False),
        sa.Column("withdrawn_at", sa.BigInteger),
        sa.PrimaryKeyConstraint("kid", name="pk_signing_key"),
    )
    op.create_index("ix_signing_key_pool_id", "signing_key", ["pool_id"])
    op.create_index("ix_signing_key_withdrawn_at", "signing_key", ["withdrawn_at"])
    op.create_table(
        "access_key",
        sa.Column("id", KEY, nullable=False),
        sa.Column("account_id", KEY, nullable=False),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        *_document(),
        sa.PrimaryKeyConstraint("id", name="pk_access_key"),
    )
    op.create_index("ix_access_key_account_id_id", "access_key", ["account_id", "id"])
    op.create_table(
        "data_key",
        sa.Column("pool_id", KEY, nullable=False),
        sa.Column("master_key_id", KEY, nullable=False),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("pool_id", name="pk_data_key"),
    )
    op.create_index("ix_data_key_master_key_id", "data_key", ["master_key_id"])


def _of_the_server() -> None:
    op.create_table(
        "change",
        sa.Column("seq", sa.BigInteger().with_variant(sa.Integer, "sqlite"), nullable=False),
        sa.Column("pool_id", KEY, nullable=False),
        sa.Column("kind", KEY, nullable=False),
        sa.Column("key", KEY, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("xid", sa.BigInteger),
        sa.PrimaryKeyConstraint("seq", name="pk_change"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_change_at", "change", ["at"])
    op.create_index("ix_change_xid", "change", ["xid"])
    op.create_table(
        "audit",
        sa.Column("id", KEY, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("account_id", KEY, nullable=False),
        sa.Column("pool_id", KEY),
        sa.Column("document", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_audit"),
    )
    op.create_index("ix_audit_account_id_id", "audit", ["account_id", "id"])
    op.create_index("ix_audit_pool_id_id", "audit", ["pool_id", "id"])
    op.create_table(
        "lease",
        sa.Column("name", KEY, nullable=False),
        sa.Column("holder", KEY, nullable=False),
        sa.Column("until", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_lease"),
    )
    op.create_table(
        "server_fact",
        sa.Column("name", KEY, nullable=False),
        sa.Column("value", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_server_fact"),
    )


def _document() -> tuple[sa.Column[str], sa.Column[int]]:
    return sa.Column("document", sa.Text, nullable=False), sa.Column("version", sa.Integer, nullable=False)


def _of_pool(table: str) -> tuple[sa.Column[str], sa.ForeignKeyConstraint]:
    return (
        sa.Column("pool_id", KEY, nullable=False),
        sa.ForeignKeyConstraint(
            ["pool_id"], ["user_pool.id"], name=f"fk_{table}_pool_id", ondelete="CASCADE"
        ),
    )
