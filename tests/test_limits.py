"""Rates, with a clock of the test's own."""

from __future__ import annotations

import pytest

from poolhouse import limits
from poolhouse.limits import Rates


class Time:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_key_has_its_burst_and_then_its_rate() -> None:
    time = Time()
    rates = Rates(2, 3, time)
    assert [rates.allows("a") for _ in range(4)] == [True, True, True, False]
    assert rates.allows("b"), "each key has its own"
    time.now += 0.5
    assert [rates.allows("a") for _ in range(2)] == [True, False]
    time.now += 100
    assert [rates.allows("a") for _ in range(4)] == [True, True, True, False]


def test_a_rate_of_zero_is_no_limit() -> None:
    rates = Rates(0, 0, Time())
    assert all(rates.allows("a") for _ in range(100))


def test_of_too_many_the_one_that_was_used_longest_ago_goes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MAX_KEYS", 2)
    rates = Rates(1, 1, Time())
    assert rates.allows("a")
    assert rates.allows("b")
    assert not rates.allows("a")
    assert rates.allows("c"), "and b is forgotten"
    assert not rates.allows("a")
    assert rates.allows("b")
