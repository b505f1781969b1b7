"""What a pool asks of a password, and the temporary ones that it is given."""

from __future__ import annotations

import collections
import secrets

import pytest
from hypothesis import given
from hypothesis import strategies as st

from poolhouse.core.errors import InvalidPasswordException
from poolhouse.core.password_policy import SYMBOLS, check_password, new_password
from poolhouse.core.pool_settings import DEFAULT_PASSWORD_POLICY
from poolhouse.shapes.cognito_idp import PasswordPolicyType

POLICIES: st.SearchStrategy[PasswordPolicyType] = st.fixed_dictionaries(  # type: ignore[assignment]
    {
        "MinimumLength": st.integers(6, 99),
        "RequireUppercase": st.booleans(),
        "RequireLowercase": st.booleans(),
        "RequireNumbers": st.booleans(),
        "RequireSymbols": st.booleans(),
    }
)


class SystemRandom:
    def token_bytes(self, size: int, /) -> bytes:
        return secrets.token_bytes(size)


def refusal(policy: PasswordPolicyType, password: str) -> str:
    with pytest.raises(InvalidPasswordException) as caught:
        check_password(policy, password)
    return caught.value.message


@pytest.mark.parametrize(
    ("password", "complaint"),
    [
        ("Aa1!aaa", "Password not long enough"),
        ("", "Password not long enough"),
        ("aa1!aaaa", "Password must have uppercase characters"),
        ("AA1!AAAA", "Password must have lowercase characters"),
        ("Aaa!aaaa", "Password must have numeric characters"),
        ("Aa1aaaaa", "Password must have symbol characters"),
        ("Ää1!ÄÄÄÄ", "Password must have uppercase characters"),
        ("Aä1!ÄÄÄÄ", "Password must have lowercase characters"),
        ("Aa٣!aaaa", "Password must have numeric characters"),
        ("Aa1€aaaa", "Password must have symbol characters"),
        ("Aa1" + "a" * 254, "Password too long"),
        (" Aa1aaaaa ", "Password must have symbol characters"),
    ],
)
def test_the_first_rule_that_is_broken_is_named(password: str, complaint: str) -> None:
    expected = f"Password did not conform with policy: {complaint}"
    assert refusal(DEFAULT_PASSWORD_POLICY, password) == expected


@pytest.mark.parametrize("symbol", [*SYMBOLS])
def test_each_of_cognitos_symbols_counts(symbol: str) -> None:
    check_password(DEFAULT_PASSWORD_POLICY, f"Aa1aaaa{symbol}")


def test_a_blank_between_counts_as_a_symbol() -> None:
    check_password(DEFAULT_PASSWORD_POLICY, "Aa1 aaaa")


def test_a_policy_without_rules_takes_anything_long_enough() -> None:
    check_password({"MinimumLength": 6}, "\x00ä€\ud800--")
    check_password({"MinimumLength": 99}, "a" * 99)
    check_password({"MinimumLength": 8}, "a" * 256)


@given(POLICIES, st.text(max_size=120))
def test_a_password_is_taken_exactly_if_each_rule_holds(policy: PasswordPolicyType, password: str) -> None:
    has = {
        "RequireUppercase": any("A" <= c <= "Z" for c in password),
        "RequireLowercase": any("a" <= c <= "z" for c in password),
        "RequireNumbers": any("0" <= c <= "9" for c in password),
        "RequireSymbols": any(c in SYMBOLS for c in password) or " " in password.strip(" "),
    }
    fits = len(password) >= policy["MinimumLength"] and all(
        fulfilled or not policy[rule]  # type: ignore[literal-required]
        for rule, fulfilled in has.items()
    )
    if fits:
        check_password(policy, password)
    else:
        refusal(policy, password)


@given(POLICIES)
def test_a_temporary_password_is_as_the_policy_wants_it(policy: PasswordPolicyType) -> None:
    password = new_password(policy, SystemRandom())
    check_password(policy, password)
    assert len(password) >= 14
    assert not set(password) & set(" \"'\\<>`$")


def test_temporary_passwords_are_spread_evenly() -> None:
    passwords = [new_password(DEFAULT_PASSWORD_POLICY, SystemRandom()) for _ in range(2_000)]
    assert len(set(passwords)) == len(passwords)
    # No place is known to hold a digit: each kind stands anywhere.
    digits = collections.Counter(place for one in passwords for place, c in enumerate(one) if c.isdigit())
    assert max(digits.values()) < 1.5 * min(digits.values())
