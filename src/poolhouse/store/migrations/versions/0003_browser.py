"""The browser: its sessions and codes, outside identity providers, and how the pages look."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

KEY = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    _sessions()
    _providers()
    _looks()


def _sessions() -> None:
    op.create_table(
        "browser_session",
        *_of_user("browser_session"),
        sa.Column("id", KEY, nullable=False),
        sa.Column("hash", sa.LargeBinary, nullable=False),
        sa.Column("expires_at", sa.BigInteger, nullable=False),
        *_document(),
        sa.PrimaryKeyConstraint("pool_id", "id", name="pk_browser_session"),
    )
    _index("browser_session", "pool_id", "sub")
    _index("browser_session", "expires_at")
    op.create_table(
        "authorization_code",
        *_of_user("authorization_code"),
        sa.Column("hash", sa.LargeBinary, nullable=False),
        sa.Column("client_id", KEY, nullable=False),
        sa.Column("expires_at", sa.BigInteger, nullable=False),
        sa.Column("used_at", sa.BigInteger),
        sa.Column("family_id", KEY),
        *_document(),
        sa.PrimaryKeyConstraint("pool_id", "hash", name="pk_authorization_code"),
    )
    _index("authorization_code", "pool_id", "sub")
    _index("authorization_code", "expires_at")
    op.create_table(
        "consent",
        *_of_user("consent"),
        *_of_client("consent"),
        *_document(),
        sa.PrimaryKeyConstraint("pool_id", "sub", "client_id", name="pk_consent"),
    )
    _index("consent", "client_id")
    op.create_table(
        "used_once",
        *_of_pool("used_once"),
        sa.Column("kind", KEY, nullable=False),
        sa.Column("key", KEY, nullable=False),
        sa.Column("expires_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("pool_id", "kind", "key", name="pk_used_once"),
    )
    _index("used_once", "expires_at")


def _providers() -> None:
    op.create_table(
        "identity_provider",
        *_of_pool("identity_provider"),
        sa.Column("name", KEY, nullable=False),
        sa.Column("sealed", sa.LargeBinary),
        *_document(),
        sa.PrimaryKeyConstraint("pool_id", "name", name="pk_identity_provider"),
    )
    op.create_table(
        "provider_identifier",
        sa.Column("pool_id", KEY, nullable=False),
        sa.Column("provider_name", KEY, nullable=False),
        sa.Column("identifier", KEY, nullable=False),
        sa.ForeignKeyConstraint(
            ["pool_id", "provider_name"],
            ["identity_provider.pool_id", "identity_provider.name"],
            name="fk_provider_identifier_pool_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("pool_id", "identifier", name="pk_provider_identifier"),
    )
    _index("provider_identifier", "pool_id", "provider_name")
    op.create_table(
        "user_identity",
        *_of_user("user_identity"),
        sa.Column("provider_name", KEY, nullable=False),
        sa.Column("attribute_name", KEY, nullable=False),
        sa.Column("value_key", KEY, nullable=False),
        *_document(),
        sa.PrimaryKeyConstraint(
            "pool_id", "provider_name", "attribute_name", "value_key", name="pk_user_identity"
        ),
    )
    _index("user_identity", "pool_id", "sub")
    op.create_table(
        "provider_key",
        *_of_pool("provider_key"),
        sa.Column("id", KEY, nullable=False),
        sa.Column("provider_name", KEY, nullable=False),
        sa.Column("use", KEY, nullable=False),
        sa.Column("certificate", sa.Text, nullable=False),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("expires_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("pool_id", "id", name="pk_provider_key"),
    )
    _index("provider_key", "pool_id", "use", "provider_name")


def _looks() -> None:
    op.create_table(
        "managed_login_branding",
        *_of_pool("managed_login_branding"),
        sa.Column("id", KEY, nullable=False),
        *_of_client("managed_login_branding"),
        *_document(),
        sa.PrimaryKeyConstraint("pool_id", "id", name="pk_managed_login_branding"),
        sa.UniqueConstraint("client_id", name="uq_managed_login_branding_client_id"),
    )
    op.create_table(
        "branding_asset",
        sa.Column("pool_id", KEY, nullable=False),
        sa.Column("branding_id", KEY, nullable=False),
        sa.Column("category", KEY, nullable=False),
        sa.Column("color_mode", KEY, nullable=False),
        sa.Column("resource_id", KEY, nullable=False),
        sa.Column("extension", KEY, nullable=False),
        sa.Column("hash", KEY, nullable=False),
        sa.Column("content", sa.LargeBinary, nullable=False),
        sa.ForeignKeyConstraint(
            ["pool_id", "branding_id"],
            ["managed_login_branding.pool_id", "managed_login_branding.id"],
            name="fk_branding_asset_pool_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint(
            "pool_id", "branding_id", "category", "color_mode", "resource_id", name="pk_branding_asset"
        ),
    )
    _index("branding_asset", "pool_id", "hash")
    op.create_table(
        "ui_customization",
        *_of_pool("ui_customization"),
        sa.Column("client_id", KEY, nullable=False),
        *_document(),
        sa.PrimaryKeyConstraint("pool_id", "client_id", name="pk_ui_customization"),
    )
    op.create_table(
        "terms",
        *_of_pool("terms"),
        sa.Column("id", KEY, nullable=False),
        *_of_client("terms"),
        sa.Column("name", KEY, nullable=False),
        *_document(),
        sa.PrimaryKeyConstraint("pool_id", "id", name="pk_terms"),
        sa.UniqueConstraint("client_id", "name", name="uq_terms_client_id_name"),
    )


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


def _of_client(table: str) -> tuple[sa.Column[str], sa.ForeignKeyConstraint]:
    return (
        sa.Column("client_id", KEY, nullable=False),
        sa.ForeignKeyConstraint(
            ["client_id"], ["user_pool_client.id"], name=f"fk_{table}_client_id", ondelete="CASCADE"
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
