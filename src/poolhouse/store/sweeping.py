"""Sweeping: what has expired is removed, in batches small enough that nobody waits for them."""

from __future__ import annotations

from datetime import datetime, timedelta

from poolhouse.core.keys import MAX_TOKEN_LIFETIME
from poolhouse.core.risk import KNOWN_FOR
from poolhouse.store.transaction import Transaction

CHANGES_KEPT = timedelta(hours=1)
"""A cache that has not looked for so long empties itself, whatever it missed."""
WITHDRAWN_KEYS_KEPT = timedelta(days=1)
"""After the time at which a key left the JWKS, so that an operator can still see it."""
SESSIONS_KEPT = timedelta(hours=1)
"""After its end, as codes are."""
INBOX_KEPT = timedelta(days=7)
CODES_KEPT = timedelta(days=1)
"""After its end a code is still known for a while: "expired" says more than "wrong"."""
FAMILIES_KEPT = MAX_TOKEN_LIFETIME
"""After the end of its refresh token a family's last access token may live so long, and is asked for here."""

VERIFIERS_KEPT = timedelta(days=1)
"""After the last client of a pool that might use SRP. Tools that replace a client delete it first: what is forgotten
at once would be missing when the new one is there, and only its owner's password brings a verifier back."""


AUTH_EVENTS_KEPT = timedelta(days=730)
"""Source: Cognito developer guide, "Viewing and exporting user event history" (two years)."""
FOR_EVER = timedelta(days=365 * 1000)


def sweep(tx: Transaction, now: datetime, limit: int, audit_kept: timedelta = FOR_EVER) -> int:
    """Remove up to `limit` rows that have expired; how many there were. Fewer than `limit`: nothing is left.

    Records of the audit go when they are older than `audit_kept`."""
    removed = 0
    for remove, before in (
        (tx.changes.trim, now - CHANGES_KEPT),
        (tx.signing_keys.remove_withdrawn, now - WITHDRAWN_KEYS_KEPT),
        (tx.codes.remove_expired, now - CODES_KEPT),
        (tx.attempts.remove_expired, now),
        (tx.unused_verifiers.forget, now - VERIFIERS_KEPT),
        (tx.families.remove_expired, now - FAMILIES_KEPT),
        (tx.inbox.remove_expired, now - INBOX_KEPT),
        (tx.sessions.remove_expired, now - SESSIONS_KEPT),
        (tx.browser_sessions.remove_expired, now),
        (tx.authorization_codes.remove_expired, now - CODES_KEPT),
        (tx.used_once.remove_expired, now),
        (tx.auth_events.remove_older, now - AUTH_EVENTS_KEPT),
        (tx.known_places.remove_older, now - KNOWN_FOR),
        (tx.audit.remove_older, now - audit_kept),
    ):
        if removed < limit:
            removed += remove(before, limit - removed)
    return removed
