"""Token buckets: how many requests a second one client, or one address, may make.

In memory, of one process: what counts against many nodes (wrong codes, wrong passwords) is counted in the
database, not here.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable

MAX_BUCKETS = 100_000


class TokenBuckets:
    """`rate` requests a second for each key, and `burst` at once. A rate of 0 means no limit.

    A bucket that has filled up again is the same as none, so the oldest go first when there are too many. An
    OrderedDict finds the oldest at once; a dict walks over all that were taken out before it.
    """

    __slots__ = ("_buckets", "_burst", "_monotonic", "_rate")

    def __init__(self, rate: float, burst: float, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._rate = rate
        self._burst = burst
        self._monotonic = monotonic
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def allows(self, key: str) -> bool:
        if self._rate <= 0:
            return True
        now = self._monotonic()
        tokens, then = self._buckets.pop(key, (self._burst, now))
        tokens = min(self._burst, tokens + (now - then) * self._rate)
        allowed = tokens >= 1
        self._buckets[key] = (tokens - 1 if allowed else tokens, now)
        if len(self._buckets) > MAX_BUCKETS:
            self._buckets.popitem(last=False)
        return allowed


class Limits:
    """The limits that the faces ask. All are of requests a second, and at most twice as many at once."""

    __slots__ = ("_addresses", "_clients", "_pools")

    def __init__(self, per_client: float, per_pool: float, per_address: float) -> None:
        self._clients = TokenBuckets(per_client, 2 * per_client)
        self._pools = TokenBuckets(per_pool, 2 * per_pool)
        self._addresses = TokenBuckets(per_address, 2 * per_address)

    def allows_token(self, client_id: str, pool_id: str) -> bool:
        """Whether this authenticated client of this pool may have a token now."""
        return self._clients.allows(client_id) and self._pools.allows(pool_id)

    def allows_address(self, address: str) -> bool:
        """Whether this address may make a request now."""
        return self._addresses.allows(address)
