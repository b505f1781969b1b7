"""SMS by a webhook: a small service of the operator's passes the text to whichever provider they have.

Signed as Standard Webhooks says (https://www.standardwebhooks.com, version 1), for which there are libraries in
most languages: HMAC-SHA256 over id, time and body.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Callable
from datetime import datetime

from poolhouse.core.documents import to_iso
from poolhouse.core.outgoing import Outgoing
from poolhouse.core.secret import Secret
from poolhouse.ports.carriers import Refused, Unavailable
from poolhouse.ports.outbound import Outbound

NEVER = frozenset({400, 410, 422})
"""Answers that say: this message will never be sent. Every other but 2xx may be better the next time."""
PREFIX = "whsec_"


class SmsWebhook:
    name = "webhook"

    def __init__(self, url: str, secret: Secret, now: Callable[[], datetime]) -> None:
        self._url = url
        self._key = signing_key(secret)
        self._now = now
        self._outbound = Outbound()

    async def carry(self, message: Outgoing) -> None:
        at = self._now()
        body = json.dumps(_document(message, at)).encode()
        timestamp = str(int(at.timestamp()))
        headers = {
            "content-type": "application/json",
            "webhook-id": message.id,
            "webhook-timestamp": timestamp,
            "webhook-signature": sign(self._key, message.id, timestamp, body),
        }
        answer = await self._outbound.post(self._url, body, headers)
        if answer.status in NEVER:
            raise Refused(str(answer.status))
        if not 200 <= answer.status < 300:
            raise Unavailable(str(answer.status))

    async def aclose(self) -> None:
        await self._outbound.aclose()


def signing_key(secret: Secret) -> bytes:
    """The bytes of a `whsec_…` secret; any other is taken as it is written."""
    text = secret.reveal()
    if text.startswith(PREFIX):
        try:
            return base64.b64decode(text[len(PREFIX) :], validate=True)
        except binascii.Error:
            pass
    return text.encode()


def sign(key: bytes, message_id: str, timestamp: str, body: bytes) -> str:
    """`v1,` and the base64 of the signature."""
    signed = f"{message_id}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()


def _document(message: Outgoing, at: datetime) -> dict[str, object]:
    data = {
        "message_id": message.id,
        "destination": message.destination,
        "text": message.body,
        "purpose": message.purpose.value,
        "user_pool_id": message.pool_id,
        "client_id": message.client_id,
    }
    return {"type": "sms.send", "timestamp": to_iso(at), "data": data}
