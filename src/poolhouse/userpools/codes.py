"""Codes on their way: issued, counted, tried, and used up.

Every attempt is counted in the database, before its outcome is told. So `redeem` and `check` return what is wrong
instead of raising it: the write that counted must commit, and the operation raises afterwards. The person's row is
locked by who calls (`tx.users.lock`), so of the same code tried at once one wins.
"""

from __future__ import annotations

from datetime import timedelta

from poolhouse.core import codes
from poolhouse.core.codes import PER, Refusal, Sent
from poolhouse.core.credentials import Code
from poolhouse.core.secret import Secret
from poolhouse.core.users import User
from poolhouse.operation import Call
from poolhouse.store import Transaction

KEY = "codes"
TRY = "try"
SEND = "send"


def new_code(call: Call) -> str:
    """Six digits, each code as likely as any other."""
    return codes.new_code(call.random)


def issue(
    tx: Transaction,
    call: Call,
    user: User,
    purpose: str,
    *,
    attribute: str,
    destination: str,
    lifetime: timedelta,
) -> str:
    """The code to send now. It takes the place of an earlier one of this purpose, unless that went to the same
    address within the last minute: then it is sent again."""
    earlier = tx.codes.find(user.pool_id, user.sub, purpose)
    if earlier is not None and codes.may_repeat(earlier, attribute, destination, call.now):
        return Sent.from_secret(earlier.detail).code.reveal()
    sent = Sent(Secret(new_code(call)), attribute, destination)
    code = sent.code.reveal()
    tx.codes.put(
        Code(
            pool_id=user.pool_id,
            sub=user.sub,
            purpose=purpose,
            hash=codes.code_hash(call.store.key_for(KEY), user, purpose, sent, code),
            detail=sent.to_secret(),
            created_at=call.now,
            expires_at=call.now + lifetime,
        )
    )
    return code


def check(tx: Transaction, call: Call, user: User, purpose: str, presented: str) -> Code | Refusal:
    """Count an attempt, and say whether the code is right; it stays good until `tx.codes.take`.

    Where what follows takes long (a password to be hashed), the attempt is counted here first, and the code taken
    in the write that does what it was sent for.
    """
    if not count(tx, call, user.pool_id, TRY, f"{purpose} {user.sub}", codes.MAX_TRIES):
        return Refusal.TOO_MANY
    code = tx.codes.find(user.pool_id, user.sub, purpose)
    refusal = codes.judge(call.store.key_for(KEY), user, purpose, code, presented, call.now)
    if code is None or refusal is not None:
        return refusal or Refusal.EXPIRED
    return code


def redeem(tx: Transaction, call: Call, user: User, purpose: str, presented: str) -> Code | Refusal:
    """Count an attempt, and use the code up if it is right: whoever comes second is refused."""
    checked = check(tx, call, user, purpose, presented)
    if isinstance(checked, Code) and not tx.codes.take(checked):
        return Refusal.EXPIRED
    return checked


def may_send(tx: Transaction, call: Call, user: User, purpose: str) -> bool:
    """Count a message that a person asks for; False where that were more than five of this purpose in an hour."""
    return count(tx, call, user.pool_id, SEND, f"{purpose} {user.sub}", codes.MAX_SENDINGS)


def may_send_to(tx: Transaction, call: Call, pool_id: str, destination: str, purpose: str = "") -> bool:
    """Count a message to an address, whoever it is that asks: many accounts must not bury one mailbox.

    Each purpose by itself: what strangers do in another's name must not use up what the owner needs for a reset.
    """
    # Mail systems do not heed case: else one mailbox would have an address for every spelling.
    key = codes.name_digest(call.store.key_for(KEY), destination.casefold())
    return count(tx, call, pool_id, SEND, f"{purpose} to {key}", codes.MAX_SENDINGS_TO_ONE_ADDRESS)


def count(tx: Transaction, call: Call, pool_id: str, kind: str, key: str, limit: int) -> bool:
    """Count one more in the hour that began with the first; False where that were more than `limit`.

    What is refused is not counted, so it does not put off the end of the hour.
    """
    before = tx.attempts.lock(pool_id, kind, key, call.now)
    after = before.counted(call.now, PER)
    if after.count > limit:
        return False
    tx.attempts.put(pool_id, kind, key, after)
    return True
