"""What a code is bound to, where it may go, and what is made up for nobody."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from poolhouse.core import codes
from poolhouse.core.codes import RESET, SIGN_UP, Refusal, Sent
from poolhouse.core.credentials import Code
from poolhouse.core.existence import made_up_address, name_digest
from poolhouse.core.pool_settings import with_defaults
from poolhouse.core.pools import UserPool
from poolhouse.core.recovery import recovery_address, recovery_attributes
from poolhouse.core.secret import Secret
from poolhouse.core.users import EMAIL, PHONE_NUMBER, Factor, MfaSettings, User, UserStatus
from poolhouse.operation import SystemRandom

NOW = datetime(2026, 1, 1, tzinfo=UTC)
KEY = b"k" * 32
USER = User(
    pool_id="us-east-1_abc",
    sub="sub",
    username="ada",
    status=UserStatus.CONFIRMED,
    created_at=NOW,
    modified_at=NOW,
    attributes={
        "email": "ada@example.com",
        "email_verified": "true",
        "phone_number": "+15550000001",
        "phone_number_verified": "true",
    },
)
SENT = Sent(Secret("123456"), EMAIL, "ada@example.com")


def a_pool(**settings: Any) -> UserPool:
    return UserPool(
        id="us-east-1_abc",
        account_id="000000000000",
        region="us-east-1",
        name="people",
        created_at=NOW,
        modified_at=NOW,
        settings=with_defaults(settings),
        attributes=(),
    )


def a_code(user: User = USER, purpose: str = RESET, sent: Sent = SENT) -> Code:
    return Code(
        pool_id=user.pool_id,
        sub=user.sub,
        purpose=purpose,
        hash=codes.code_hash(KEY, user, purpose, sent, sent.code.reveal()),
        detail=sent.to_secret(),
        created_at=NOW,
        expires_at=NOW + timedelta(hours=1),
    )


def judge(code: Code | None, presented: str = "123456", **changes: Any) -> Refusal | None:
    given = {"key": KEY, "user": USER, "purpose": RESET, "now": NOW} | changes
    return codes.judge(
        cast(bytes, given["key"]),
        cast(User, given["user"]),
        cast(str, given["purpose"]),
        code,
        presented,
        cast(datetime, given["now"]),
    )


def test_a_code_is_six_digits_each_as_likely() -> None:
    drawn = [codes.new_code(SystemRandom()) for _ in range(2000)]
    assert all(len(code) == 6 and code.isdigit() for code in drawn)
    digits = "".join(drawn)
    assert all(abs(digits.count(digit) - 1200) < 250 for digit in "0123456789")


def test_the_right_code_is_right_until_its_time_is_over() -> None:
    assert judge(a_code()) is None
    assert judge(a_code(), now=NOW + timedelta(minutes=59, seconds=59)) is None
    assert judge(a_code(), now=NOW + timedelta(hours=1)) is Refusal.EXPIRED
    assert judge(None) is Refusal.EXPIRED


@given(st.text())
def test_any_other_text_is_wrong(presented: str) -> None:
    expected = None if presented == "123456" else Refusal.WRONG
    assert judge(a_code(), presented) is expected


@pytest.mark.parametrize("text", ["\ud800", "１２３４５６", "123456 ", "\x00", "1" * 2048])
def test_odd_texts_are_wrong_and_no_failure(text: str) -> None:
    assert judge(a_code(), text) is Refusal.WRONG


@pytest.mark.parametrize(
    "other",
    [
        {"user": replace(USER, sub="another")},
        {"user": replace(USER, pool_id="us-east-1_def")},
        {"purpose": SIGN_UP},
        {"key": b"j" * 32},
    ],
)
def test_a_code_is_bound_to_whom_and_what_for_it_is(other: dict[str, Any]) -> None:
    assert judge(a_code(), **other) is Refusal.WRONG


def test_a_code_is_void_once_its_address_is_not_the_persons() -> None:
    moved = replace(USER, attributes={"email": "eve@example.com", "email_verified": "true"})
    assert judge(a_code(), user=moved) is Refusal.EXPIRED
    waiting = replace(moved, pending={"email": "ada@example.com"})
    assert judge(a_code(), user=waiting) is None


def test_a_code_is_repeated_within_a_minute_to_the_same_address_only() -> None:
    code = a_code()
    assert codes.may_repeat(code, EMAIL, "ada@example.com", NOW + timedelta(seconds=59))
    assert not codes.may_repeat(code, EMAIL, "ada@example.com", NOW + timedelta(seconds=60))
    assert not codes.may_repeat(code, EMAIL, "eve@example.com", NOW)
    assert not codes.may_repeat(code, PHONE_NUMBER, "ada@example.com", NOW)


def test_no_repr_shows_a_code() -> None:
    assert "123456" not in repr(a_code())
    assert "123456" not in repr(SENT)
    assert "123456" not in str(a_code().detail)


def mechanisms(*names: str) -> dict[str, Any]:
    listed = [{"Priority": n, "Name": name} for n, name in enumerate(names, start=1)]
    return {"AccountRecoverySetting": {"RecoveryMechanisms": listed}}


def test_recovery_tries_the_addresses_in_the_pools_order() -> None:
    assert recovery_attributes(a_pool(**mechanisms("verified_phone_number", "verified_email"))) == [
        PHONE_NUMBER,
        EMAIL,
    ]
    assert recovery_attributes(a_pool(**mechanisms("admin_only"))) == []
    assert recovery_address(a_pool(**mechanisms("admin_only")), USER) is None


@pytest.mark.parametrize(
    ("factor", "attribute"), [(Factor.EMAIL, PHONE_NUMBER), (Factor.SMS, EMAIL), (Factor.TOTP, EMAIL)]
)
def test_recovery_never_uses_an_address_that_is_a_second_factor(factor: Factor, attribute: str) -> None:
    user = replace(USER, mfa=MfaSettings(enabled=frozenset({factor})))
    pool = a_pool(**mechanisms("verified_email", "verified_phone_number"))
    found = recovery_address(pool, user)
    assert found is not None
    assert found[0] == attribute
    both = replace(user, mfa=MfaSettings(enabled=frozenset({Factor.EMAIL, Factor.SMS})))
    assert recovery_address(pool, both) is None


@given(st.text(min_size=1, max_size=128))
def test_what_is_made_up_follows_from_the_name_and_the_key_alone(name: str) -> None:
    pool = a_pool()
    once = made_up_address(KEY, pool, name, [EMAIL, PHONE_NUMBER])
    assert once == made_up_address(KEY, pool, name, [EMAIL, PHONE_NUMBER])
    assert name not in name_digest(KEY, pool, name) or len(name) < 3
    attribute, address = made_up_address(KEY, pool, name, [PHONE_NUMBER])
    assert attribute == PHONE_NUMBER
    assert address.startswith("+")


def test_a_name_that_is_an_address_gets_its_code_there() -> None:
    pool = a_pool()
    possible = [EMAIL, PHONE_NUMBER]
    assert made_up_address(KEY, pool, "eve@example.com", possible) == (EMAIL, "eve@example.com")
    assert made_up_address(KEY, pool, "+15550000002", possible) == (PHONE_NUMBER, "+15550000002")
    assert made_up_address(KEY, pool, "+15550000002", [EMAIL])[0] == EMAIL
