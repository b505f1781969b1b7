"""People: users with their credentials, devices and groups, sign-ins and tokens, codes, and messages to be sent."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

KEY = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    _users()
    _credentials()
    _groups()
    _tokens()
    _sign_ins()
    _messages()


def _users() -> None:
    op.create_table(
        "pool_user",
        *_of_pool("pool_user"),
        sa.Column("sub", KEY, nullable=False),
        sa.Column("username_key", KEY, nullable=False),
        sa.Column("status", KEY, nullable=False),
        sa.Column("enabled", sa.Boolean, nullable=False),
        *_document(),
        sa.PrimaryKeyConstraint("pool_id", "sub", name="pk_pool_user"),
        sa.UniqueConstraint("pool_id", "username_key", name="uq_pool_user_pool_id_username_key"),
    )
    _index("pool_user", "pool_id", "status", "sub")
    _index("pool_user", "pool_id", "enabled", "sub")
    op.create_table(
        "user_attribute",
        *_of_user("user_attribute"),
        sa.Column("name", KEY, nullable=False),
        sa.Column("value_key", KEY, nullable=False),
        sa.PrimaryKeyConstraint("pool_id", "name", "value_key", "sub", name="pk_user_attribute"),
    )
    _index("user_attribute", "pool_id", "sub")
    op.create_table(
        "user_alias",
        *_of_user("user_alias"),
        sa.Column("kind", KEY, nullable=False),
        sa.Column("value_key", KEY, nullable=False),
        sa.PrimaryKeyConstraint("pool_id", "kind", "value_key", name="pk_user_alias"),
    )
    _index("user_alias", "pool_id", "sub")


def _credentials() -> None:
    op.create_table(
        "user_password",
        *_of_user("user_password"),
        sa.Column("hash", sa.Text, nullable=False),
        sa.Column("sealed", sa.LargeBinary),
        sa.Column("set_at", sa.BigInteger, nullable=False),
        sa.Column("expires_at", sa.BigInteger),
        *_document(),
        sa.PrimaryKeyConstraint("pool_id", "sub", name="pk_user_password"),
    )
    op.create_table(
        "unused_verifier",
        *_of_pool("unused_verifier"),
        sa.Column("since", sa.BigInteger, nullable=False),
        sa.Column("after", KEY, nullable=False),
        sa.PrimaryKeyConstraint("pool_id", name="pk_unused_verifier"),
    )
    _index("unused_verifier", "since")
    op.create_table(
        "user_totp",
        *_of_user("user_totp"),
        sa.Column("sealed", sa.LargeBinary),
        sa.Column("pending", sa.LargeBinary),
        sa.Column("last_step", sa.BigInteger),
        *_document(),
        sa.PrimaryKeyConstraint("pool_id", "sub", name="pk_user_totp"),
    )
    op.create_table(
        "user_device",
        *_of_user("user_device"),
        sa.Column("key", KEY, nullable=False),
        sa.Column("sealed", sa.LargeBinary),
        *_document(),
        sa.PrimaryKeyConstraint("pool_id", "sub", "key", name="pk_user_device"),
    )
    op.create_table(
        "user_passkey",
        *_of_user("user_passkey"),
        sa.Column("credential_id", KEY, nullable=False),
        sa.Column("sign_count", sa.BigInteger, nullable=False),
        *_document(),
        sa.PrimaryKeyConstraint("pool_id", "credential_id", name="pk_user_passkey"),
    )
    _index("user_passkey", "pool_id", "sub")


def _groups() -> None:
    op.create_table(
        "group_member",
        *_of_user("group_member"),
        sa.Column("group_name", KEY, nullable=False),
        sa.Column("added_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("pool_id", "group_name", "sub", name="pk_group_member"),
        sa.ForeignKeyConstraint(
            ["pool_id", "group_name"],
            ["user_group.pool_id", "user_group.name"],
            name="fk_group_member_group_name",
            ondelete="CASCADE",
        ),
    )
    _index("group_member", "pool_id", "sub", "group_name")


def _tokens() -> None:
    op.create_table(
        "token_family",
        *_of_user("token_family"),
        sa.Column("id", KEY, nullable=False),
        sa.Column("client_id", KEY, nullable=False),
        sa.Column("hash", sa.LargeBinary, nullable=False),
        sa.Column("sealed", sa.LargeBinary),
        sa.Column("expires_at", sa.BigInteger, nullable=False),
        sa.Column("revoked_at", sa.BigInteger),
        *_document(),
        sa.PrimaryKeyConstraint("pool_id", "id", name="pk_token_family"),
    )
    _index("token_family", "pool_id", "sub")
    _index("token_family", "expires_at")
    op.create_table(
        "retired_refresh_token",
        sa.Column("pool_id", KEY, nullable=False),
        sa.Column("family_id", KEY, nullable=False),
        sa.Column("hash", sa.LargeBinary, nullable=False),
        sa.Column("retired_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("pool_id", "family_id", "hash", name="pk_retired_refresh_token"),
        sa.ForeignKeyConstraint(
            ["pool_id", "family_id"],
            ["token_family.pool_id", "token_family.id"],
            name="fk_retired_refresh_token_pool_id",
            ondelete="CASCADE",
        ),
    )


def _sign_ins() -> None:
    op.create_table(
        "user_code",
        *_of_user("user_code"),
        sa.Column("purpose", KEY, nullable=False),
        sa.Column("hash", sa.LargeBinary, nullable=False),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("expires_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("pool_id", "sub", "purpose", name="pk_user_code"),
    )
    _index("user_code", "expires_at")
    op.create_table(
        "auth_session",
        *_of_pool("auth_session"),
        sa.Column("id", KEY, nullable=False),
        sa.Column("hash", sa.LargeBinary, nullable=False),
        sa.Column("client_id", KEY, nullable=False),
        sa.Column("sub", KEY),
        sa.Column("step", KEY, nullable=False),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("expires_at", sa.BigInteger, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("pool_id", "id", name="pk_auth_session"),
    )
    _index("auth_session", "id")
    _index("auth_session", "pool_id", "sub")
    _index("auth_session", "expires_at")
    op.create_table(
        "attempt",
        *_of_pool("attempt"),
        sa.Column("kind", KEY, nullable=False),
        sa.Column("key", KEY, nullable=False),
        sa.Column("tries", sa.Integer, nullable=False),
        sa.Column("since", sa.BigInteger, nullable=False),
        sa.Column("locked_until", sa.BigInteger),
        sa.Column("expires_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("pool_id", "kind", "key", name="pk_attempt"),
    )
    _index("attempt", "expires_at")


def _messages() -> None:
    op.create_table(
        "outbox",
        sa.Column("id", KEY, nullable=False),
        *_of_pool("outbox"),
        sa.Column("kind", KEY, nullable=False),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("next_at", sa.BigInteger, nullable=False),
        sa.Column("expires_at", sa.BigInteger, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("last_error", sa.Text),
        sa.PrimaryKeyConstraint("id", name="pk_outbox"),
    )
    _index("outbox", "next_at")
    _index("outbox", "pool_id")
    op.create_table(
        "inbox_message",
        sa.Column("id", KEY, nullable=False),
        *_of_pool("inbox_message"),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_inbox_message"),
    )
    _index("inbox_message", "created_at")
    _index("inbox_message", "pool_id")


def _index(table: str, *columns: str) -> None:
    op.create_index(f"ix_{table}_{'_'.join(columns)}", table, list(columns))


def _document() -> tuple[sa.Column[str], sa.Column[int]]:
    return sa.Column("document", sa.Text, nullable=False), sa.Column("version", sa.Integer, nullable=False)


def _of_pool(table: str) -> tuple[sa.Column[str], sa.ForeignKeyConstraint]:
    return (
        sa.Column("pool_id", KEY, nullable=False),
        sa.ForeignKeyConstraint(
            ["pool_id"], ["user_pool.id"], name=f"fk_{table}_pool_id", ondelete="CASCADE"
        ),
    )


def _of_user(table: str) -> tuple[sa.Column[str], sa.Column[str], sa.ForeignKeyConstraint]:
    return (
        sa.Column("pool_id", KEY, nullable=False),
        sa.Column("sub", KEY, nullable=False),
        sa.ForeignKeyConstraint(
            ["pool_id", "sub"],
            ["pool_user.pool_id", "pool_user.sub"],
            name=f"fk_{table}_pool_id",
            ondelete="CASCADE",
        ),
    )
