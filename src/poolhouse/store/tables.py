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


def _of_user(*rest: sa.schema.SchemaItem) -> tuple[sa.schema.SchemaItem, ...]:
    """The columns of what belongs to one person, and goes with them."""
    return (
        sa.Column("pool_id", Key, nullable=False),
        sa.Column("sub", Key, nullable=False),
        sa.ForeignKeyConstraint(
            ["pool_id", "sub"], ["pool_user.pool_id", "pool_user.sub"], ondelete="CASCADE"
        ),
        *rest,
    )


# A person. `username_key` is the name as the pool compares it. The attributes are in the document.
pool_user = sa.Table(
    "pool_user",
    metadata,
    _pool_id(),
    sa.Column("sub", Key, nullable=False),
    sa.Column("username_key", Key, nullable=False),
    sa.Column("status", Key, nullable=False),
    sa.Column("enabled", sa.Boolean, nullable=False),
    *_document(),
    sa.PrimaryKeyConstraint("pool_id", "sub"),
    sa.UniqueConstraint("pool_id", "username_key"),
    sa.Index(None, "pool_id", "status", "sub"),
    sa.Index(None, "pool_id", "enabled", "sub"),
)

# What a list of users may be filtered by: the searchable attributes, as they are compared.
user_attribute = sa.Table(
    "user_attribute",
    metadata,
    *_of_user(
        sa.Column("name", Key, nullable=False),
        sa.Column("value_key", Key, nullable=False),
        sa.PrimaryKeyConstraint("pool_id", "name", "value_key", "sub"),
        sa.Index(None, "pool_id", "sub"),
    ),
)

# The other names under which a person signs in: email, phone_number, preferred_username.
user_alias = sa.Table(
    "user_alias",
    metadata,
    *_of_user(
        sa.Column("kind", Key, nullable=False),
        sa.Column("value_key", Key, nullable=False),
        sa.PrimaryKeyConstraint("pool_id", "kind", "value_key"),
        sa.Index(None, "pool_id", "sub"),
    ),
)

# `sealed` is the SRP verifier with its salt; empty while no client of the pool allows SRP.
user_password = sa.Table(
    "user_password",
    metadata,
    *_of_user(
        sa.Column("hash", sa.Text, nullable=False),
        sa.Column("sealed", sa.LargeBinary),
        sa.Column("set_at", Instant, nullable=False),
        sa.Column("expires_at", Instant),
        *_document(),
        sa.PrimaryKeyConstraint("pool_id", "sub"),
    ),
)

# A pool whose clients may not use SRP, since when, and the last sub whose verifier was forgotten for that.
unused_verifier = sa.Table(
    "unused_verifier",
    metadata,
    _pool_id(),
    sa.Column("since", Instant, nullable=False),
    sa.Column("after", Key, nullable=False),
    sa.PrimaryKeyConstraint("pool_id"),
    sa.Index(None, "since"),
)

user_totp = sa.Table(
    "user_totp",
    metadata,
    *_of_user(
        sa.Column("sealed", sa.LargeBinary),
        sa.Column("pending", sa.LargeBinary),
        sa.Column("last_step", sa.BigInteger),
        *_document(),
        sa.PrimaryKeyConstraint("pool_id", "sub"),
    ),
)

user_device = sa.Table(
    "user_device",
    metadata,
    *_of_user(
        sa.Column("key", Key, nullable=False),
        sa.Column("sealed", sa.LargeBinary),
        *_document(),
        sa.PrimaryKeyConstraint("pool_id", "sub", "key"),
    ),
)

user_passkey = sa.Table(
    "user_passkey",
    metadata,
    *_of_user(
        sa.Column("credential_id", Key, nullable=False),
        sa.Column("sign_count", sa.BigInteger, nullable=False),
        *_document(),
        sa.PrimaryKeyConstraint("pool_id", "credential_id"),
        sa.Index(None, "pool_id", "sub"),
    ),
)

group_member = sa.Table(
    "group_member",
    metadata,
    *_of_user(
        sa.Column("group_name", Key, nullable=False),
        sa.Column("added_at", Instant, nullable=False),
        sa.PrimaryKeyConstraint("pool_id", "group_name", "sub"),
        sa.ForeignKeyConstraint(
            ["pool_id", "group_name"],
            ["user_group.pool_id", "user_group.name"],
            name="fk_group_member_group_name",
            ondelete="CASCADE",
        ),
        sa.Index(None, "pool_id", "sub", "group_name"),
    ),
)

# What was sent to a person to be typed in once: the newest of each purpose, as a keyed hash.
user_code = sa.Table(
    "user_code",
    metadata,
    *_of_user(
        sa.Column("purpose", Key, nullable=False),
        sa.Column("hash", sa.LargeBinary, nullable=False),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        sa.Column("created_at", Instant, nullable=False),
        sa.Column("expires_at", Instant, nullable=False),
        sa.PrimaryKeyConstraint("pool_id", "sub", "purpose"),
        sa.Index(None, "expires_at"),
    ),
)

# One sign-in's tokens: what a refresh token continues, and what signing out ends. `hash` is its refresh token's,
# `sealed` the token itself where it may be asked for again.
token_family = sa.Table(
    "token_family",
    metadata,
    *_of_user(
        sa.Column("id", Key, nullable=False),
        sa.Column("client_id", Key, nullable=False),
        sa.Column("hash", sa.LargeBinary, nullable=False),
        sa.Column("sealed", sa.LargeBinary),
        sa.Column("expires_at", Instant, nullable=False),
        sa.Column("revoked_at", Instant),
        *_document(),
        sa.PrimaryKeyConstraint("pool_id", "id"),
        sa.Index(None, "pool_id", "sub"),
        sa.Index(None, "expires_at"),
    ),
)

# Refresh tokens that were exchanged a moment ago; each exchange removes those of which it was long ago.
retired_refresh_token = sa.Table(
    "retired_refresh_token",
    metadata,
    sa.Column("pool_id", Key, nullable=False),
    sa.Column("family_id", Key, nullable=False),
    sa.Column("hash", sa.LargeBinary, nullable=False),
    sa.Column("retired_at", Instant, nullable=False),
    sa.PrimaryKeyConstraint("pool_id", "family_id", "hash"),
    sa.ForeignKeyConstraint(
        ["pool_id", "family_id"], ["token_family.pool_id", "token_family.id"], ondelete="CASCADE"
    ),
)

# A sign-in under way. `sub` has no foreign key: the person may be one that does not exist.
auth_session = sa.Table(
    "auth_session",
    metadata,
    _pool_id(),
    sa.Column("id", Key, nullable=False),
    sa.Column("hash", sa.LargeBinary, nullable=False),
    sa.Column("client_id", Key, nullable=False),
    sa.Column("sub", Key),
    sa.Column("step", Key, nullable=False),
    sa.Column("sealed", sa.LargeBinary, nullable=False),
    sa.Column("created_at", Instant, nullable=False),
    sa.Column("expires_at", Instant, nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
    sa.PrimaryKeyConstraint("pool_id", "id"),
    sa.Index(None, "id"),
    sa.Index(None, "pool_id", "sub"),
    sa.Index(None, "expires_at"),
)

# How often something was tried: wrong passwords, codes asked for. `key` is a sub, or stands for a name that is no user's.
attempt = sa.Table(
    "attempt",
    metadata,
    _pool_id(),
    sa.Column("kind", Key, nullable=False),
    sa.Column("key", Key, nullable=False),
    sa.Column("tries", sa.Integer, nullable=False),
    sa.Column("since", Instant, nullable=False),
    sa.Column("locked_until", Instant),
    sa.Column("expires_at", Instant, nullable=False),
    sa.PrimaryKeyConstraint("pool_id", "kind", "key"),
    sa.Index(None, "expires_at"),
)

# What is still to be sent; written with the change that it tells of.
outbox = sa.Table(
    "outbox",
    metadata,
    sa.Column("id", Key, primary_key=True),
    _pool_id(),
    sa.Column("kind", Key, nullable=False),
    sa.Column("sealed", sa.LargeBinary, nullable=False),
    sa.Column("created_at", Instant, nullable=False),
    sa.Column("next_at", Instant, nullable=False),
    sa.Column("expires_at", Instant, nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("last_error", sa.Text),
    sa.Index(None, "next_at"),
    sa.Index(None, "pool_id"),
)

# Messages kept on this machine where nothing is configured to carry them.
inbox_message = sa.Table(
    "inbox_message",
    metadata,
    sa.Column("id", Key, primary_key=True),
    _pool_id(),
    sa.Column("sealed", sa.LargeBinary, nullable=False),
    sa.Column("created_at", Instant, nullable=False),
    sa.Index(None, "created_at"),
    sa.Index(None, "pool_id"),
)

# Somebody's browser that is signed in to a pool. `hash` is the keyed hash of its cookie.
browser_session = sa.Table(
    "browser_session",
    metadata,
    *_of_user(
        sa.Column("id", Key, nullable=False),
        sa.Column("hash", sa.LargeBinary, nullable=False),
        sa.Column("expires_at", Instant, nullable=False),
        *_document(),
        sa.PrimaryKeyConstraint("pool_id", "id"),
        sa.Index(None, "pool_id", "sub"),
        sa.Index(None, "expires_at"),
    ),
)

# A code on its way from a browser to its application, as a keyed hash. It stays for a while after its use, so that a
# second one is known for what it is, and ends `family_id`, what the first one gave.
authorization_code = sa.Table(
    "authorization_code",
    metadata,
    *_of_user(
        sa.Column("hash", sa.LargeBinary, nullable=False),
        sa.Column("client_id", Key, nullable=False),
        sa.Column("expires_at", Instant, nullable=False),
        sa.Column("used_at", Instant),
        sa.Column("family_id", Key),
        *_document(),
        sa.PrimaryKeyConstraint("pool_id", "hash"),
        sa.Index(None, "pool_id", "sub"),
        sa.Index(None, "expires_at"),
    ),
)


def _of_client() -> sa.Column[str]:
    return sa.Column(
        "client_id", Key, sa.ForeignKey("user_pool_client.id", ondelete="CASCADE"), nullable=False
    )


# What a person has allowed a client that was registered dynamically.
consent = sa.Table(
    "consent",
    metadata,
    *_of_user(
        _of_client(),
        *_document(),
        sa.PrimaryKeyConstraint("pool_id", "sub", "client_id"),
        sa.Index(None, "client_id"),
    ),
)

# Where people of a pool may come from. `sealed` are the secrets among its details.
identity_provider = sa.Table(
    "identity_provider",
    metadata,
    _pool_id(),
    sa.Column("name", Key, nullable=False),
    sa.Column("sealed", sa.LargeBinary),
    *_document(),
    sa.PrimaryKeyConstraint("pool_id", "name"),
)


def _of_provider(*rest: sa.schema.SchemaItem) -> tuple[sa.schema.SchemaItem, ...]:
    return (
        sa.Column("pool_id", Key, nullable=False),
        sa.Column("provider_name", Key, nullable=False),
        sa.ForeignKeyConstraint(
            ["pool_id", "provider_name"],
            ["identity_provider.pool_id", "identity_provider.name"],
            ondelete="CASCADE",
        ),
        *rest,
    )


provider_identifier = sa.Table(
    "provider_identifier",
    metadata,
    *_of_provider(
        sa.Column("identifier", Key, nullable=False),
        sa.PrimaryKeyConstraint("pool_id", "identifier"),
        sa.Index(None, "pool_id", "provider_name"),
    ),
)

# Who of a provider is who here. It outlives the provider: of the same name, it may come back.
user_identity = sa.Table(
    "user_identity",
    metadata,
    *_of_user(
        sa.Column("provider_name", Key, nullable=False),
        sa.Column("attribute_name", Key, nullable=False),
        sa.Column("value_key", Key, nullable=False),
        *_document(),
        sa.PrimaryKeyConstraint("pool_id", "provider_name", "attribute_name", "value_key"),
        sa.Index(None, "pool_id", "sub"),
    ),
)

# The pool's keys towards SAML providers: what signs its requests ("" for all providers), what a provider encrypts for.
provider_key = sa.Table(
    "provider_key",
    metadata,
    _pool_id(),
    sa.Column("id", Key, nullable=False),
    sa.Column("provider_name", Key, nullable=False),
    sa.Column("use", Key, nullable=False),
    sa.Column("certificate", sa.Text, nullable=False),
    sa.Column("sealed", sa.LargeBinary, nullable=False),
    sa.Column("created_at", Instant, nullable=False),
    sa.Column("expires_at", Instant, nullable=False),
    sa.PrimaryKeyConstraint("pool_id", "id"),
    sa.Index(None, "pool_id", "use", "provider_name"),
)

# What may be used once and was: an assertion's id, say.
used_once = sa.Table(
    "used_once",
    metadata,
    _pool_id(),
    sa.Column("kind", Key, nullable=False),
    sa.Column("key", Key, nullable=False),
    sa.Column("expires_at", Instant, nullable=False),
    sa.PrimaryKeyConstraint("pool_id", "kind", "key"),
    sa.Index(None, "expires_at"),
)


managed_login_branding = sa.Table(
    "managed_login_branding",
    metadata,
    _pool_id(),
    sa.Column("id", Key, nullable=False),
    _of_client(),
    *_document(),
    sa.PrimaryKeyConstraint("pool_id", "id"),
    sa.UniqueConstraint("client_id"),
)

# The images of a style, beside its document: a page needs their names, and only who asks for one its bytes.
branding_asset = sa.Table(
    "branding_asset",
    metadata,
    sa.Column("pool_id", Key, nullable=False),
    sa.Column("branding_id", Key, nullable=False),
    sa.Column("category", Key, nullable=False),
    sa.Column("color_mode", Key, nullable=False),
    sa.Column("resource_id", Key, nullable=False),
    sa.Column("extension", Key, nullable=False),
    sa.Column("hash", Key, nullable=False),
    sa.Column("content", sa.LargeBinary, nullable=False),
    sa.ForeignKeyConstraint(
        ["pool_id", "branding_id"],
        ["managed_login_branding.pool_id", "managed_login_branding.id"],
        ondelete="CASCADE",
    ),
    sa.PrimaryKeyConstraint("pool_id", "branding_id", "category", "color_mode", "resource_id"),
    sa.Index(None, "pool_id", "hash"),
)

# No foreign key: the pool's own stands under client_id "ALL".
ui_customization = sa.Table(
    "ui_customization",
    metadata,
    _pool_id(),
    sa.Column("client_id", Key, nullable=False),
    *_document(),
    sa.PrimaryKeyConstraint("pool_id", "client_id"),
)

terms = sa.Table(
    "terms",
    metadata,
    _pool_id(),
    sa.Column("id", Key, nullable=False),
    _of_client(),
    sa.Column("name", Key, nullable=False),
    *_document(),
    sa.PrimaryKeyConstraint("pool_id", "id"),
    sa.UniqueConstraint("client_id", "name"),
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
    sa.Column("sub", Key),
    sa.Index(None, "account_id", "id"),
    sa.Index(None, "pool_id", "id"),
    sa.Index(None, "pool_id", "sub", "id"),
)

# What is still to be told to those who listen: records of the audit, exported logs. No foreign key: the deletion of
# a pool is told, too.
dispatch = sa.Table(
    "dispatch",
    metadata,
    sa.Column("id", Key, primary_key=True),
    sa.Column("kind", Key, nullable=False),
    sa.Column("document", sa.Text, nullable=False),
    sa.Column("created_at", Instant, nullable=False),
    sa.Column("next_at", Instant, nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("last_error", sa.Text),
    sa.Index(None, "next_at"),
)

# What a person did to get in, where threat protection watches.
auth_event = sa.Table(
    "auth_event",
    metadata,
    *_of_user(
        sa.Column("id", Key, nullable=False),
        sa.Column("kind", Key, nullable=False),
        sa.Column("created_at", Instant, nullable=False),
        sa.Column("document", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("pool_id", "id"),
        sa.Index(None, "pool_id", "sub", "id"),
        sa.Index(None, "created_at"),
    ),
)

# By what threat protection knows a person again: a device, a network, an address.
known_place = sa.Table(
    "known_place",
    metadata,
    *_of_user(
        sa.Column("kind", Key, nullable=False),
        sa.Column("value", Key, nullable=False),
        sa.Column("is_trusted", sa.Boolean, nullable=False),
        sa.Column("seen_at", Instant, nullable=False),
        sa.PrimaryKeyConstraint("pool_id", "sub", "kind", "value"),
        sa.Index(None, "seen_at"),
    ),
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
