"""The codes of authenticator apps."""

from __future__ import annotations

import base64
import secrets
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from poolhouse.core import totp
from poolhouse.core.secret import Secret

# RFC 6238, appendix B, SHA-1; the last six of its eight digits.
RFC_SEED = Secret(base64.b32encode(b"12345678901234567890").decode())
RFC_CODES = {
    59: "287082", 1111111109: "081804", 1111111111: "050471", 1234567890: "005924", 2000000000: "279037",
    20000000000: "353130",
}  # fmt: skip
SEEDS = st.binary(min_size=10, max_size=64).map(
    lambda key: Secret(base64.b32encode(key).decode().rstrip("="))
)
STEPS = st.integers(1, 10**8)


class SystemRandom:
    def token_bytes(self, size: int, /) -> bytes:
        return secrets.token_bytes(size)


def at(step: int) -> datetime:
    return datetime.fromtimestamp(step * totp.STEP, UTC)


@pytest.mark.parametrize(("second", "code"), RFC_CODES.items())
def test_codes_are_those_of_the_rfc(second: int, code: str) -> None:
    now = datetime.fromtimestamp(second, UTC)
    assert totp.code_of(RFC_SEED, totp.step_of(now)) == code
    assert totp.matched_step(RFC_SEED, code, now) == second // 30


@given(SEEDS, STEPS, st.integers(-4, 4))
def test_a_code_is_accepted_one_step_early_and_one_step_late_only(
    seed: Secret, step: int, drift: int
) -> None:
    code = totp.code_of(seed, max(step + drift, 0))
    near = {totp.code_of(seed, max(step + d, 0)) for d in (-1, 0, 1)}
    found = totp.matched_step(seed, code, at(step))
    assert (found is not None) is (code in near)
    assert found is None or totp.code_of(seed, found) == code


@given(SEEDS, STEPS)
def test_a_step_lasts_thirty_seconds(seed: Secret, step: int) -> None:
    code = totp.code_of(seed, step)
    first, last = at(step - 1), at(step + 2) - timedelta(microseconds=1)
    assert totp.matched_step(seed, code, first) is not None
    assert totp.matched_step(seed, code, last) is not None


def test_of_two_steps_with_the_same_code_the_later_is_meant() -> None:
    # Else the code would be of the earlier step, and work again as the later one's.
    step = 910_737
    assert totp.code_of(RFC_SEED, step) == totp.code_of(RFC_SEED, step + 1)
    assert totp.matched_step(RFC_SEED, totp.code_of(RFC_SEED, step), at(step)) == step + 1


@pytest.mark.parametrize(
    "code",
    [
        "",
        "1",
        "94287082",
        "28708",
        "2870 82",
        "287082 ",
        "+87082",
        "２８７０８２",
        "28708\x00",
        "28708\ud800",
    ],
)
def test_what_is_not_six_digits_is_no_code(code: str) -> None:
    assert totp.matched_step(RFC_SEED, code, datetime.fromtimestamp(59, UTC)) is None


@given(SEEDS, st.text(max_size=12))
def test_any_text_is_judged_without_an_error(seed: Secret, code: str) -> None:
    totp.matched_step(seed, code, datetime.now(UTC))
    totp.matched_step(seed, code, datetime.fromtimestamp(0, UTC))


def test_a_new_seed_has_256_bits_in_the_letters_an_app_takes() -> None:
    seed = totp.new_seed(SystemRandom())
    assert len(seed.reveal()) == 52
    assert len(base64.b32decode(seed.reveal() + "====")) == 32
    assert seed != totp.new_seed(SystemRandom())
    assert seed.reveal() not in repr(seed)


def test_a_seed_typed_in_small_letters_is_the_same() -> None:
    assert totp.code_of(Secret(RFC_SEED.reveal().lower()), 5) == totp.code_of(RFC_SEED, 5)
