"""The issuer's keys, fetched and kept: rotation is followed, an outage is bridged, and nobody can cause a flood.

    no keys ──fetch──> fresh ──max-age──> stale ──stale_for──> unusable
                         │                  │
    a kid not there: one fetch a minute     one fetch first; after it failed: used at once, retried behind the scenes

One fetch runs at a time, on a thread of its own; whoever needs its outcome waits for it, in a thread or in an event
loop, and not longer than the timeout. A fresh key is found without a lock.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from poolhouse_verify.addresses import refuse_unsafe_address
from poolhouse_verify.errors import KeysUnavailable, UnknownKey, quoted
from poolhouse_verify.fetched import Fetched
from poolhouse_verify.keys import read_jwks

if TYPE_CHECKING:
    from concurrent.futures import Future

_LOG = logging.getLogger("poolhouse_verify")

_LATE = "no answer in time"
_SHORTEST_MAX_AGE_S = 60.0
_REFRESH_AFTER = 0.8  # of the time that keys are fresh: renewed before anyone has to wait
_LONGEST_BACK_OFF_S = 60.0


Fetch = Callable[[str], Fetched]


@dataclass(frozen=True, slots=True)
class _Held:
    keys: Mapping[str, RSAPublicKey]
    refresh_at: float
    fresh_until: float
    usable_until: float


@dataclass(frozen=True, slots=True)
class _Outage:
    failures: int
    retry_at: float
    reason: str


class RemoteKeys:
    """Keys from a JWKS address.

    Args:
        uri: https, or http on loopback, or any http with `allow_http`.
        max_age: how long keys are fresh, at most. The answer's Cache-Control may say less (but a minute at least);
            a key that the issuer withdraws is refused no later than this.
        stale_for: how much longer they may be used while the issuer can't be reached.
        refetch_interval: an unknown kid causes a fetch, at most one in this time.
        timeout: of one fetch, and of waiting for it.
        fetch: another transport: takes the address, gives the document; whatever it raises is an outage.
        monotonic: the clock of all this, in seconds.
    """

    def __init__(
        self,
        uri: str,
        *,
        max_age: timedelta = timedelta(hours=1),
        stale_for: timedelta = timedelta(hours=24),
        refetch_interval: timedelta = timedelta(seconds=60),
        timeout: timedelta = timedelta(seconds=5),
        allow_http: bool = False,
        fetch: Fetch | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        if fetch is None:
            refuse_unsafe_address(uri, allow_http=allow_http)
        self.uri = uri
        self._max_age_s = max_age.total_seconds()
        self._stale_for_s = stale_for.total_seconds()
        self._refetch_interval_s = refetch_interval.total_seconds()
        self._timeout_s = timeout.total_seconds()
        self._allow_http = allow_http
        self._fetch = fetch or self._fetch_over_http
        self._monotonic = monotonic
        self._lock = threading.Lock()
        # Written under the lock, each replaced as a whole; read without it.
        self._held: _Held | None = None
        self._outage: _Outage | None = None
        self._running: Future[None] | None = None
        self._unknown_kid_at = float("-inf")

    def __repr__(self) -> str:
        return f"RemoteKeys({self.uri!r})"

    def find(self, kid: str) -> RSAPublicKey:
        """The key of this kid. May wait for a fetch."""
        key = self._fresh(kid)
        if key is not None:
            return key
        fetch = self._fetch_to_wait_for(kid)
        if fetch is not None:
            try:
                fetch.result(self._timeout_s)
            except TimeoutError:
                self._failed(fetch, _LATE)
        return self._settled(kid)

    async def afind(self, kid: str) -> RSAPublicKey:
        """The same on an event loop, which goes on meanwhile."""
        key = self._fresh(kid)
        if key is not None:
            return key
        fetch = self._fetch_to_wait_for(kid)
        if fetch is not None:
            import asyncio

            try:
                # A running future can't be cancelled: one caller that leaves takes nothing from the others.
                await asyncio.wait_for(asyncio.wrap_future(fetch), self._timeout_s)
            except TimeoutError:
                self._failed(fetch, _LATE)
        return self._settled(kid)

    def _fresh(self, kid: str) -> RSAPublicKey | None:
        held = self._held
        now = self._monotonic()
        if held is None or now >= held.fresh_until:
            return None
        if now >= held.refresh_at:
            self._begin(now)
        return held.keys.get(kid)

    def _fetch_to_wait_for(self, kid: str) -> Future[None] | None:
        """Begin what is due; the fetch whose outcome this kid depends on, or None if what is held must do."""
        now = self._monotonic()
        held, outage = self._held, self._outage
        if held is None or now >= held.usable_until:
            return self._begin(now)
        if now < held.fresh_until:
            return None if kid in held.keys else self._begin(now, for_unknown_kid=True)
        fetch = self._begin(now)
        # In an outage each attempt may take all of the timeout: the stale key is used meanwhile.
        return None if outage is not None and kid in held.keys else fetch

    def _settled(self, kid: str) -> RSAPublicKey:
        held, outage = self._held, self._outage
        reason = outage.reason if outage is not None else _LATE
        if held is None or self._monotonic() >= held.usable_until:
            raise KeysUnavailable(f"The keys at {self.uri} cannot be had: {reason}.")
        key = held.keys.get(kid)
        if key is not None:
            return key
        if outage is not None:
            # It may be a new key that can't be seen now: not the caller's fault.
            raise KeysUnavailable(f"The key {quoted(kid)} cannot be looked up at {self.uri}: {reason}.")
        raise UnknownKey(f"There is no key with the kid {quoted(kid)} at {self.uri}.")

    def _begin(self, now: float, *, for_unknown_kid: bool = False) -> Future[None] | None:
        """The fetch that runs, a new one if none does, or None where it is too early for another."""
        outage = self._outage
        if outage is not None and now < outage.retry_at:
            return None
        from concurrent.futures import Future

        with self._lock:
            if self._running is not None:
                return self._running
            if for_unknown_kid:
                if now < self._unknown_kid_at + self._refetch_interval_s:
                    return None
                self._unknown_kid_at = now
            fetch: Future[None] = Future()
            fetch.set_running_or_notify_cancel()
            self._running = fetch
        try:
            threading.Thread(target=self._run, args=(fetch,), name="poolhouse-verify", daemon=True).start()
        except RuntimeError as error:  # no more threads, or the interpreter is ending
            self._failed(fetch, str(error))
            fetch.set_result(None)
        return fetch

    def _run(self, fetch: Future[None]) -> None:
        try:
            keys, max_age_s = self._load()
        except TimeoutError:
            self._failed(fetch, _LATE)
        except (
            Exception
        ) as error:  # the edge of this thread: what a transport raises is known to itself alone
            self._failed(fetch, str(error) or type(error).__name__)
        else:
            self._succeeded(fetch, keys, max_age_s)
        fetch.set_result(None)

    def _load(self) -> tuple[Mapping[str, RSAPublicKey], float | None]:
        fetched = self._fetch(self.uri)
        try:
            return read_jwks(fetched.body), fetched.max_age_s
        except ValueError as error:
            raise ValueError(f"the document {error}") from error

    def _succeeded(
        self, fetch: Future[None], keys: Mapping[str, RSAPublicKey], max_age_s: float | None
    ) -> None:
        age = self._max_age_s
        if max_age_s is not None:
            age = min(max(max_age_s, _SHORTEST_MAX_AGE_S), age)
        now = self._monotonic()
        with self._lock:
            if self._running is not fetch:  # given up meanwhile
                return
            self._held = _Held(keys, now + age * _REFRESH_AFTER, now + age, now + age + self._stale_for_s)
            self._outage = None
            self._running = None

    def _failed(self, fetch: Future[None], reason: str) -> None:
        """It raised; or nobody waits any longer, as it hangs or its thread stayed behind in a fork's parent."""
        with self._lock:
            if self._running is not fetch:
                return
            failures = 1 if self._outage is None else self._outage.failures + 1
            back_off = min(2.0 ** min(failures - 1, 10), _LONGEST_BACK_OFF_S)
            self._outage = _Outage(failures, self._monotonic() + back_off, reason)
            self._running = None
        _LOG.warning("The keys at %s cannot be fetched: %s", self.uri, reason)

    def _fetch_over_http(self, uri: str) -> Fetched:
        from poolhouse_verify.fetching import fetch

        return fetch(uri, timeout_s=self._timeout_s, allow_http=self._allow_http)
