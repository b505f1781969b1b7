"""Pagination tokens: where the next page begins, opaque to the caller and good for its own list only.

A token is base64url(mac || position). The MAC covers what the list was asked (operation, pool, filter), so
a token of one list opens no other, and a made-up one opens none.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac

from poolhouse.core.base64url import base64url
from poolhouse.core.errors import InvalidParameterException

MAC_SIZE = 16


def seal_page(key: bytes, context: str, position: str) -> str:
    """The token of the page that begins behind `position`."""
    place = position.encode()
    return base64url(_mac(key, context, place) + place)


def open_page(key: bytes, context: str, token: str) -> str:
    """The position in a token that `seal_page` made with the same key and context.

    Raises:
        InvalidParameterException: any other token.
    """
    try:
        content = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
        mac, place = content[:MAC_SIZE], content[MAC_SIZE:]
        if hmac.compare_digest(mac, _mac(key, context, place)):
            return place.decode()
    except (binascii.Error, ValueError):
        pass
    raise InvalidParameterException("Invalid pagination token.")


def _mac(key: bytes, context: str, place: bytes) -> bytes:
    # The length in front keeps ("ab", "c") and ("a", "bc") apart.
    about = context.encode()
    return hmac.digest(key, len(about).to_bytes(8) + about + place, hashlib.sha256)[:MAC_SIZE]
