"""A sign-in of somebody whom the pool does not have, with a password that the pool's function may know."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from poolhouse.core.errors import NotAuthorizedException
from poolhouse.core.existence import hides_existence
from poolhouse.core.secret import Secret
from poolhouse.store import Transaction
from poolhouse.userpools import sessions
from poolhouse.userpools.passwords import EXCEEDED, PASSWORDS, Proof, settle_attempt
from poolhouse.userpools.sign_in.attempt import Attempt, Person, attempts_key
from poolhouse.userpools.triggers.user_migration import bring, brings_people, unknown_to


async def bring_person(
    attempt: Attempt, presented: str, validation: Mapping[str, str] | None
) -> tuple[Attempt, Proof | None]:
    """The sign-in, with the person if the pool's function brings them; then their password is proved. Guesses at
    somebody elsewhere are counted as those at a person of the pool: none is let through while a lock stands.

    Raises:
        NotAuthorizedException: a lock stands.
        UserNotFoundException: the function brings nobody, and the client need not hide that.
        UnexpectedLambdaException, InvalidLambdaResponseException: the function gave no answer, or none that is one.
    """
    call, pool, name = attempt.call, attempt.pool, attempt.person.name
    if attempt.person.user is not None or not brings_people(pool):
        return attempt, None
    key = attempts_key(attempt)

    def believe(tx: Transaction) -> None:
        """The function said yes: as with a right password, that counts only where no lock stands at the end."""
        if settle_attempt(tx, pool.id, key, call.now, right=True):
            raise NotAuthorizedException(EXCEEDED)
        if attempt.session is not None:
            # It was begun by nobody; what follows begins one of theirs.
            sessions.end(tx, attempt.session)

    # A few at a time for one name, and none while a lock stands: the function must not become a place to guess at.
    async with call.ports.passwords.turn(f"{pool.id} {key}"):
        attempts = await call.store.look_up(lambda tx: tx.attempts.find(pool.id, PASSWORDS, key, call.now))
        if attempts.is_locked(call.now):
            raise NotAuthorizedException(EXCEEDED)
        arrived = await bring(
            call,
            attempt.app,
            name,
            password=Secret(presented),
            validation=validation,
            metadata=attempt.client_metadata,
            also=believe,
        )
    if arrived is not None:
        person = Person(name, arrived.user, arrived.password)
        proof = Proof(True, arrived.password) if arrived.is_new else None
        return replace(attempt, person=person, session=None), proof
    if hides_existence(attempt.app):
        return attempt, None  # goes on as any wrong password of nobody, which is counted
    record = replace(call.record(pool.id), client_id=attempt.app.client.id)

    def refuse(tx: Transaction) -> bool:
        locked = settle_attempt(tx, pool.id, key, call.now, right=False)
        code = "NotAuthorizedException" if locked else "UserNotFoundException"
        tx.audit.add(replace(record, error_code=code))
        return locked

    is_locked = await call.store.write(refuse)
    raise NotAuthorizedException(EXCEEDED) if is_locked else unknown_to(attempt.app)
