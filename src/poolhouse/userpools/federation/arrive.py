"""Somebody whom an identity provider vouches for arrives: found or made, brought up to date, signed in.

Who they are follows from provider and subject alone, or from a link that an administrator made. What the provider
says of them is written at each sign-in, as the provider's mapping has it.

Source: Cognito developer guide, "Mapping IdP attributes to profiles and tokens", "Linking federated users to an
existing user profile".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import NamedTuple

from poolhouse.core.attribute_mapping import mapped
from poolhouse.core.browser_sessions import BrowserSession
from poolhouse.core.clients import UserPoolClient
from poolhouse.core.errors import (
    AliasExistsException,
    CognitoError,
    ConcurrentModificationException,
    NotAuthorizedException,
    TooManyRequestsException,
    UsernameExistsException,
)
from poolhouse.core.federation import (
    MAX_SUBJECT,
    SUBJECT,
    FederationFailed,
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
from poolhouse.core.triggers import Trigger, function_of
from poolhouse.core.user_attributes import check_changes, check_new, client_writable
from poolhouse.core.users import VERIFIED, User, UserStatus, heeds_case
from poolhouse.operation import Call
from poolhouse.store import Transaction
from poolhouse.store.rows import is_storable
from poolhouse.userpools.browser_sessions import begin_browser_session
from poolhouse.userpools.triggers.authentication import after_sign_in, before_sign_in

TRIES = 4
MAX_USERNAME = 128
"""Characters. Source: Cognito API reference, UsernameType."""
BY_PROVIDER = "fed"
"""The `amr` of a sign-in that a provider did. Source: Cognito developer guide, "Step-up authentication"."""
IDENTITIES = "identities"
NO_PROFILE = "The user profile could not be created"


class Found(NamedTuple):
    user: User
    identity: UserIdentity


async def arrive(
    call: Call, app: AppSnapshot, provider: IdentityProvider, identity: Identity
) -> tuple[BrowserSession, str]:
    """The session of who `identity` is in this pool, and the text of its cookie.

    Somebody new becomes a person `{provider}_{subject}` with the status EXTERNAL_PROVIDER, in the provider's group.

    Raises:
        FederationFailed: the person may not sign in; what the provider says does not fit the pool's schema.
    """
    if not identity.subject or len(identity.subject) > MAX_SUBJECT or not is_storable(identity.subject):
        raise FederationFailed("The identity provider names no user", detail="a subject in no form of a name")

    def still_theirs(tx: Transaction, user: User) -> User:
        """What an administrator undoes between the two transactions ends no session that is not there yet."""
        _refuse_provider(tx, app, provider)
        found = _find(tx, app.user_pool, provider, identity)
        if found is None or found.user.sub != user.sub or found.identity.disabled:
            raise NotAuthorizedException("User is disabled.", detail="the link was undone meanwhile")
        return user

    try:
        known = await _known(call, app, provider, identity)
        if known is not None:
            await before_sign_in(call, app, known, known.username, None)
        user = await _received(call, app, provider, identity)
        if known is not None:
            await after_sign_in(call, app, user)
        level = provider.level_of(identity.acr)
        return await begin_browser_session(
            call,
            app,
            user.sub,
            amr=(BY_PROVIDER,),
            provider=provider.name,
            also=still_theirs,
            details={**identity.details, **({} if level is None else {"level": level})},
        )
    except AliasExistsException as taken:
        raise FederationFailed(
            f"Alias entry already exists for a different username: {taken.message}"
        ) from taken
    except UsernameExistsException as taken:
        raise FederationFailed("Username already exists") from taken
    except TooManyRequestsException:
        raise
    except CognitoError as refused:
        raise FederationFailed(refused.message, detail=refused.reason) from refused


async def _known(call: Call, app: AppSnapshot, provider: IdentityProvider, identity: Identity) -> User | None:
    """Who it is that the pool knows already; of somebody new its functions hear as of one who signs up. Asked for
    where a function is to hear of it alone.

    Source: Cognito developer guide, "Customizing user pool workflows with Lambda triggers" (federated users).
    """
    settings = app.user_pool.settings
    if not any(
        function_of(settings, trigger)
        for trigger in (Trigger.PRE_AUTHENTICATION, Trigger.POST_AUTHENTICATION)
    ):
        return None

    def find(tx: Transaction) -> User | None:
        theirs = _identity(tx, app.user_pool, provider, identity)
        return None if theirs is None else tx.users.by_sub(app.pool.id, theirs.sub)

    return await call.store.look_up(find)


async def _received(call: Call, app: AppSnapshot, provider: IdentityProvider, identity: Identity) -> User:
    def receive(tx: Transaction) -> User:
        return _receive(tx, call, app, provider, identity)

    # Of several first sign-ins at once, the others find whom the first one made.
    for _ in range(TRIES - 1):
        with suppress(UsernameExistsException, ConcurrentModificationException):
            return await call.write(receive, pool_id=app.pool.id)
    return await call.write(receive, pool_id=app.pool.id)


def _receive(
    tx: Transaction, call: Call, app: AppSnapshot, provider: IdentityProvider, identity: Identity
) -> User:
    pool = app.user_pool
    client = _refuse_provider(tx, app, provider)
    values = mapped(pool, provider.mapping, identity.attributes, client_writable(pool, client))
    found = _find(tx, pool, provider, identity)
    if found is None:
        return _make(tx, call, pool, provider, identity, values)
    if found.identity.disabled:
        raise NotAuthorizedException("User is disabled.", detail="this identity may not sign in any more")
    if not found.user.enabled:
        raise NotAuthorizedException("User is disabled.")
    return _bring_up_to_date(tx, call, pool, found.user, values)


def _refuse_provider(tx: Transaction, app: AppSnapshot, provider: IdentityProvider) -> UserPoolClient:
    """The client, as it is now. Asked in each transaction: the provider may be gone, or not this client's any more."""
    client = tx.clients.get(app.pool.id, app.client.id)
    tx.identity_providers.get(app.pool.id, provider.name)
    if provider.name not in client.settings.get("SupportedIdentityProviders", ()):
        raise NotAuthorizedException("The identity provider is not enabled for this client.")
    return client


def _find(tx: Transaction, pool: UserPool, provider: IdentityProvider, identity: Identity) -> Found | None:
    """Whose the subject is; else whom an attribute links to. They are locked."""
    known = _identity(tx, pool, provider, identity)
    user = None if known is None else tx.users.lock(pool.id, known.sub)
    return None if known is None or user is None else Found(user, known)


def _identity(
    tx: Transaction, pool: UserPool, provider: IdentityProvider, identity: Identity
) -> UserIdentity | None:
    known = tx.user_identities.find(pool.id, provider.name, SUBJECT, identity.subject)
    if known is None:
        for name in sorted(tx.user_identities.attribute_names(pool.id, provider.name)):
            known = known or _linked_by(tx, pool, provider, identity, name)
    return known


def _linked_by(
    tx: Transaction, pool: UserPool, provider: IdentityProvider, identity: Identity, name: str
) -> UserIdentity | None:
    # An administrator may have named the provider's claim, or the attribute that it is mapped to.
    value = identity.attributes.get(provider.mapping.get(name, name))
    if isinstance(value, str) and value:
        return tx.user_identities.find(pool.id, provider.name, name, value)
    return None


def _make(
    tx: Transaction,
    call: Call,
    pool: UserPool,
    provider: IdentityProvider,
    identity: Identity,
    values: Mapping[str, str],
) -> User:
    username = username_of(pool, provider.name, identity.subject)
    if len(username) > MAX_USERNAME:
        raise NotAuthorizedException(
            f"{NO_PROFILE}: the name would be longer than {MAX_USERNAME} characters."
        )
    theirs = UserIdentity(
        pool_id=pool.id,
        sub=new_jti(call.random),
        provider_name=provider.name,
        provider_type=provider.type.value,
        attribute_name=SUBJECT,
        value=identity.subject,
        created_at=call.now,
        primary=True,
        issuer=identity.issuer,
    )
    attributes = check_new(pool, values, writable=None, required=True)
    for name, verified in VERIFIED.items():
        if name in attributes:
            attributes.setdefault(verified, "false")
    user = User(
        pool_id=pool.id,
        sub=theirs.sub,
        username=username,
        status=UserStatus.EXTERNAL_PROVIDER,
        created_at=call.now,
        modified_at=call.now,
        attributes={**attributes, IDENTITIES: identities_attribute([theirs])},
    )
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


def _bring_up_to_date(
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
