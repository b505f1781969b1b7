"""Links between somebody of an identity provider and somebody of the pool: made and undone by an administrator.

Source: Cognito API reference, AdminLinkProviderForUser, AdminDisableProviderForUser; developer guide, "Linking
federated users to an existing user profile".
"""

from __future__ import annotations

from poolhouse.core.errors import (
    AliasExistsException,
    InvalidParameterException,
    LimitExceededException,
    UserNotFoundException,
)
from poolhouse.core.federation import (
    MAX_ATTRIBUTE_NAMES,
    MAX_IDENTITIES,
    MAX_SUBJECT,
    SUBJECT,
    THIS_POOL,
    UserIdentity,
)
from poolhouse.core.identity_providers import SOCIAL, IdentityProvider
from poolhouse.core.pools import UserPool
from poolhouse.core.users import User, UserStatus
from poolhouse.operation import Call
from poolhouse.shapes.cognito_idp import (
    AdminDisableProviderForUserRequest,
    AdminDisableProviderForUserResponse,
    AdminLinkProviderForUserRequest,
    AdminLinkProviderForUserResponse,
    ProviderUserIdentifierType,
)
from poolhouse.store import Transaction
from poolhouse.store.rows import is_storable
from poolhouse.userpools import sessions
from poolhouse.userpools.federation.people import with_identities

MERGING = (
    "Merging is not currently supported, provide a SourceUser that has not been signed up in order to link"
)


async def admin_link_provider_for_user(
    call: Call, request: AdminLinkProviderForUserRequest
) -> AdminLinkProviderForUserResponse:
    """From now on somebody of a provider is this person of the pool.

    Raises:
        ResourceNotFoundException: no such pool, no such provider.
        UserNotFoundException: there is nobody to link to.
        InvalidParameterException: an attribute that the provider is not known by; somebody who has signed in by
            themselves, so is a person already.
        AliasExistsException: they are linked to somebody else.
        LimitExceededException: the person has five, or the pool links by five attributes.
    """
    pool_id, source = request["UserPoolId"], request["SourceUser"]

    def link(tx: Transaction) -> None:
        pool = tx.pools.lock(call.account_id, call.region, pool_id)  # counted under the pool's row lock
        provider, name, value = _source(tx, pool, source)
        user = _destination(tx, pool, request["DestinationUser"])
        _refuse_known(tx, pool, provider, name, value, user)
        theirs = list(tx.user_identities.of(pool_id, user.sub))
        if sum(not one.primary for one in theirs) >= MAX_IDENTITIES:
            raise LimitExceededException("Maximum number of linked identities for the user reached.")
        names = tx.user_identities.attribute_names(pool_id)
        if name != SUBJECT and name not in names and len(names) >= MAX_ATTRIBUTE_NAMES:
            raise LimitExceededException("Maximum number of provider attribute names for the pool reached.")
        linked = UserIdentity(
            pool_id=pool_id,
            sub=user.sub,
            provider_name=provider.name,
            provider_type=provider.type.value,
            attribute_name=name,
            value=value,
            created_at=call.now,
            primary=False,
        )
        if not tx.user_identities.add(linked):
            raise AliasExistsException("SourceUser is already linked to another user.")
        tx.users.replace(pool, with_identities(user.changed(call.now), [*theirs, linked]))

    await call.write(link, pool_id=pool_id)
    return {}


async def admin_disable_provider_for_user(
    call: Call, request: AdminDisableProviderForUserRequest
) -> AdminDisableProviderForUserResponse:
    """Nobody gets in any more by this identity. A link is undone: who signs in by it next is somebody new. Of a
    person whom the provider made, the profile stays, stopped. One of the pool's own loses their password, and with it
    all sign-ins but by a provider.

    Raises:
        ResourceNotFoundException: no such pool, no such provider.
        UserNotFoundException: nobody is known by this.
        InvalidParameterException: an attribute that the provider is not known by.
    """
    pool_id, who = request["UserPoolId"], request["User"]

    def stop(tx: Transaction) -> None:
        pool = tx.pools.get(call.account_id, call.region, pool_id)
        if who.get("ProviderName") == THIS_POOL:
            _stop_own(tx, call, pool, who.get("ProviderAttributeValue", ""))
            return
        provider, name, value = _source(tx, pool, who)
        found = tx.user_identities.find(pool_id, provider.name, name, value)
        user = None if found is None else tx.users.lock(pool_id, found.sub)
        if found is None or user is None:
            raise UserNotFoundException("User does not exist.")
        if found.primary:
            tx.user_identities.replace(found.stopped())
        else:
            tx.user_identities.remove(found)
            left = tx.user_identities.of(pool_id, user.sub)
            tx.users.replace(pool, with_identities(user.changed(call.now), left))
        # Whoever came by it is signed out: it is theirs no more.
        tx.families.revoke_all(pool_id, user.sub, call.now)
        sessions.end_all(tx, pool_id, user.sub)

    await call.write(stop, pool_id=pool_id)
    return {}


def _stop_own(tx: Transaction, call: Call, pool: UserPool, name: str) -> None:
    user = tx.users.lock(pool.id, tx.users.get(pool, name).sub)
    if user is None:
        raise UserNotFoundException
    tx.passwords.remove(pool.id, user.sub)
    tx.users.replace(pool, user.changed(call.now, status=UserStatus.EXTERNAL_PROVIDER))
    tx.families.revoke_all(pool.id, user.sub, call.now)
    sessions.end_all(tx, pool.id, user.sub)


def _source(
    tx: Transaction, pool: UserPool, who: ProviderUserIdentifierType
) -> tuple[IdentityProvider, str, str]:
    """The provider, by what it knows somebody, and the value.

    Raises:
        ResourceNotFoundException, InvalidParameterException
    """
    name, value = who.get("ProviderAttributeName", ""), who.get("ProviderAttributeValue", "")
    if who.get("ProviderName") == THIS_POOL:
        raise InvalidParameterException("SourceUser must be of an identity provider, not of the user pool.")
    provider = tx.identity_providers.get(pool.id, who.get("ProviderName", ""))
    if not name or not value or len(value) > MAX_SUBJECT or not is_storable(value):
        raise InvalidParameterException("ProviderAttributeName and ProviderAttributeValue are required.")
    known = {SUBJECT}
    if provider.type not in SOCIAL:
        known |= {*provider.mapping.keys(), *provider.mapping.values()} - {"username"}
    if name not in known:
        raise InvalidParameterException(f"Invalid ProviderAttributeName {name} for provider {provider.name}.")
    return provider, name, value


def _destination(tx: Transaction, pool: UserPool, who: ProviderUserIdentifierType) -> User:
    """The person, locked. Raises UserNotFoundException, InvalidParameterException, ResourceNotFoundException."""
    value = who.get("ProviderAttributeValue", "")
    if not value:
        raise InvalidParameterException("DestinationUser has no ProviderAttributeValue.")
    if who.get("ProviderName", THIS_POOL) == THIS_POOL:
        sub: str | None = tx.users.get(pool, value).sub
    else:
        provider, name, value = _source(tx, pool, {"ProviderAttributeName": SUBJECT, **who})
        found = tx.user_identities.find(pool.id, provider.name, name, value)
        sub = None if found is None else found.sub
    user = None if sub is None else tx.users.lock(pool.id, sub)
    if user is None:
        raise UserNotFoundException("User does not exist.")
    return user


def _refuse_known(
    tx: Transaction, pool: UserPool, provider: IdentityProvider, name: str, value: str, user: User
) -> None:
    """Who is somebody already: by a link, or by having signed in."""
    found = tx.user_identities.find(pool.id, provider.name, name, value)
    if found is None:
        return
    if found.sub == user.sub and not found.primary:
        raise InvalidParameterException("SourceUser is already linked to DestinationUser")
    if found.primary:
        raise InvalidParameterException(MERGING)
    raise AliasExistsException("SourceUser is already linked to another user.")
