"""Somebody whom the pool does not have, and another directory may: a pool's function is asked for them, once, and they
are the pool's from then on.

Whether anybody has the name is not hidden by time here: of somebody new the other directory is asked, whatever that
takes. What is answered is the same.

Source: Cognito developer guide, "Migrate user Lambda trigger"; "Importing users with a user migration Lambda trigger".
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from poolhouse.core.codes import MAX_SENDINGS
from poolhouse.core.credentials import Password
from poolhouse.core.errors import (
    AliasExistsException,
    TooManyRequestsException,
    UserLambdaValidationException,
    UsernameExistsException,
    UserNotFoundException,
)
from poolhouse.core.existence import hides_existence
from poolhouse.core.ids import new_jti
from poolhouse.core.messages import Purpose
from poolhouse.core.password_policy import LONGEST
from poolhouse.core.pools import UserPool
from poolhouse.core.secret import Secret
from poolhouse.core.snapshots import AppSnapshot
from poolhouse.core.triggers import Trigger, function_of
from poolhouse.core.user_migration import MEMBERS, Migrated, Unusable, can_be_asked_for, migrated_of
from poolhouse.core.users import User, UserStatus
from poolhouse.operation import Call
from poolhouse.store import Transaction
from poolhouse.userpools import delivery
from poolhouse.userpools.existence import count_name
from poolhouse.userpools.passwords import make_password
from poolhouse.userpools.triggers.calling import run
from poolhouse.userpools.triggers.custom_message import with_texts
from poolhouse.userpools.users.aliases import has_name_of_another, take_aliases

log = logging.getLogger("poolhouse.triggers")
SIGN_IN, FORGOT_PASSWORD = "Authentication", "ForgotPassword"
ASKED = "ask function"
"""Under which requests are counted that ask the function for a name, and bring no password that could be wrong."""


@dataclass(frozen=True, slots=True)
class Arrived:
    """Who has the name now."""

    user: User
    password: Password | None
    is_new: bool
    """Whether it is this request that brought them. Else another was first, and what they brought proves nothing."""


def brings_people(pool: UserPool) -> bool:
    """Whether a function of the pool knows people whom the pool does not have."""
    return function_of(pool.settings, Trigger.USER_MIGRATION) is not None


def unknown_to(app: AppSnapshot) -> UserNotFoundException:
    """What a client that need not hide who exists hears where the function brings nobody."""
    return UserNotFoundException(f"Exception migrating user in app client {app.client.id}")


async def bring(
    call: Call,
    app: AppSnapshot,
    name: str,
    *,
    password: Secret | None = None,
    validation: Mapping[str, str] | None = None,
    metadata: Mapping[str, str] | None = None,
    also: Callable[[Transaction], None] = lambda tx: None,
) -> Arrived | None:
    """Ask the pool's function for whom nobody here is called, and make them a person of the pool; None where it throws,
    or says of nobody whom the pool can have.

    With `password` it is asked whether that is theirs, and it becomes theirs here, whatever the pool's policy says of
    it; without, they forgot theirs. `validation` and `metadata` are ClientMetadata of InitiateAuth and of the other
    operations. `also` belongs to their arrival, and is done with it or not at all.

    Raises:
        UnexpectedLambdaException, InvalidLambdaResponseException: the function gave no answer, or none that is one.
        UserLambdaValidationException: another function of the pool failed, which writes the welcome.
        TooManyRequestsException: too many wait to have a password hashed.
    """
    pool = app.user_pool
    if not can_be_asked_for(name) or (password is not None and len(password.reveal()) > LONGEST):
        return None
    answer = await _ask(call, app, name, password, validation, metadata)
    if answer is None:
        return None
    try:
        migrated = migrated_of(
            pool,
            name,
            answer,
            sub=new_jti(call.random),
            now=call.now,
            has_password=password is not None,
        )
        return await _add(call, app, name, migrated, password, also)
    except Unusable as unusable:
        log.warning(
            "%s of %s: nobody can be made of the answer: %s", Trigger.USER_MIGRATION, pool.id, unusable
        )
        return None


async def bring_who_forgot(
    call: Call, app: AppSnapshot, name: str, metadata: Mapping[str, str] | None
) -> None:
    """Before a code is sent to who forgot their password: if the pool does not have them, its function may. It is
    asked for one name as often as a code is sent to one person.

    Raises:
        UserNotFoundException: it brings nobody, and the client need not hide that.
        CognitoError: as `bring`.
    """
    pool = app.user_pool
    if not brings_people(pool):
        return
    if await call.store.look_up(lambda tx: tx.users.find(pool, name)) is not None:
        return
    if not await call.store.write(lambda tx: count_name(tx, call, pool, ASKED, name, MAX_SENDINGS)):
        return
    if await bring(call, app, name, metadata=metadata) is None and not hides_existence(app):
        raise unknown_to(app)


async def _ask(
    call: Call,
    app: AppSnapshot,
    name: str,
    password: Secret | None,
    validation: Mapping[str, str] | None,
    metadata: Mapping[str, str] | None,
) -> dict[str, Any] | None:
    request: dict[str, Any] = {} if password is None else {"password": password.reveal()}
    request["validationData"] = dict(validation) if validation else None
    if metadata:
        request["clientMetadata"] = dict(metadata)
    try:
        return await run(
            call,
            app.user_pool,
            Trigger.USER_MIGRATION,
            f"{Trigger.USER_MIGRATION}_{FORGOT_PASSWORD if password is None else SIGN_IN}",
            client_id=app.client.id,
            username=name,
            request=request,
            response=dict.fromkeys(MEMBERS),
        )
    except UserLambdaValidationException:
        # Its words are not told: they would say more than a wrong password does. They are in its own log.
        return None


async def _add(
    call: Call,
    app: AppSnapshot,
    name: str,
    migrated: Migrated,
    password: Secret | None,
    also: Callable[[Transaction], None],
) -> Arrived:
    pool, user = app.user_pool, migrated.user
    made = None
    if password is not None:
        made = await make_password(
            call,
            pool,
            sub=user.sub,
            username=user.username,
            password=password.reveal(),
            temporary=user.status is UserStatus.FORCE_CHANGE_PASSWORD,
            enforced=False,
        )

    def add(tx: Transaction) -> tuple[Arrived, list[str]]:
        also(tx)
        if (found := tx.people.named(pool, name)) is not None:
            return Arrived(*found, is_new=False), []
        if migrated.takes_aliases:
            take_aliases(tx, pool, user, call.now)
        if has_name_of_another(tx, pool, user):
            raise Unusable("a name of another person")
        tx.users.add(pool, user)
        if (mine := tx.users.find(pool, name)) is None or mine.sub != user.sub:
            raise Unusable("they would not be found by the name that they came with")
        if made is not None:
            tx.passwords.put(made)
        messages = [
            delivery.post(
                tx,
                call,
                pool,
                user,
                purpose=Purpose.INVITATION,
                medium=medium,
                destination=address,
                code="",
                client_id=app.client.id,
            )
            for medium, address in migrated.media
        ]
        return Arrived(user, made, is_new=True), messages

    for _ in range(2):
        try:
            arrived, messages = await with_texts(call, lambda: call.write(add, pool_id=pool.id))
        except (UsernameExistsException, AliasExistsException):
            continue  # somebody has a name of theirs: this very person, if they came twice at once
        delivery.deliver_unseen(call, messages)
        return arrived
    found = await call.store.read(lambda tx: tx.people.named(pool, name))
    if found is None:
        raise Unusable("a name of another person")
    raise TooManyRequestsException(detail="somebody comes and goes")
