"""Time-based one-time passwords (RFC 6238), with what every authenticator app assumes: SHA-1, 30 seconds, 6 digits."""

from __future__ import annotations

import base64
import hashlib
import hmac
from datetime import datetime

from poolhouse.core.ids import Random
from poolhouse.core.secret import Secret

STEP = 30
"""Seconds."""
DIGITS = 6
DRIFT = 1
"""Steps before and after the server's own that are accepted too (RFC 6238 §5.2). Source: Cognito developer guide,
"TOTP software token MFA"."""
SEED_BYTES = 32
_DECIMAL = frozenset("0123456789")


def new_seed(random: Random) -> Secret:
    """A seed of 256 bits in Base32, 52 characters, as an authenticator app takes it."""
    return Secret(base64.b32encode(random.token_bytes(SEED_BYTES)).decode().rstrip("="))


def step_of(at: datetime) -> int:
    """The number of the step since 1970 that this time is in."""
    return int(at.timestamp() // STEP)


def code_of(seed: Secret, step: int) -> str:
    """The code of one step: RFC 4226 §5.3, with the step for a counter."""
    digest = hmac.digest(_key(seed), step.to_bytes(8), hashlib.sha1)
    offset = digest[-1] & 0xF
    number = int.from_bytes(digest[offset : offset + 4]) & 0x7FFF_FFFF
    return f"{number % 10**DIGITS:0{DIGITS}}"


def matched_step(seed: Secret, code: str, now: datetime) -> int | None:
    """The step whose code this is, the server's own or one beside it; None if it is of none of them.

    The caller accepts a step only if it is later than the last one that was accepted: a code works once (RFC 6238
    §5.2). Of two steps with the same code the later one is meant, so that the code can't work again as the other.
    """
    is_code = len(code) == DIGITS and _DECIMAL.issuperset(code)
    presented = code if is_code else "-" * DIGITS
    current = step_of(now)
    found = None
    # All of them, also after one was right: the time says nothing of the server's clock or the seed.
    for step in range(max(current - DRIFT, 0), current + DRIFT + 1):
        if hmac.compare_digest(code_of(seed, step), presented):
            found = step
    return found


def _key(seed: Secret) -> bytes:
    text = seed.reveal().upper()
    return base64.b32decode(text + "=" * (-len(text) % 8))
