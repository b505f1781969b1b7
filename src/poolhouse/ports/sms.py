"""SMS by a webhook: a small service of the operator's passes the text to whichever provider they have."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime

from poolhouse.core.documents import to_iso
from poolhouse.core.outgoing import Outgoing
from poolhouse.core.secret import Secret
from poolhouse.ports.carriers import Refused, Unavailable
from poolhouse.ports.outbound import Outbound
from poolhouse.ports.standard_webhooks import signed_headers, signing_key

NEVER = frozenset({400, 410, 422})
"""Answers that say: this message will never be sent. Every other but 2xx may be better the next time."""


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
        headers = signed_headers(self._key, message.id, at, body)
        answer = await self._outbound.post(self._url, body, headers)
        if answer.status in NEVER:
            raise Refused(str(answer.status))
        if not 200 <= answer.status < 300:
            raise Unavailable(str(answer.status))

    async def aclose(self) -> None:
        await self._outbound.aclose()


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
