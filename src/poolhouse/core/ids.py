"""Identifiers, in Cognito's formats outside and UUIDv7 inside."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

ALPHANUMERIC = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
LOWER_ALPHANUMERIC = "abcdefghijklmnopqrstuvwxyz0123456789"
BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"


class Random(Protocol):
    def token_bytes(self, size: int, /) -> bytes:
        """`size` unpredictable bytes."""


def random_text(random: Random, alphabet: str, length: int) -> str:
    """`length` characters, each equally likely: a remainder would favour the first letters."""
    limit = 256 - 256 % len(alphabet)
    letters: list[str] = []
    while len(letters) < length:
        letters += [alphabet[byte % len(alphabet)] for byte in random.token_bytes(length) if byte < limit]
    return "".join(letters[:length])


def new_pool_id(random: Random, region: str) -> str:
    """`us-east-1_aBcDeFgHi`."""
    return f"{region}_{random_text(random, ALPHANUMERIC, 9)}"


def new_client_id(random: Random) -> str:
    """26 characters, so unique over everything: an unsigned call names no pool."""
    return random_text(random, LOWER_ALPHANUMERIC, 26)


def new_client_secret(random: Random) -> str:
    """51 characters: 263 bits."""
    return random_text(random, LOWER_ALPHANUMERIC, 51)


def new_access_key_id(random: Random) -> str:
    return "AKIA" + random_text(random, BASE32, 16)


def new_secret_access_key(random: Random) -> str:
    return random_text(random, ALPHANUMERIC + "+/", 40)


def new_jti(random: Random) -> str:
    """A UUIDv4 in form; drawn at once for the token path, which has no need of a UUID object."""
    text = random.token_bytes(16).hex()
    return f"{text[:8]}-{text[8:12]}-4{text[13:16]}-{'89ab'[int(text[16], 16) & 3]}{text[17:20]}-{text[20:]}"


def uuid7(now: datetime, random: Random) -> str:
    """A UUID that sorts by its time (RFC 9562 §5.7)."""
    milliseconds = int(now.timestamp() * 1000)
    value = milliseconds << 80 | int.from_bytes(random.token_bytes(10))
    value = value & ~(0xF << 76) | 0x7 << 76
    value = value & ~(0x3 << 62) | 0x2 << 62
    text = f"{value:032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def first_uuid7(moment: datetime) -> str:
    """No UUID of `uuid7` of that millisecond, or a later one, sorts before it; every earlier one does."""
    text = f"{max(int(moment.timestamp() * 1000), 0):012x}"
    return f"{text[:8]}-{text[8:12]}-7"
