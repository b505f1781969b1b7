"""Passwords: made, proved, and guessed at for only so long.

Who checks a password does it in two steps, whatever the flow:

    proof = await prove_password(call, pool, user, password, presented, key=key)
    verdict = await call.write(lambda tx: settle_proof(tx, pool.id, key, call.now, proof))
    verdict.require_right()                             # raised after the commit: the count must stay

It is the second that decides. A proof is believed only if no lock stands at its end, so of a thousand guesses sent
at once as many are believed as of a thousand sent one by one. `settle_attempt` is what a proof by SRP, or a code,
is settled with.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import Enum, auto

from poolhouse.core import srp
from poolhouse.core.credentials import Password
from poolhouse.core.errors import NotAuthorizedException, PasswordHistoryPolicyViolationException
from poolhouse.core.password_policy import LONGEST, check_password
from poolhouse.core.pool_settings import password_policy
from poolhouse.core.pools import UserPool
from poolhouse.core.secret import Secret
from poolhouse.core.users import User
from poolhouse.operation import Call
from poolhouse.store import Transaction

EXCEEDED = "Password attempts exceeded"
PASSWORDS = "password"
"""The kind of what is counted: passwords in every flow, SRP's and plain, signed or not, together."""


class Verdict(Enum):
    RIGHT = auto()
    WRONG = auto()
    LOCKED = auto()
    """Whether it was right is not said, and was not counted."""

    def require_right(self) -> None:
        """Raises NotAuthorizedException. Called after the commit that counted the attempt."""
        if self is Verdict.LOCKED:
            raise NotAuthorizedException(EXCEEDED)
        if self is Verdict.WRONG:
            raise NotAuthorizedException


@dataclass(frozen=True, slots=True)
class Proof:
    right: bool
    password: Password | None = None
    """As it was when the proof was made; None for nobody."""
    improved: Password | None = None
    """The same password kept better: hashed with today's parameters, with a verifier where one is wanted."""

    def __bool__(self) -> bool:
        raise TypeError("a Proof is not a verdict: settle it")


def settle_attempt(
    tx: Transaction, pool_id: str, key: str, now: datetime, right: bool, *, kind: str = PASSWORDS
) -> bool:
    """Count an attempt, or forget the earlier ones. True if a lock stands: the attempt then was not counted, and is
    not to be believed, right or wrong.

    `key` is the sub, or what stands for a name that nobody has. Nothing is raised, so that the count is committed.
    Where a right attempt opens something in the same transaction, the caller raises before anything is opened.

    Source: Cognito developer guide, "Lockout behavior for failed sign-in attempts".
    """
    attempts = tx.attempts.lock(pool_id, kind, key, now)
    if attempts.is_locked(now):
        return True
    if right:
        tx.attempts.forget(pool_id, kind, key)
    else:
        tx.attempts.put(pool_id, kind, key, attempts.failed(now))
    return False


def is_untried(tx: Transaction, pool_id: str, key: str, now: datetime) -> bool:
    """Whether nothing is counted: then no lock stands, and a right attempt has nothing to forget."""
    attempts = tx.attempts.find(pool_id, PASSWORDS, key, now)
    return attempts.count == 0 and not attempts.is_locked(now)


def settle_proof(tx: Transaction, pool_id: str, key: str, now: datetime, proof: Proof) -> Verdict:
    """`settle_attempt` for a proof of `prove_password`. A password that was changed since is proved no more; one that
    is to be kept better is."""
    read, improved = proof.password, proof.improved
    current = None if read is None else tx.passwords.find(pool_id, read.sub)
    right = proof.right and is_same(read, current)
    if settle_attempt(tx, pool_id, key, now, right):
        return Verdict.LOCKED
    if not right:
        return Verdict.WRONG
    if improved is not None and current is not None and current.version == improved.version:
        # Otherwise another sign-in of the same person was first to keep it better.
        tx.passwords.replace(improved)
    return Verdict.RIGHT


def still_holds(tx: Transaction, pool_id: str, proof: Proof) -> bool:
    """Whether the password that was proved is still the person's: for the transaction that opens something by it,
    where that comes after the one that settled the proof."""
    read = proof.password
    return proof.right and read is not None and tx.passwords.set_at(pool_id, read.sub) == read.set_at


def is_same(read: Password | None, current: Password | None) -> bool:
    """Whether no other password was set in between. To keep it better does not make it another."""
    return read is not None and current is not None and read.set_at == current.set_at


async def make_password(
    call: Call,
    pool: UserPool,
    *,
    sub: str,
    username: str,
    password: str,
    temporary: bool = False,
    former: Password | None = None,
    enforced: bool = True,
) -> Password:
    """What is to be kept of a new password. `username` is the person's real one; `former` what is kept of the
    password that this one follows, and its `version`. One that somebody has brought from elsewhere is not `enforced`.

    Raises:
        InvalidPasswordException: it is not as the pool's policy wants it.
        PasswordHistoryPolicyViolationException: it is one of the last few.
        TooManyRequestsException: too many wait to have a password hashed.
    """
    policy = password_policy(pool.settings)
    if enforced:
        check_password(policy, password)
    earlier = () if former is None else (former.hash, *former.history)
    remembered = earlier[: policy.get("PasswordHistorySize", 0)]
    for hash in remembered:
        if await call.ports.passwords.verify(hash, password):
            raise PasswordHistoryPolicyViolationException
    expires_at = None
    if temporary:
        expires_at = call.now + timedelta(days=policy.get("TemporaryPasswordValidityDays", 7))
    return Password(
        pool_id=pool.id,
        sub=sub,
        hash=await call.ports.passwords.hash(password),
        set_at=call.now,
        verifier=await _verifier(call, pool, username, password) if await _wants_srp(call, pool) else None,
        expires_at=expires_at,
        history=remembered,
        version=1 if former is None else former.version,
    )


async def prove_password(
    call: Call,
    pool: UserPool,
    user: User | None,
    password: Password | None,
    presented: str,
    *,
    key: str | None = None,
) -> Proof:
    """Whether `presented` is the person's password. It takes as long for somebody who isn't there, or has none.

    With `key`, the one that `settle_attempt` counts under, nothing is compared while a lock stands, and for one key
    only a few at once are. A right password is made good use of: it is hashed again where that was done with old
    parameters, and gets the verifier that it lacks because no client might use SRP when it was set.

    Raises:
        NotAuthorizedException: a lock stands.
        TooManyRequestsException: too many wait to have a password compared.
    """
    if key is None:
        return await _prove(call, pool, user, password, presented)
    async with call.ports.passwords.turn(f"{pool.id} {key}"):
        attempts = await call.store.look_up(lambda tx: tx.attempts.find(pool.id, PASSWORDS, key, call.now))
        if attempts.is_locked(call.now):
            raise NotAuthorizedException(EXCEEDED)
        return await _prove(call, pool, user, password, presented)


async def _prove(
    call: Call, pool: UserPool, user: User | None, password: Password | None, presented: str
) -> Proof:
    hasher = call.ports.passwords
    if len(presented) > LONGEST:
        # No password is so long. Compared all the same, with less: nobody is to see who exists.
        return Proof(await hasher.verify_nobody(presented[:LONGEST]), password)
    if user is None or password is None:
        return Proof(await hasher.verify_nobody(presented))
    if not await hasher.verify(password.hash, presented):
        return Proof(False, password)
    improved = password
    if hasher.needs_rehash(password.hash):
        improved = replace(improved, hash=await hasher.hash(presented))
    if password.verifier is None and await _wants_srp(call, pool):
        improved = replace(improved, verifier=await _verifier(call, pool, user.username, presented))
    return Proof(True, password, None if improved is password else improved)


async def _wants_srp(call: Call, pool: UserPool) -> bool:
    return await call.store.read(lambda tx: tx.clients.any_may_use_srp(pool.id))


async def _verifier(call: Call, pool: UserPool, username: str, password: str) -> Secret:
    salt = srp.new_salt(call.random)
    x = srp.private_key(srp.Identity.of_user(pool.id, username), password, salt)
    return srp.Verifier(salt, await call.ports.powers.verifier(x)).to_secret()
