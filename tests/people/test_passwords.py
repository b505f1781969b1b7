"""Passwords: what is kept of them, who proves one, and for how long one can be guessed at."""

from __future__ import annotations

import asyncio
import base64
import threading
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import argon2
import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st
from tests.conftest import a_pool
from tests.harness import RunningServer
from tests.people.people import PASSWORD, an_app

from poolhouse.core import srp
from poolhouse.core.auth_flows import may_use_srp, permitted
from poolhouse.core.credentials import LOCKS_FROM, LONGEST_LOCK, Attempts, Password
from poolhouse.core.errors import (
    InvalidPasswordException,
    NotAuthorizedException,
    PasswordHistoryPolicyViolationException,
    TooManyRequestsException,
)
from poolhouse.core.pools import UserPool
from poolhouse.core.users import User, UserStatus
from poolhouse.operation import Call, Caller
from poolhouse.ports.bounded import BoundedPool, Turns
from poolhouse.ports.passwords import Argon2Hasher, _hash_of_nobody
from poolhouse.store import Transaction
from poolhouse.store.sweeping import VERIFIERS_KEPT
from poolhouse.store.tables import attempt, pool_user, user_password
from poolhouse.userpools.passwords import (
    Proof,
    Verdict,
    make_password,
    prove_password,
    settle_attempt,
    settle_proof,
    still_holds,
)

PLAIN = "ALLOW_USER_PASSWORD_AUTH"
SRP = "ALLOW_USER_SRP_AUTH"
NOW = datetime(2026, 11, 1, tzinfo=UTC)


class House:
    """A server with a pool, and what the tests do in it below the API."""

    def __init__(self, server: RunningServer, cognito: Any, *flows: str, **policy: Any) -> None:
        self.server, self.cognito = server, cognito
        options = {"Policies": {"PasswordPolicy": {"MinimumLength": 8, **policy}}} if policy else {}
        self.pool_id = a_pool(cognito, **options)
        self.app = an_app(cognito, self.pool_id, *(flows or (PLAIN,)))

    def call(self) -> Call:
        parts = self.server.server.parts
        settings = parts.settings
        return Call(
            parts=parts,
            caller=Caller(),
            account_id=settings.account_id,
            region=self.server.region,
            now=parts.clock.now(),
            request_id="test",
            address="127.0.0.1",
            operation="InitiateAuth",
            service="cognito-idp",
        )

    def run(self, work: Callable[[Call], Awaitable[Any]]) -> Any:
        async def running() -> Any:
            return await work(self.call())

        return self.server.run(running())

    def write(self, change: Callable[[Transaction], Any]) -> Any:
        return self.run(lambda call: call.store.write(change))

    @property
    def pool(self) -> UserPool:
        def read(call: Call) -> Awaitable[UserPool]:
            return call.store.read(lambda tx: tx.pools.get(call.account_id, call.region, self.pool_id))

        pool: UserPool = self.run(read)
        return pool

    def person(self, sub: str = "sub-1", password: str | None = PASSWORD, **options: Any) -> User:
        now = self.call().now
        user = User(self.pool_id, sub, f"ada-{sub}", UserStatus.CONFIRMED, now, now)
        self.write(lambda tx: tx.users.add(self.pool, user))
        if password is not None:
            self.set(user, password, **options)
        return user

    def set(self, user: User, password: str, **options: Any) -> Password:
        former = self.kept(user)

        async def work(call: Call) -> Password:
            made = await make_password(
                call,
                self.pool_now,
                sub=user.sub,
                username=user.username,
                password=password,
                former=former,
                **options,
            )
            await call.store.write(lambda tx: tx.passwords.put(made))
            return made

        self.pool_now = self.pool
        made: Password = self.run(work)
        return made

    def kept(self, user: User) -> Password | None:
        kept: Password | None = self.write(lambda tx: tx.passwords.find(self.pool_id, user.sub))
        return kept

    def prove(self, user: User | None, presented: str, key: str | None = None) -> Proof:
        pool, kept = self.pool, None if user is None else self.kept(user)
        proof: Proof = self.run(lambda call: prove_password(call, pool, user, kept, presented, key=key))
        return proof

    def sign_in(self, user: User, presented: str) -> Verdict:
        """All the way: prove and settle."""
        proof = self.prove(user, presented)

        async def work(call: Call) -> Verdict:
            return await call.write(
                lambda tx: settle_proof(tx, self.pool_id, user.sub, call.now, proof), pool_id=self.pool_id
            )

        verdict: Verdict = self.run(work)
        return verdict

    def allow(self, *flows: str) -> None:
        self.cognito.update_user_pool_client(
            UserPoolId=self.pool_id,
            ClientId=self.app["ClientId"],
            ClientName="web",
            ExplicitAuthFlows=list(flows),
        )

    def column(self, name: str) -> list[Any]:
        mine = user_password.c.pool_id == self.pool_id
        statement = sa.select(user_password.c[name]).where(mine).order_by(user_password.c.sub)
        rows: list[Any] = self.write(lambda tx: tx.connection.execute(statement).scalars().all())
        return rows


@pytest.fixture(scope="module")
def pool_of_all(server: RunningServer) -> House:
    """To make a pool takes longer than most of these tests: they share one, and find it empty."""
    return House(server, server.client(), PLAIN)


@pytest.fixture
def house(pool_of_all: House) -> House:
    house = pool_of_all
    house.write(
        lambda tx: tx.connection.execute(sa.delete(pool_user).where(pool_user.c.pool_id == house.pool_id))
    )
    house.write(
        lambda tx: tx.connection.execute(sa.delete(attempt).where(attempt.c.pool_id == house.pool_id))
    )
    for client in house.cognito.list_user_pool_clients(UserPoolId=house.pool_id)["UserPoolClients"]:
        if client["ClientId"] != house.app["ClientId"]:
            house.cognito.delete_user_pool_client(UserPoolId=house.pool_id, ClientId=client["ClientId"])
    house.allow(PLAIN)
    return house


# --- what is kept ------------------------------------------------------------------------------------------


def test_a_password_is_kept_as_argon2id_with_46_mib(house: House) -> None:
    house.person()
    (hash,) = house.column("hash")
    parameters = argon2.extract_parameters(hash)
    assert parameters.type is argon2.Type.ID
    assert (parameters.memory_cost, parameters.time_cost, parameters.parallelism) == (46 * 1024, 1, 1)
    assert (parameters.salt_len, parameters.hash_len) == (16, 32)
    assert PASSWORD not in hash


def test_two_people_with_one_password_share_nothing(house: House) -> None:
    house.allow(SRP)
    one, other = house.person("sub-1"), house.person("sub-2")
    first, second = house.kept(one), house.kept(other)
    assert first is not None
    assert second is not None
    assert first.hash != second.hash
    assert first.verifier != second.verifier
    assert first.verifier is not None


@pytest.mark.parametrize(
    "password",
    ["Aa1!\x00aaa", "Pässwörd-1€𝄞", "Aa1!\ud800xxx", " Aa1!  aaa ", "Aa1!" + "x" * 252],
    ids=["null", "unicode", "half a pair", "blanks", "longest"],
)
def test_a_password_is_used_exactly_as_it_was_sent(house: House, password: str) -> None:
    user = house.person(password=password)
    assert house.prove(user, password).right
    for other in (
        password[:-1],
        password + "x",
        password.swapcase(),
        f" {password}",
        password.strip() + " .",
        "",
    ):
        assert not house.prove(user, other).right


def test_a_password_longer_than_any_is_not_hashed_whole(house: House) -> None:
    user = house.person(password="Aa1!" + "x" * 252)
    assert not house.prove(user, "Aa1!" + "x" * 253).right
    assert not house.prove(user, "x" * 10_000_000).right
    with pytest.raises(InvalidPasswordException):
        house.set(user, "Aa1!" + "x" * 253)


def test_a_password_against_the_policy_is_not_made(house: House) -> None:
    user = house.person(password=None)
    with pytest.raises(InvalidPasswordException, match="numeric"):
        house.set(user, "Aaaaaaa!")
    assert house.kept(user) is None


def test_a_temporary_password_ends_after_the_days_of_the_policy(server: RunningServer, cognito: Any) -> None:
    house = House(server, cognito, TemporaryPasswordValidityDays=3)
    user = house.person(temporary=True)
    kept = house.kept(user)
    assert kept is not None
    assert kept.expires_at == kept.set_at + timedelta(days=3)
    house.set(user, PASSWORD)
    kept = house.kept(user)
    assert kept is not None
    assert kept.expires_at is None


def test_the_last_passwords_can_not_be_used_again(server: RunningServer, cognito: Any) -> None:
    house = House(server, cognito, PasswordHistorySize=2)
    user = house.person(password="password-1")
    house.set(user, "password-2")
    for again in ("password-1", "password-2"):
        with pytest.raises(PasswordHistoryPolicyViolationException):
            house.set(user, again)
    house.set(user, "password-3")
    with pytest.raises(PasswordHistoryPolicyViolationException):
        house.set(user, "password-2")
    house.set(user, "password-1")
    kept = house.kept(user)
    assert kept is not None
    assert len(kept.history) == 2
    assert all(hash.startswith("$argon2id$") for hash in kept.history)


def test_without_a_history_nothing_of_an_old_password_is_kept(house: House) -> None:
    user = house.person()
    first = house.kept(user)
    house.set(user, PASSWORD)
    kept = house.kept(user)
    assert kept is not None
    assert first is not None
    assert kept.history == ()
    assert kept.hash != first.hash
    assert kept.version > first.version


# --- verifiers -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("flows", "has_one"),
    [
        ((SRP,), True), (("ALLOW_USER_AUTH",), True), (("ALLOW_CUSTOM_AUTH",), True), ((PLAIN,), False),
        (("ALLOW_ADMIN_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"), False), (("ADMIN_NO_SRP_AUTH",), True),
    ],
)  # fmt: skip
def test_a_verifier_is_made_only_where_a_client_may_use_srp(
    house: House, flows: tuple[str, ...], has_one: bool
) -> None:
    house.allow(*flows)
    user = house.person()
    kept = house.kept(user)
    assert kept is not None
    assert (kept.verifier is not None) is has_one


def test_one_client_of_many_that_may_use_srp_is_enough(house: House) -> None:
    for _ in range(3):
        an_app(house.cognito, house.pool_id, PLAIN)
    assert not house.write(lambda tx: tx.clients.any_may_use_srp(house.pool_id))
    an_app(house.cognito, house.pool_id, PLAIN, SRP, ClientName="the one")
    assert house.write(lambda tx: tx.clients.any_may_use_srp(house.pool_id))


def test_people_made_before_the_first_client_can_use_srp_later(server: RunningServer, cognito: Any) -> None:
    house = House(server, cognito, PLAIN)
    cognito.delete_user_pool_client(UserPoolId=house.pool_id, ClientId=house.app["ClientId"])
    kept = house.kept(house.person())
    assert kept is not None
    assert kept.verifier is not None


def test_a_verifier_is_of_the_password_and_the_real_name(house: House) -> None:
    house.allow(SRP)
    user = house.person()
    kept = house.kept(user)
    assert kept is not None
    assert kept.verifier is not None
    verifier = srp.Verifier.from_secret(kept.verifier)
    identity = srp.Identity(house.pool_id.split("_")[1], user.username)
    assert verifier.v == pow(2, srp.private_key(identity, PASSWORD, verifier.salt), srp.N)


def test_a_verifier_never_stands_in_the_database_in_clear(house: House) -> None:
    house.allow(SRP)
    kept = house.kept(house.person())
    assert kept is not None
    assert kept.verifier is not None
    verifier = srp.Verifier.from_secret(kept.verifier)
    (sealed,) = house.column("sealed")
    raw = srp.pad(verifier.v)[1:]
    for form in (raw, raw.hex().encode(), base64.b64encode(raw)):
        assert form[:32] not in bytes(sealed)
    assert str(verifier.salt) not in repr(kept)
    assert f"{verifier.v:x}" not in repr(kept)


def test_a_missing_verifier_is_made_when_the_password_is_next_proved(house: House) -> None:
    user = house.person()
    house.allow(PLAIN, SRP)
    assert house.sign_in(user, "Wrong-Horse-9") is Verdict.WRONG
    assert house.column("sealed") == [None]
    assert house.sign_in(user, PASSWORD) is Verdict.RIGHT
    kept = house.kept(user)
    assert kept is not None
    assert kept.verifier is not None
    assert house.prove(user, PASSWORD).improved is None


def sweep(house: House, after: timedelta, limit: int = 500) -> int:
    before = house.call().now + after - VERIFIERS_KEPT
    done: int = house.write(lambda tx: tx.unused_verifiers.forget(before, limit))
    return done


def test_verifiers_are_forgotten_a_day_after_no_client_may_use_srp(
    server: RunningServer, cognito: Any
) -> None:
    house, other = House(server, cognito, SRP, PLAIN), House(server, cognito, SRP)
    user = house.person()
    other.person("sub-2")
    house.allow(PLAIN)
    while sweep(house, timedelta(hours=23)):
        pass
    assert house.column("sealed") != [None]
    while sweep(house, timedelta(hours=25)):
        pass  # other tests' people, who live in the same house, may come first
    assert house.column("sealed") == [None]
    assert other.column("sealed") != [None]
    assert house.sign_in(user, PASSWORD) is Verdict.RIGHT
    assert house.column("sealed") == [None]


def test_the_sweeper_forgets_them(own_server: Callable[..., RunningServer]) -> None:
    server = own_server()
    house = House(server, server.client(), SRP, PLAIN)
    house.person()
    house.allow(PLAIN)
    server.clock.advance(hours=25)
    server.run(server.sweep())
    assert house.column("sealed") == [None]


def test_a_client_that_is_replaced_within_the_day_loses_nobody_their_verifier(
    server: RunningServer, cognito: Any
) -> None:
    house = House(server, cognito, SRP)
    an_app(cognito, house.pool_id, PLAIN)
    house.person()
    cognito.delete_user_pool_client(UserPoolId=house.pool_id, ClientId=house.app["ClientId"])
    an_app(cognito, house.pool_id, SRP)
    sweep(house, timedelta(hours=25))
    assert house.column("sealed") != [None]
    assert sweep(house, timedelta(hours=25)) == 0


def test_verifiers_are_forgotten_in_batches(house: House) -> None:
    house.allow(SRP)
    user = house.person("sub-0")
    kept = house.kept(user)
    assert kept is not None
    now = kept.set_at

    def add(tx: Transaction) -> None:
        for number in range(1, 7):
            name = f"sub-{number}"
            tx.users.add(house.pool_now, User(house.pool_id, name, name, UserStatus.CONFIRMED, now, now))
            tx.passwords.put(replace(kept, sub=name))

    house.write(add)
    house.allow(PLAIN)
    sweep(house, timedelta(hours=25), limit=3)
    assert [sealed is None for sealed in house.column("sealed")] == [True] * 3 + [False] * 4
    while sweep(house, timedelta(hours=25), limit=3) == 3:
        pass
    assert house.column("sealed") == [None] * 7


@given(
    st.lists(
        st.sampled_from(["ADMIN_NO_SRP_AUTH", "CUSTOM_AUTH_FLOW_ONLY", "USER_PASSWORD_AUTH"]), unique=True
    )
)
def test_old_spellings_mean_the_new_ones(flows: list[str]) -> None:
    allowed = permitted(flows)
    assert allowed >= {"ALLOW_REFRESH_TOKEN_AUTH", "ALLOW_CUSTOM_AUTH"}
    assert ("ALLOW_USER_SRP_AUTH" in allowed) is ("CUSTOM_AUTH_FLOW_ONLY" not in flows)
    assert (PLAIN in allowed) is ("USER_PASSWORD_AUTH" in flows)
    assert ("ALLOW_ADMIN_USER_PASSWORD_AUTH" in allowed) is ("ADMIN_NO_SRP_AUTH" in flows)
    assert permitted([PLAIN]) == {PLAIN}
    assert not may_use_srp([PLAIN])


# --- proving --------------------------------------------------------------------------------------------------


def test_an_old_hash_is_renewed_by_the_right_password_alone(house: House) -> None:
    user = house.person()
    kept = house.kept(user)
    assert kept is not None
    old = argon2.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)
    house.write(lambda tx: tx.passwords.put(replace(kept, hash=old)))
    assert house.sign_in(user, "Wrong-Horse-9") is Verdict.WRONG
    assert house.column("hash") == [old]
    assert house.sign_in(user, PASSWORD) is Verdict.RIGHT
    (renewed,) = house.column("hash")
    assert argon2.extract_parameters(renewed).memory_cost == 46 * 1024
    assert house.sign_in(user, PASSWORD) is Verdict.RIGHT
    now = house.kept(user)
    assert now is not None
    assert now.set_at == kept.set_at


def test_two_sign_ins_that_renew_a_hash_both_succeed(house: House) -> None:
    user = house.person()
    kept = house.kept(user)
    assert kept is not None
    old = argon2.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)
    house.write(lambda tx: tx.passwords.put(replace(kept, hash=old)))
    proofs = [house.prove(user, PASSWORD), house.prove(user, PASSWORD)]
    for proof in proofs:
        verdict = house.write(lambda tx, proof=proof: settle_proof(tx, house.pool_id, user.sub, NOW, proof))
        assert verdict is Verdict.RIGHT


def test_a_password_that_was_changed_during_its_proof_is_not_proved(house: House) -> None:
    user = house.person()
    proof = house.prove(user, PASSWORD)
    assert proof.right
    house.set(user, "Another-Horse-9")
    verdict = house.write(lambda tx: settle_proof(tx, house.pool_id, user.sub, house.call().now, proof))
    assert verdict is Verdict.WRONG
    assert not house.write(lambda tx: still_holds(tx, house.pool_id, proof))


def test_a_proof_holds_until_another_password_is_set(house: House) -> None:
    user = house.person()
    house.allow(PLAIN, SRP)
    proof, wrong = house.prove(user, PASSWORD), house.prove(user, "Wrong-Horse-9")
    assert house.sign_in(user, PASSWORD) is Verdict.RIGHT, "and the verifier is kept now: a new version"
    assert house.write(lambda tx: still_holds(tx, house.pool_id, proof))
    assert not house.write(lambda tx: still_holds(tx, house.pool_id, wrong))
    house.set(user, PASSWORD)
    assert not house.write(lambda tx: still_holds(tx, house.pool_id, proof))


def test_nobody_is_compared_with_a_hash_like_everybodys() -> None:
    parameters = argon2.extract_parameters(_hash_of_nobody())
    real = argon2.extract_parameters(
        argon2.PasswordHasher(time_cost=1, memory_cost=46 * 1024, parallelism=1).hash("x")
    )
    assert parameters == real


def test_a_proof_takes_as_long_for_somebody_who_is_not_there(house: House) -> None:
    user, without = house.person(), house.person("sub-2", password=None)

    def seconds(whose: User | None, presented: str) -> float:
        began = time.perf_counter()
        assert not house.prove(whose, presented).right
        return time.perf_counter() - began

    def least(whose: User | None, presented: str = "Wrong-Horse-9") -> float:
        return min(seconds(whose, presented) for _ in range(5))  # the one that was disturbed least

    real = least(user)
    for nobody in (least(None), least(without), least(user, "x" * 300)):
        assert 0.4 < nobody / real < 2.5, (
            "by far more than the noise: a missing comparison is a factor of ten"
        )


def test_a_proof_can_not_be_mistaken_for_a_verdict() -> None:
    with pytest.raises(TypeError):
        bool(Proof(False))


# --- guessing --------------------------------------------------------------------------------------------------


def guess(house: House, user: User, at: datetime, right: bool = False) -> bool:
    """Whether a lock stood."""
    locked: bool = house.write(lambda tx: settle_attempt(tx, house.pool_id, user.sub, at, right))
    return locked


def test_the_lock_doubles_from_the_fifth_failure_to_a_quarter_of_an_hour(house: House) -> None:
    user, at = house.person(), house.call().now
    for _ in range(4):
        assert not guess(house, user, at)
    for lock in [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900]:
        assert not guess(house, user, at), "the lock before is over"
        assert guess(house, user, at + timedelta(seconds=lock - 0.01))
        at += timedelta(seconds=lock)


def test_the_right_password_is_not_believed_while_a_lock_stands(house: House) -> None:
    user, at = house.person(), house.call().now
    for _ in range(5):
        guess(house, user, at)
    assert house.sign_in(user, PASSWORD) is Verdict.LOCKED
    assert guess(house, user, at + timedelta(seconds=0.5), right=True)
    assert not guess(house, user, at + timedelta(seconds=1), right=True)


def test_attempts_while_locked_are_not_counted_and_prolong_nothing(house: House) -> None:
    user, at = house.person(), house.call().now
    for _ in range(5):
        guess(house, user, at)
    for _ in range(50):
        assert guess(house, user, at + timedelta(seconds=0.9))
    assert not guess(house, user, at + timedelta(seconds=1))
    assert guess(house, user, at + timedelta(seconds=2.9))
    assert not guess(house, user, at + timedelta(seconds=3))


def test_a_success_forgets_the_failures_before_it(house: House) -> None:
    user, at = house.person(), house.call().now
    for _ in range(3):
        for _ in range(4):
            assert not guess(house, user, at)
        assert not guess(house, user, at, right=True)


def test_a_quarter_of_an_hour_without_attempts_forgets_the_failures(house: House) -> None:
    user, at = house.person(), house.call().now
    for _ in range(4):
        guess(house, user, at)
    later = at + LONGEST_LOCK
    for _ in range(4):
        assert not guess(house, user, later)
    assert not guess(house, user, later, right=True)


def test_of_sixty_guesses_at_once_five_are_believed(house: House) -> None:
    user, pool, kept = house.person(), house.pool, None
    kept = house.kept(user)
    at_once = most = hashed = 0
    hasher = house.server.server.parts.ports.passwords
    verify = hasher.verify

    async def counted(hash: str, password: str) -> bool:
        nonlocal at_once, most, hashed
        hashed += 1
        at_once += 1
        most = max(most, at_once)
        try:
            return await verify(hash, password)
        finally:
            at_once -= 1

    async def one(call: Call, presented: str) -> Verdict:
        try:
            proof = await prove_password(call, pool, user, kept, presented, key=user.sub)
        except NotAuthorizedException:
            return Verdict.LOCKED
        return await call.write(
            lambda tx: settle_proof(tx, house.pool_id, user.sub, call.now, proof), pool_id=house.pool_id
        )

    async def all_at_once(call: Call) -> list[Verdict]:
        # The right one is the last: by then a lock stands.
        guesses = [f"Wrong-Horse-{number}" for number in range(59)] + [PASSWORD]
        return await asyncio.gather(*(one(call, presented) for presented in guesses))

    hasher.verify = counted  # type: ignore[method-assign]
    try:
        verdicts = house.run(all_at_once)
    finally:
        del hasher.verify  # type: ignore[attr-defined]
    assert verdicts.count(Verdict.WRONG) == LOCKS_FROM
    assert verdicts.count(Verdict.RIGHT) == 0
    assert most <= 5
    assert hashed <= 15, "once the lock stands, nothing is hashed"


def test_counting_and_forgetting_at_once_loses_nothing(house: House) -> None:
    user, at = house.person(), house.call().now

    def one(tx: Transaction, right: bool) -> bool:
        return settle_attempt(tx, house.pool_id, user.sub, at, right, kind="storm")

    async def storm(call: Call) -> list[bool]:
        works = [call.store.write(lambda tx, n=n: one(tx, n % 2 == 0)) for n in range(60)]
        return await asyncio.gather(*works)

    house.run(storm)  # raises, if a row that was forgotten meanwhile is missed


def test_what_a_verdict_says_to_the_caller() -> None:
    Verdict.RIGHT.require_right()
    with pytest.raises(NotAuthorizedException, match=r"^Incorrect username or password\.$"):
        Verdict.WRONG.require_right()
    with pytest.raises(NotAuthorizedException, match=r"^Password attempts exceeded$"):
        Verdict.LOCKED.require_right()


@given(st.lists(st.integers(0, 1_000_000), min_size=1, max_size=40))
def test_however_attempts_are_spaced_no_lock_is_longer_than_a_quarter_of_an_hour(pauses: list[int]) -> None:
    attempts, now = Attempts(0, NOW), NOW
    believed_while_locked = 0
    for pause in pauses:
        now += timedelta(milliseconds=pause)
        if attempts.is_locked(now):
            believed_while_locked += 1
            continue
        attempts = attempts.failed(now)
        if attempts.locked_until is not None:
            assert timedelta(seconds=1) <= attempts.locked_until - now <= LONGEST_LOCK
            assert attempts.count >= LOCKS_FROM
        else:
            assert attempts.count < LOCKS_FROM


# --- the pools ---------------------------------------------------------------------------------------------------


def test_who_would_wait_too_long_is_refused_at_once() -> None:
    async def scenario() -> None:
        pool, go_on = BoundedPool("test", threads=1, waiting=2), threading.Event()
        under_way = [asyncio.create_task(pool.run(go_on.wait)) for _ in range(3)]
        await asyncio.sleep(0)
        with pytest.raises(TooManyRequestsException):
            await pool.run(go_on.wait)
        # Whoever gives up while the work runs does not free its thread; who waits does free a place.
        under_way[2].cancel()
        await asyncio.gather(under_way[2], return_exceptions=True)
        last = asyncio.create_task(pool.run(go_on.wait))
        await asyncio.sleep(0)
        under_way[0].cancel()
        await asyncio.gather(under_way[0], return_exceptions=True)
        with pytest.raises(TooManyRequestsException):
            await pool.run(go_on.wait)
        go_on.set()
        assert await asyncio.gather(under_way[1], last) == [True, True]
        assert await pool.run(lambda: 4) == 4
        pool.close()

    asyncio.run(scenario())


def test_work_that_fails_gives_its_place_back() -> None:
    async def scenario() -> None:
        pool = BoundedPool("test", threads=1, waiting=0)
        for _ in range(5):
            with pytest.raises(ZeroDivisionError):
                await pool.run(lambda: 1 // 0)
        pool.close()

    asyncio.run(scenario())


def test_a_full_queue_is_told_to_the_caller_in_cognitos_words(house: House) -> None:
    hasher = Argon2Hasher(threads=1, waiting=0)

    async def scenario(_: Call) -> list[Any]:
        return await asyncio.gather(*(hasher.hash("x") for _ in range(4)), return_exceptions=True)

    answers = house.run(scenario)
    hasher.close()
    refused = [answer for answer in answers if isinstance(answer, TooManyRequestsException)]
    assert len(refused) == 3


def test_turns_of_one_key_are_few_and_of_others_free() -> None:
    async def scenario() -> None:
        turns = Turns(2)
        most = now = 0

        async def one(key: str) -> None:
            nonlocal most, now
            async with turns.of(key):
                now += 1
                most = max(most, now)
                await asyncio.sleep(0)
                now -= 1

        await asyncio.gather(*(one("ada") for _ in range(20)))
        assert most == 2
        most = 0
        await asyncio.gather(*(one(f"key-{n}") for n in range(20)))
        assert most == 20
        waiting = [asyncio.create_task(one("ada")) for _ in range(5)]
        await asyncio.sleep(0)
        waiting[4].cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
        assert not turns._gates, "what nobody uses is forgotten"

    asyncio.run(scenario())


def test_hashing_leaves_the_event_loop_free(house: House) -> None:
    async def scenario(call: Call) -> float:
        longest = 0.0
        hashing = [asyncio.create_task(call.ports.passwords.hash("x")) for _ in range(10)]
        hashing += [asyncio.create_task(call.ports.powers.verifier(3**150)) for _ in range(50)]  # type: ignore[list-item]
        while not all(task.done() for task in hashing):
            began = time.perf_counter()
            await asyncio.sleep(0.001)
            longest = max(longest, time.perf_counter() - began)
        await asyncio.gather(*hashing)
        return longest

    # One hash holds a processor for 25 ms and more; the loop waits for no ten of them.
    assert house.run(scenario) < 0.2
