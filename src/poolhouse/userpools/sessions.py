"""The `Session` of a sign-in: opaque, bound to client and person, good for one step, and only for some minutes."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any, TypeVar

from poolhouse.core.errors import NotAuthorizedException
from poolhouse.core.sealing import SealBroken
from poolhouse.core.sessions import (
    ID_SIZE,
    SECRET_SIZE,
    Session,
    Ticket,
    new_ticket,
    ticket_of_session,
)
from poolhouse.core.snapshots import AppSnapshot
from poolhouse.operation import Call
from poolhouse.store import Transaction

Result = TypeVar("Result")
INVALID = "Invalid session for the user."
EXPIRED = "Invalid session for the user, session is expired."
DEFAULT_MINUTES = 3


def lifetime(app: AppSnapshot) -> timedelta:
    """Source: Cognito API reference, CreateUserPoolClient (AuthSessionValidity, in minutes)."""
    return timedelta(minutes=app.client.settings.get("AuthSessionValidity") or DEFAULT_MINUTES)


def begin(
    tx: Transaction,
    call: Call,
    app: AppSnapshot,
    sub: str | None,
    step: str,
    state: Mapping[str, Any],
    lasts: timedelta | None = None,
) -> Ticket:
    """Keep a new session that waits at `step`; its first ticket.

    Raises:
        ResourceNotFoundException: the client's pool was deleted meanwhile.
    """
    ticket = _new_ticket(call)
    session = Session(
        pool_id=app.pool.id,
        id=ticket.id,
        client_id=app.client.id,
        sub=sub,
        step=step,
        state=state,
        created_at=call.now,
        expires_at=call.now + (lifetime(app) if lasts is None else lasts),
    )
    try:
        tx.sessions.add(session, _hash(call, app.pool.id, ticket))
    except SealBroken:
        tx.clients.require(app.pool.id, app.client.id)  # a deleted pool has no key; else it is a fault
        raise
    return ticket


async def open_session(call: Call, app: AppSnapshot, text: str) -> Session:
    """The session that a client's `Session` stands for. Nothing is used up: `advance` and `end` do that.

    Raises:
        NotAuthorizedException: it is none of this client's, was used already, or is too old.
    """
    return await open_ticket(call, app, ticket_of_session(text))


async def open_lone_session(call: Call, text: str) -> tuple[AppSnapshot, Session]:
    """The session of a request that names neither client nor pool, with the client that it was begun at.

    Raises:
        NotAuthorizedException: as `open_session`.
    """
    ticket = ticket_of_session(text)
    if ticket is None:
        raise NotAuthorizedException(INVALID, detail="a session in no form of ours")
    client_id = await call.store.look_up(lambda tx: tx.sessions.client_of(ticket.id))
    app: AppSnapshot | None = None if client_id is None else await call.cache.get("app", client_id)
    if app is None:
        raise NotAuthorizedException(INVALID, detail="no such session")
    return app, await open_ticket(call, app, ticket)


async def open_ticket(call: Call, app: AppSnapshot, ticket: Ticket | None) -> Session:
    """The same for a ticket in any form."""
    session, _ = await open_with(call, app, ticket, lambda tx, session: None)
    return session


async def open_with(
    call: Call, app: AppSnapshot, ticket: Ticket | None, also: Callable[[Transaction, Session], Result]
) -> tuple[Session, Result]:
    """The same, and what `also` reads in the same transaction: it is given a session that nothing is known of yet.

    Raises:
        NotAuthorizedException: as `open_session`.
    """
    if ticket is None:
        raise NotAuthorizedException(INVALID, detail="a session in no form of ours")
    asked = ticket

    def read(tx: Transaction) -> tuple[Session, bytes, Result] | None:
        found = tx.sessions.find(app.pool.id, asked.id)
        return None if found is None else (*found, also(tx, found[0]))

    found = await call.store.look_up(read)
    if found is None:
        raise NotAuthorizedException(INVALID, detail="no such session")
    session, hash, result = found
    if not hmac.compare_digest(hash, _hash(call, app.pool.id, ticket)):
        raise NotAuthorizedException(INVALID, detail="a step of the session that is over")
    if session.client_id != app.client.id:
        raise NotAuthorizedException(INVALID, detail="a session of another client")
    if call.now >= session.expires_at:
        raise NotAuthorizedException(EXPIRED)
    return session, result


def advance(
    tx: Transaction,
    call: Call,
    session: Session,
    step: str,
    state: Mapping[str, Any],
    *,
    sub: str | None = None,
) -> Ticket:
    """Take the session to `step`; the ticket for it. Of two that answer one step at once, one gets here.

    Raises:
        NotAuthorizedException: another was first.
    """
    secret = call.random.token_bytes(SECRET_SIZE)
    ticket = new_ticket(bytes.fromhex(session.id), secret)
    next_one = replace(session, step=step, state=state, sub=session.sub if sub is None else sub)
    if not tx.sessions.replace(next_one, _hash(call, session.pool_id, ticket)):
        raise NotAuthorizedException(INVALID, detail="the step was answered already")
    return ticket


def take(tx: Transaction, call: Call, session: Session) -> Session:
    """Take the session from all who could answer it, this request's excepted: it goes on by `advance` or `end`.

    Raises:
        NotAuthorizedException: another was first.
    """
    advance(tx, call, session, session.step, session.state)  # nobody is told this ticket
    return replace(session, version=session.version + 1)


def end(tx: Transaction, session: Session) -> None:
    """Use the session up.

    Raises:
        NotAuthorizedException: another was first.
    """
    if not tx.sessions.remove(session):
        raise NotAuthorizedException(INVALID, detail="the step was answered already")


def end_all(tx: Transaction, pool_id: str, sub: str, *, but: Session | None = None) -> None:
    """End every sign-in of a person that is under way, and every browser's: where their password is set, or all that
    they have is ended. Who got half-way in with the old password must not arrive, nor leave a factor of their own
    behind.

    The person is locked, so a step that is being answered is over, or finds its session gone.
    """
    tx.sessions.remove_of(pool_id, sub, but="" if but is None else but.id)
    tx.browser_sessions.remove_of(pool_id, sub)
    tx.authorization_codes.remove_of(pool_id, sub)


def _new_ticket(call: Call) -> Ticket:
    return new_ticket(call.random.token_bytes(ID_SIZE), call.random.token_bytes(SECRET_SIZE))


def _hash(call: Call, pool_id: str, ticket: Ticket) -> bytes:
    content = f"{pool_id}/{ticket.id}/{ticket.secret.reveal()}".encode()
    return hmac.digest(call.store.key_for("session"), content, hashlib.sha256)
