"""Events: whom a record of the audit concerns, what people did to get in, what they are known by, and what is still
to be told."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

KEY = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    # Records from before concern nobody that could be asked for.
    op.add_column("audit", sa.Column("sub", KEY))
    op.create_index("ix_audit_pool_id_sub_id", "audit", ["pool_id", "sub", "id"])
    op.create_table(
        "dispatch",
        sa.Column("id", KEY, nullable=False),
        sa.Column("kind", KEY, nullable=False),
        sa.Column("document", sa.Text, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("next_at", sa.BigInteger, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("last_error", sa.Text),
        sa.PrimaryKeyConstraint("id", name="pk_dispatch"),
    )
    op.create_index("ix_dispatch_next_at", "dispatch", ["next_at"])
    op.create_table(
        "auth_event",
        sa.Column("pool_id", KEY, nullable=False),
        sa.Column("sub", KEY, nullable=False),
        sa.Column("id", KEY, nullable=False),
        sa.Column("kind", KEY, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("document", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("pool_id", "id", name="pk_auth_event"),
        sa.ForeignKeyConstraint(
            ["pool_id", "sub"],
            ["pool_user.pool_id", "pool_user.sub"],
            name="fk_auth_event_pool_id",
            ondelete="CASCADE",
        ),
    )
    op.create_index("ix_auth_event_pool_id_sub_id", "auth_event", ["pool_id", "sub", "id"])
    op.create_index("ix_auth_event_created_at", "auth_event", ["created_at"])
    op.create_table(
        "known_place",
        sa.Column("pool_id", KEY, nullable=False),
        sa.Column("sub", KEY, nullable=False),
        sa.Column("kind", KEY, nullable=False),
        sa.Column("value", KEY, nullable=False),
        sa.Column("is_trusted", sa.Boolean, nullable=False),
        sa.Column("seen_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("pool_id", "sub", "kind", "value", name="pk_known_place"),
        sa.ForeignKeyConstraint(
            ["pool_id", "sub"],
            ["pool_user.pool_id", "pool_user.sub"],
            name="fk_known_place_pool_id",
            ondelete="CASCADE",
        ),
    )
    op.create_index("ix_known_place_seen_at", "known_place", ["seen_at"])
