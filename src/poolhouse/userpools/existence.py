"""Unsigned requests about a name: who is meant, and what is counted where the answer must not show it.

A client with PreventUserExistenceErrors gets, for a name, the same answers whether or not a person has it. So what
limits its requests is counted by the name that was typed, and never shows what is counted of the person behind it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from poolhouse.core import existence
from poolhouse.core.codes import ATTEMPT_LIMIT, MAX_SENDINGS, PER
from poolhouse.core.credentials import Attempts
from poolhouse.core.errors import CognitoError, LimitExceededException, NotAuthorizedException
from poolhouse.core.pools import UserPool
from poolhouse.core.secret_hash import check_secret_hash
from poolhouse.core.snapshots import AppSnapshot
from poolhouse.core.users import User
from poolhouse.operation import Call
from poolhouse.shapes.cognito_idp import CodeDeliveryDetailsType
from poolhouse.store import Transaction
from poolhouse.userpools import delivery
from poolhouse.userpools.apps import find_app
from poolhouse.userpools.codes import count
from poolhouse.userpools.triggers.custom_message import asks_function, with_texts

KEY = "nobody"
ASKED = "asked"
NOT_FOUND = "Username/client id combination not found."
BEAT = 0.05
"""Seconds. An answer that was to be given to anybody leaves at a whole number of them."""
BEAT_OF_FUNCTIONS = 0.5
"""The same where a function of the pool is asked for the text that somebody is sent, and nobody is not."""


async def app_of(call: Call, client_id: str, name: str, secret_hash: str | None) -> AppSnapshot:
    """The client that asks about `name`, after it showed its secret, if it has one.

    Raises:
        ResourceNotFoundException: no such client.
        NotAuthorizedException: SecretHash is missing, wrong, or not wanted.
    """
    app = await find_app(call, client_id)
    check_secret_hash(app.secrets, client_id, [name], secret_hash)
    return app


def find_locked(tx: Transaction, pool: UserPool, name: str) -> User | None:
    """Whoever has this name, their row locked until the transaction ends."""
    user = tx.users.find(pool, name)
    return None if user is None else tx.users.lock(pool.id, user.sub)


def disabled() -> CognitoError:
    return NotAuthorizedException("User is disabled.")


def count_name(tx: Transaction, call: Call, pool: UserPool, kind: str, name: str, limit: int) -> bool:
    """Count one more request about this name; False where that were more than `limit` in an hour."""
    return count(tx, call, pool.id, kind, f"name {_digest(call, pool, name)}", limit)


def mark_asked(tx: Transaction, call: Call, pool: UserPool, name: str) -> None:
    """Remember for an hour that a reset code was asked for under this name."""
    key = _digest(call, pool, name)
    tx.attempts.lock(pool.id, ASKED, key, call.now)
    tx.attempts.put(pool.id, ASKED, key, Attempts(1, call.now))


def was_asked(tx: Transaction, call: Call, pool: UserPool, name: str) -> bool:
    asked = tx.attempts.find(pool.id, ASKED, _digest(call, pool, name), call.now)
    return asked.count > 0 and call.now < asked.since + PER


@dataclass(frozen=True, slots=True)
class Asked:
    """A code that somebody asked for."""

    to: tuple[str, str] | None
    """Attribute and address; None where the person has none, or there is nobody."""
    messages: Sequence[str] = ()
    """Their ids in the outbox; none where nobody is written to."""


@dataclass(frozen=True, slots=True)
class Asking:
    """How a code of one purpose is asked for."""

    kind: str
    """Under which a hidden name's requests are counted."""
    ask: Callable[[Transaction, User | None], Asked]
    """Raises what forbids it, before it has changed anything but counts."""
    address: Callable[[UserPool, User], tuple[str, str] | None]
    """Where it would have gone, had it not been forbidden."""
    possible: Sequence[str]
    """The attributes that the pool would use."""
    note: Callable[[Transaction], None] = lambda tx: None
    """What is remembered of a name that is asked about, whoever has it."""
    metadata: Mapping[str, str] | None = None
    """For the pool's function that writes the text."""


async def ask_for_code(
    call: Call, app: AppSnapshot, name: str, begun: float, asking: Asking
) -> CodeDeliveryDetailsType:
    """Send a code to who has this name, and say where it went.

    To a client that hides who exists, every name that can't be sent to looks as if it was: it is told of an address,
    the message is not waited for, and what is counted for the limit is the name.

    Raises:
        LimitExceededException: too many were asked for within an hour.
        CognitoError: what `asking.ask` raises, where the client need not hide it.
        CodeDeliveryFailureException: the carrier refused the message.
        UserLambdaValidationException, UnexpectedLambdaException, InvalidLambdaResponseException: the pool's function
            gave no text. This is told of a hidden person too: it is the pool's owner who says it.
    """
    pool, hidden = app.user_pool, existence.hides_existence(app)

    def ask(tx: Transaction) -> Asked:
        if hidden:
            if not count_name(tx, call, pool, asking.kind, name, MAX_SENDINGS):
                raise LimitExceededException(ATTEMPT_LIMIT)
            asking.note(tx)
        user = find_locked(tx, pool, name)
        try:
            return asking.ask(tx, user)
        except CognitoError:
            if not hidden:
                raise
            return Asked(None if user is None else asking.address(pool, user))

    asked = await with_texts(call, lambda: call.store.write(ask), asking.metadata)
    if hidden:
        delivery.deliver_unseen(call, asked.messages)
        await on_the_beat(begun, pool)
    else:
        await delivery.deliver_now_or_later(call, asked.messages)
    return _shown(call, app, name, asked.to, asking.possible)


def _shown(
    call: Call, app: AppSnapshot, name: str, to: tuple[str, str] | None, possible: Sequence[str]
) -> CodeDeliveryDetailsType:
    """Where the caller is told that a code went. `to` is where it went, or would have gone.

    Where that must tell nothing: a place for nobody too (`possible` are the attributes that the pool would use), and
    an address that is the very name that was typed as it was typed. What is shown of a person does not change with
    what they did meanwhile, for the same reason.
    """
    if to is None:
        to = existence.made_up_address(call.store.key_for(KEY), app.user_pool, name, possible)
    attribute, address = to
    typed = existence.hides_existence(app) and name.casefold() == address.casefold()
    return delivery.details(attribute, name if typed else address)


def begin() -> float:
    """When the work for an answer begins, for `on_the_beat`. Not the time of day: that is `call.now`."""
    return asyncio.get_running_loop().time()


async def on_the_beat(begun: float, sends: UserPool | None = None) -> None:
    """Wait until an answer may leave. To make and store a code takes some milliseconds more than to have nobody
    to send one to; a few requests would show that. So both leave at the same moment after they came. `sends` is the
    pool where the answer is about something that was sent."""
    beat = BEAT_OF_FUNCTIONS if sends is not None and asks_function(sends) else BEAT
    await asyncio.sleep(beat - (begin() - begun) % beat)


def _digest(call: Call, pool: UserPool, name: str) -> str:
    return existence.name_digest(call.store.key_for(KEY), pool, name)
