"""Unsigned requests about a name: who is meant, and what is counted where the answer must not show it.

A client with PreventUserExistenceErrors gets, for a name, the same answers whether or not a person has it. So what
limits its requests is counted by the name that was typed, and never shows what is counted of the person behind it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from poolhouse.core import existence
from poolhouse.core.codes import PER
from poolhouse.core.credentials import Attempts
from poolhouse.core.errors import CognitoError, NotAuthorizedException
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

KEY = "nobody"
ASKED = "asked"
NOT_FOUND = "Username/client id combination not found."
BEAT = 0.05
"""Seconds. An answer that was to be given to anybody leaves at a whole number of them."""


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


def shown(
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


async def on_the_beat(begun: float) -> None:
    """Wait until an answer may leave. To make and store a code takes some milliseconds more than to have nobody
    to send one to; a few requests would show that. So both leave at the same moment after they came."""
    await asyncio.sleep(BEAT - (begin() - begun) % BEAT)


def _digest(call: Call, pool: UserPool, name: str) -> str:
    return existence.name_digest(call.store.key_for(KEY), pool, name)
