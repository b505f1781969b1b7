"""Token buckets, with a clock of the test's own."""

from __future__ import annotations

import pytest

from poolhouse import limits
from poolhouse.limits import TokenBuckets


class Time:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_bucket_gives_its_burst_and_fills_again_at_its_rate() -> None:
    time = Time()
    buckets = TokenBuckets(2, 3, time)
    assert [buckets.allows("a") for _ in range(4)] == [True, True, True, False]
    assert buckets.allows("b"), "each key has its own"
    time.now += 0.5
    assert [buckets.allows("a") for _ in range(2)] == [True, False]
    time.now += 100
    assert [buckets.allows("a") for _ in range(4)] == [True, True, True, False]


def test_a_rate_of_zero_is_no_limit() -> None:
    buckets = TokenBuckets(0, 0, Time())
    assert all(buckets.allows("a") for _ in range(100))


def test_of_too_many_the_one_that_was_used_longest_ago_goes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MAX_BUCKETS", 2)
    buckets = TokenBuckets(1, 1, Time())
    assert buckets.allows("a")
    assert buckets.allows("b")
    assert not buckets.allows("a")
    assert buckets.allows("c"), "and b is forgotten"
    assert not buckets.allows("a")
    assert buckets.allows("b")
