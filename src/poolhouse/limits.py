"""Rates: how many requests a second one client, or one address, may make.

In memory, of one process: what counts against many nodes (wrong codes, wrong passwords) is counted in the
database, not here.
"""

from __future__ import annotations

import time
from collections.abc import Callable

MAX_KEYS = 100_000
REGISTRATIONS_AT_ONCE = 10


class Rates:
    """`rate` requests a second for each key, and `burst` at once. A rate of 0 means no limit.

    The generic cell rate algorithm (ITU-T I.371): of each key one number is kept, the time at which it will have
    made up for its requests. Those that have not asked for longest are forgotten, a whole generation of them at
    once: to keep all in the order of their last request would touch several cold places of memory a request.
    """

    __slots__ = ("_ahead", "_earlier", "_interval", "_monotonic", "_recent")

    def __init__(self, rate: float, burst: float, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._interval = 1 / rate if rate > 0 else 0.0
        self._ahead = (
            max(0.0, burst - 1) * self._interval + 1e-9
        )  # what rounding may take from the last of a burst
        self._monotonic = monotonic
        self._recent: dict[str, float] = {}
        self._earlier: dict[str, float] = {}

    def allows(self, key: str) -> bool:
        interval = self._interval
        if not interval:
            return True
        now = self._monotonic()
        recent = self._recent
        made_up = recent.get(key)
        if made_up is None:
            made_up = self._earlier.get(key, now)
        if made_up < now:
            made_up = now
        allowed = made_up - now <= self._ahead
        recent[key] = made_up + interval if allowed else made_up
        if len(recent) > MAX_KEYS // 2:
            self._earlier, self._recent = recent, {}
        return allowed


class Limits:
    """The limits that the faces ask. All are of requests a second, and at most twice as many at once."""

    __slots__ = ("_addresses", "_clients", "_people", "_people_of_pools", "_pools", "_registrations")

    def __init__(
        self,
        per_client: float = 0,
        per_pool: float = 0,
        per_address: float = 0,
        per_person: float = 0,
        people_per_pool: float = 0,
        registrations_per_address: float = 0,
    ) -> None:
        self._clients = Rates(per_client, 2 * per_client)
        self._pools = Rates(per_pool, 2 * per_pool)
        self._addresses = Rates(per_address, 2 * per_address)
        self._people = Rates(per_person, 2 * per_person)
        self._registrations = Rates(registrations_per_address, REGISTRATIONS_AT_ONCE)
        self._people_of_pools = Rates(people_per_pool, 2 * people_per_pool)

    def allows_token(self, client_id: str, pool_id: str) -> bool:
        """Whether this authenticated client of this pool may have a token now."""
        return self._clients.allows(client_id) and self._pools.allows(pool_id)

    def allows_person(self, pool_id: str, name: str) -> bool:
        """Whether a person of this pool, or somebody who says to be one, may make a request now."""
        return self._people.allows(f"{pool_id} {name}") and (
            not pool_id or self._people_of_pools.allows(pool_id)
        )

    def allows_registration(self, address: str) -> bool:
        """Whether an application at this address may register itself now without a token."""
        return self._registrations.allows(address)

    def allows_address(self, address: str) -> bool:
        """Whether this address may make a request now."""
        return self._addresses.allows(address)
