"""Somebody whom an identity provider vouches for arrives: found or made, brought up to date, signed in.

Who they are follows from provider and subject alone, or from a link that an administrator made. What the provider
says of them is written at each sign-in, as the provider's mapping has it; a function of the pool may change what
that is. Of somebody new the pool's functions hear as of one who signs up, of somebody known as of one who signs in:

    inbound federation ─ known? ─ yes: pre authentication ─ written ─ post authentication ─ session
                            └──── no:  pre sign-up ──────── written ─ post confirmation ─── session

Source: Cognito developer guide, "Customizing user pool workflows with Lambda triggers" (federated users).
"""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from typing import NamedTuple

from poolhouse.core.browser_sessions import BrowserSession
from poolhouse.core.errors import (
    AliasExistsException,
    CognitoError,
    ConcurrentModificationException,
    NotAuthorizedException,
    TooManyRequestsException,
    UsernameExistsException,
)
from poolhouse.core.federation import MAX_SUBJECT, FederationFailed, Identity
from poolhouse.core.identity_providers import IdentityProvider
from poolhouse.core.pools import UserPool
from poolhouse.core.snapshots import AppSnapshot
from poolhouse.core.triggers import Trigger, function_of
from poolhouse.core.users import User
from poolhouse.operation import Call
from poolhouse.store import Transaction
from poolhouse.store.rows import is_storable
from poolhouse.userpools.auth_events import record
from poolhouse.userpools.browser_sessions import begin_browser_session
from poolhouse.userpools.federation import people
from poolhouse.userpools.risk.blocking import NOT_ALLOWED, is_blocked
from poolhouse.userpools.triggers.authentication import after_sign_in, before_sign_in
from poolhouse.userpools.triggers.inbound_federation import changed_by_function
from poolhouse.userpools.triggers.post_confirmation import Of, tell_after
from poolhouse.userpools.triggers.pre_sign_up import By, ask_before

TRIES = 4
BY_PROVIDER = "fed"
"""The `amr` of a sign-in that a provider did. Source: Cognito developer guide, "Step-up authentication"."""
GUARDS = (Trigger.PRE_AUTHENTICATION, Trigger.PRE_SIGN_UP)
"""Functions that may refuse, each somebody of its own kind."""


class Received(NamedTuple):
    user: User
    is_new: bool


async def arrive(
    call: Call, app: AppSnapshot, provider: IdentityProvider, identity: Identity
) -> tuple[BrowserSession, str]:
    """The session of who `identity` is in this pool, and the text of its cookie.

    Somebody new becomes a person `{provider}_{subject}` with the status EXTERNAL_PROVIDER, in the provider's group.

    Raises:
        FederationFailed: the person may not sign in; what the provider says does not fit the pool's schema; a function
            of the pool refused, or failed.
    """
    if not identity.subject or len(identity.subject) > MAX_SUBJECT or not is_storable(identity.subject):
        raise FederationFailed("The identity provider names no user", detail="a subject in no form of a name")

    def still_theirs(tx: Transaction, user: User) -> User:
        """What an administrator undoes between the two transactions ends no session that is not there yet."""
        people.refuse_provider(tx, app, provider)
        found = people.find(tx, app.user_pool, provider, identity)
        if found is None or found.user.sub != user.sub or found.identity.disabled:
            raise NotAuthorizedException("User is disabled.", detail="the link was undone meanwhile")
        record(tx, call, app, kind="SignIn", user=user, outcome="Pass", provider=provider.name)
        return user

    try:
        if is_blocked(call, app):
            raise NotAuthorizedException(NOT_ALLOWED)
        identity = await changed_by_function(call, app, provider, identity)
        user, is_new = await _received(call, app, provider, identity)
        if is_new:
            await tell_after(call, app.user_pool, user, Of.SIGN_UP, client_id=app.client.id)
        else:
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


async def _received(call: Call, app: AppSnapshot, provider: IdentityProvider, identity: Identity) -> Received:
    has_guards = any(function_of(app.user_pool.settings, trigger) for trigger in GUARDS)
    cleared: set[str | None] = set()

    def receive(tx: Transaction) -> Received:
        return _receive(tx, call, app, provider, identity, cleared if has_guards else None)

    # Of several first sign-ins at once, the others find whom the first one made.
    for tried in range(1, TRIES + 1):
        if has_guards:
            await _clear(call, app, provider, identity, cleared)
        try:
            return await call.write(receive, pool_id=app.pool.id)
        except (UsernameExistsException, ConcurrentModificationException):
            if tried == TRIES:
                raise
    raise AssertionError("the last try returns or raises")


async def _clear(
    call: Call, app: AppSnapshot, provider: IdentityProvider, identity: Identity, cleared: set[str | None]
) -> None:
    """Ask the pool's functions about who arrives. `cleared` has the subs of whom they were asked about, None for
    somebody new: each of them once, though it is tried again."""
    pool = app.user_pool

    def look(tx: Transaction) -> tuple[User, bool]:
        user = people.known(tx, pool, provider, identity)
        if user is not None:
            return user, False
        values = people.values_of(tx, app, provider, identity)
        return people.newcomer(call, pool, provider, identity, values), True

    user, is_new = await call.store.read(look)
    who = None if is_new else user.sub
    if who in cleared:
        return
    if is_new:
        # What it grants is for the pool's own people: these are confirmed by their provider.
        await ask_before(call, pool, user, By.PROVIDER, client_id=app.client.id, validation=())
    else:
        await before_sign_in(call, app, user, user.username, None)
    cleared.add(who)


def _receive(
    tx: Transaction,
    call: Call,
    app: AppSnapshot,
    provider: IdentityProvider,
    identity: Identity,
    cleared: AbstractSet[str | None] | None,
) -> Received:
    """`cleared` are those about whom the functions were asked; None where there are no such functions."""
    pool: UserPool = app.user_pool
    values = people.values_of(tx, app, provider, identity)
    found = people.find(tx, pool, provider, identity)
    if cleared is not None and (None if found is None else found.user.sub) not in cleared:
        raise ConcurrentModificationException  # a function itself may have linked them: it is looked again
    if found is None:
        return Received(people.make(tx, call, pool, provider, identity, values), is_new=True)
    if found.identity.disabled:
        raise NotAuthorizedException("User is disabled.", detail="this identity may not sign in any more")
    if not found.user.enabled:
        raise NotAuthorizedException("User is disabled.")
    return Received(people.bring_up_to_date(tx, call, pool, found.user, values), is_new=False)
