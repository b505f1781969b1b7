"""What a sign-in at the pages needs between two of them: one sealed cookie, of one client of one pool.

It holds the `Session` of the API's own sign-in, so each step is good once whoever holds an old cookie; what the
challenge told; what was typed, but never a password; and what the next page has to say.
"""

from __future__ import annotations

import base64
import binascii
import json
import zlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from poolhouse.core.ids import Random
from poolhouse.core.sealing import NONCE_SIZE, Place, SealBroken, SealingKey

COOKIE = "page-data"
LIFETIME = timedelta(hours=1)
"""What it leads to is over long before: a step is good for minutes."""
LONGEST = 3_600
"""Characters; a browser keeps 4,096 of a cookie with its name and attributes (RFC 6265 §6.1)."""
MOST_TEXT = 64 * 1024


class TooMuch(Exception):
    """More than a cookie holds."""


@dataclass(frozen=True, slots=True)
class Flow:
    username: str = ""
    """As it was typed."""
    session: str = field(default="", repr=False)
    challenge: str = ""
    """What the sign-in waits for; "" before it began."""
    parameters: Mapping[str, str] = field(default_factory=dict, repr=False)
    """What the challenge told."""
    available: tuple[str, ...] = ()
    """What can be chosen to begin with."""
    secret: str = field(default="", repr=False)
    """The seed of an authenticator app that is being set up."""
    values: Mapping[str, str] = field(default_factory=dict, repr=False)
    """What was typed into the form that is shown again; what else a page keeps."""
    notice: str = ""
    """What the next page says once, in English."""
    notice_values: Mapping[str, str] = field(default_factory=dict)
    errors: Mapping[str, str] = field(default_factory=dict)
    """Likewise of fields; `form` is the form as a whole."""

    def saying(self, notice: str, **values: str) -> Flow:
        return replace(self, notice=notice, notice_values=values)

    def refusing(self, **errors: str) -> Flow:
        """With what is wrong with each field; `form` is the form as a whole."""
        return replace(self, errors=errors)

    def said(self) -> Flow:
        """After the page said what it had to."""
        return replace(self, notice="", notice_values={}, errors={})

    @property
    def is_empty(self) -> bool:
        return self == Flow()


def seal(flow: Flow, key: bytes, pool_id: str, client_id: str, now: datetime, random: Random) -> str:
    """The cookie's text. Raises TooMuch."""
    document = {name: value for name, value in asdict(flow).items() if value}
    document["expires_at"] = int((now + LIFETIME).timestamp())
    plain = zlib.compress(json.dumps(document, separators=(",", ":")).encode())
    sealed = SealingKey(key).seal(plain, _place(pool_id, client_id), random.token_bytes(NONCE_SIZE))
    text = base64.urlsafe_b64encode(sealed).decode().rstrip("=")
    if len(text) > LONGEST:
        raise TooMuch
    return text


def unseal(text: str | None, key: bytes, pool_id: str, client_id: str, now: datetime) -> Flow | None:
    """The flow; None where there is none of this client, or it is too old."""
    if not text or len(text) > LONGEST:
        return None
    try:
        sealed = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        plain = SealingKey(key).open(sealed, _place(pool_id, client_id))
    except (binascii.Error, ValueError, SealBroken):
        return None
    document: dict[str, Any] = json.loads(zlib.decompressobj().decompress(plain, MOST_TEXT))
    if now.timestamp() >= document.pop("expires_at"):
        return None
    document["available"] = tuple(document.get("available", ()))
    return Flow(**document)


def _place(pool_id: str, client_id: str) -> Place:
    return Place("page", "flow", pool_id, client_id)
