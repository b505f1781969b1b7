"""How every webhook's post is signed: HMAC-SHA256 over id, time and body, for which there are libraries in most languages.

Source: Standard Webhooks, version 1 (https://www.standardwebhooks.com).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from datetime import datetime

from poolhouse.core.secret import Secret

PREFIX = "whsec_"


def signing_key(secret: Secret) -> bytes:
    """The bytes of a `whsec_…` secret; any other is taken as it is written."""
    text = secret.reveal()
    if text.startswith(PREFIX):
        try:
            return base64.b64decode(text[len(PREFIX) :], validate=True)
        except binascii.Error:
            pass
    return text.encode()


def signed_headers(key: bytes, message_id: str, at: datetime, body: bytes) -> dict[str, str]:
    """The headers of a JSON body that is posted at this time. The id is the message's, the same each time it is sent."""
    timestamp = str(int(at.timestamp()))
    signed = f"{message_id}.{timestamp}.".encode() + body
    return {
        "content-type": "application/json",
        "webhook-id": message_id,
        "webhook-timestamp": timestamp,
        "webhook-signature": "v1," + base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode(),
    }
