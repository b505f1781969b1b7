"""Who somebody of an identity provider is in the pool: found, made new, brought up to date.

Source: Cognito developer guide, "Mapping IdP attributes to profiles and tokens", "Linking federated users to an
existing user profile".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from poolhouse.core.attribute_mapping import mapped
from poolhouse.core.clients import UserPoolClient
from poolhouse.core.errors import ConcurrentModificationException, NotAuthorizedException
from poolhouse.core.federation import (
    SUBJECT,
    Identity,
    UserIdentity,
    group_of_provider,
    identities_attribute,
)
from poolhouse.core.groups import Group
from poolhouse.core.identity_providers import IdentityProvider
from poolhouse.core.ids import new_jti
from poolhouse.core.pools import UserPool
from poolhouse.core.snapshots import AppSnapshot
from poolhouse.core.user_attributes import check_changes, check_new, client_writable
from poolhouse.core.users import VERIFIED, User, UserStatus, heeds_case
from poolhouse.operation import Call
from poolhouse.store import Transaction

MAX_USERNAME = 128
"""Characters. Source: Cognito API reference, UsernameType."""
IDENTITIES = "identities"
NO_PROFILE = "The user profile could not be created"


class Found(NamedTuple):
    user: User
    identity: UserIdentity


def refuse_provider(tx: Transaction, app: AppSnapshot, provider: IdentityProvider) -> UserPoolClient:
    """The client, as it is now. Asked in each transaction: the provider may be gone, or not this client's any more."""
    client = tx.clients.get(app.pool.id, app.client.id)
    tx.identity_providers.get(app.pool.id, provider.name)
    if provider.name not in client.settings.get("SupportedIdentityProviders", ()):
        raise NotAuthorizedException("The identity provider is not enabled for this client.")
    return client


def known(tx: Transaction, pool: UserPool, provider: IdentityProvider, identity: Identity) -> User | None:
    """The same person as `find` gives, not locked."""
    theirs = _identity(tx, pool, provider, identity)
    return None if theirs is None else tx.users.by_sub(pool.id, theirs.sub)


def find(tx: Transaction, pool: UserPool, provider: IdentityProvider, identity: Identity) -> Found | None:
    """Whose the subject is; else whom an attribute links to. They are locked."""
    theirs = _identity(tx, pool, provider, identity)
    user = None if theirs is None else tx.users.lock(pool.id, theirs.sub)
    return None if theirs is None or user is None else Found(user, theirs)


def _identity(
    tx: Transaction, pool: UserPool, provider: IdentityProvider, identity: Identity
) -> UserIdentity | None:
    theirs = tx.user_identities.find(pool.id, provider.name, SUBJECT, identity.subject)
    if theirs is None:
        for name in sorted(tx.user_identities.attribute_names(pool.id, provider.name)):
            theirs = theirs or _linked_by(tx, pool, provider, identity, name)
    return theirs


def _linked_by(
    tx: Transaction, pool: UserPool, provider: IdentityProvider, identity: Identity, name: str
) -> UserIdentity | None:
    # An administrator may have named the provider's claim, or the attribute that it is mapped to.
    value = identity.attributes.get(provider.mapping.get(name, name))
    if isinstance(value, str) and value:
        return tx.user_identities.find(pool.id, provider.name, name, value)
    return None


def values_of(
    tx: Transaction, app: AppSnapshot, provider: IdentityProvider, identity: Identity
) -> dict[str, str]:
    """What the provider says now, as attributes of the pool.

    Raises:
        NotAuthorizedException, ResourceNotFoundException: as `refuse_provider`.
        InvalidParameterException: a value that can be none.
    """
    client = refuse_provider(tx, app, provider)
    pool = app.user_pool
    return mapped(pool, provider.mapping, identity.attributes, client_writable(pool, client))


def newcomer(
    call: Call, pool: UserPool, provider: IdentityProvider, identity: Identity, values: Mapping[str, str]
) -> User:
    """Whom the pool is to have from now on: `{provider}_{subject}`, with the status EXTERNAL_PROVIDER.

    Raises:
        NotAuthorizedException: the name is too long.
        InvalidParameterException: what the provider says does not fit the pool's schema.
    """
    username = username_of(pool, provider.name, identity.subject)
    if len(username) > MAX_USERNAME:
        raise NotAuthorizedException(
            f"{NO_PROFILE}: the name would be longer than {MAX_USERNAME} characters."
        )
    attributes = check_new(pool, values, writable=None, required=True)
    for name, verified in VERIFIED.items():
        if name in attributes:
            attributes.setdefault(verified, "false")
    return User(
        pool_id=pool.id,
        sub=new_jti(call.random),
        username=username,
        status=UserStatus.EXTERNAL_PROVIDER,
        created_at=call.now,
        modified_at=call.now,
        attributes=attributes,
    )


def make(
    tx: Transaction,
    call: Call,
    pool: UserPool,
    provider: IdentityProvider,
    identity: Identity,
    values: Mapping[str, str],
) -> User:
    """Make them, in their provider's group.

    Raises:
        UsernameExistsException, ConcurrentModificationException: somebody is there already.
        NotAuthorizedException, InvalidParameterException: as `newcomer`.
    """
    person = newcomer(call, pool, provider, identity, values)
    theirs = UserIdentity(
        pool_id=pool.id,
        sub=person.sub,
        provider_name=provider.name,
        provider_type=provider.type.value,
        attribute_name=SUBJECT,
        value=identity.subject,
        created_at=call.now,
        primary=True,
        issuer=identity.issuer,
    )
    user = with_identities(person, [theirs])
    tx.users.add(pool, user)
    if not tx.user_identities.add(theirs):
        # Linked to somebody since it was looked for: who that is, the next try finds.
        raise ConcurrentModificationException
    group = group_of_provider(pool.id, provider.name)
    if tx.groups.find(pool.id, group) is None:
        _make_group(tx, call, pool, provider, group)
    tx.memberships.add(pool.id, group, user.sub, call.now)
    return user


def _make_group(tx: Transaction, call: Call, pool: UserPool, provider: IdentityProvider, name: str) -> None:
    tx.groups.add_if_missing(
        Group(
            pool_id=pool.id,
            name=name,
            created_at=call.now,
            modified_at=call.now,
            description=f"Autogenerated group for users who sign in using {provider.name}",
        )
    )


def bring_up_to_date(
    tx: Transaction, call: Call, pool: UserPool, user: User, values: Mapping[str, str]
) -> User:
    """What the provider says now. An attribute that may not change and would is an error, as in Cognito; one that
    stays as it is is none."""
    changed = {name: value for name, value in values.items() if user.attributes.get(name) != value}
    if not changed:
        return user
    for name, verified in VERIFIED.items():
        if name in changed and verified in values:
            changed[verified] = values[verified]  # of the new address, even if it was said of the old one too
    changes = check_changes(pool, user, changed, writable=None)
    return tx.users.replace(pool, user.with_attributes(call.now, changes))


def username_of(pool: UserPool, provider_name: str, subject: str) -> str:
    """`{provider}_{subject}`, in small letters where the pool does not heed case."""
    name = f"{provider_name}_{subject}"
    return name if heeds_case(pool) else name.lower()


def with_identities(user: User, identities: Sequence[UserIdentity]) -> User:
    """The person with the attribute that lists them; without it where there are none."""
    kept = {name: value for name, value in user.attributes.items() if name != IDENTITIES}
    if identities:
        kept[IDENTITIES] = identities_attribute(identities)
    return replace(user, attributes=kept)
