"""Functions that send a pool's messages themselves, by whatever they like, in place of e-mail and SMS.

The code, or the temporary password, is in their event only encrypted: a message of the AWS Encryption SDK under the
pool's KMSKeyID.

Source: Cognito developer guide, "Custom sender Lambda triggers".
"""

from __future__ import annotations

import html
from collections.abc import Mapping
from typing import Any

from poolhouse.core.messages import Medium, Purpose
from poolhouse.core.outgoing import Outgoing, Told
from poolhouse.core.pool_settings import triggers
from poolhouse.core.pools import UserPool
from poolhouse.core.triggers import UNKNOWN_SDK, Trigger, event_of, function_of

SENDERS: Mapping[Medium, Trigger] = {
    "EMAIL": Trigger.CUSTOM_EMAIL_SENDER,
    "SMS": Trigger.CUSTOM_SMS_SENDER,
}
TYPES = {"EMAIL": "customEmailSenderRequestV1", "SMS": "customSMSSenderRequestV1"}
TAKE_OVER = "AccountTakeOverNotification"
"""The source that e-mail alone has: it brings no code."""
CONTEXT = "userpool-id"
"""What the ciphertext is bound to: the name of the pool's id in its encryption context."""


def sender_of(pool: UserPool, medium: Medium) -> str | None:
    """The ARN of the function that sends the pool's messages of a medium; None where there is none."""
    return function_of(pool.settings, SENDERS[medium])


def told_in(message: Outgoing) -> Told | None:
    """What a function is told of the message; None for one that was written for a carrier."""
    if message.told is None and message.details is not None:
        return told_of_take_over(message.username, message.details)
    return message.told


def told_of_take_over(username: str, details: Mapping[str, str]) -> Told:
    return Told(TAKE_OVER, username, details, UNKNOWN_SDK)


def key_of(pool: UserPool) -> str:
    """The ARN of the key that the pool's codes are encrypted under. A pool with a sender has one."""
    return triggers(pool.settings).get("KMSKeyID", "")


def context_of(pool: UserPool) -> dict[str, str]:
    return {CONTEXT: pool.id}


def secret_in(message: Outgoing) -> str:
    """What the function decrypts; "" for nothing. A temporary password is escaped for HTML, as Cognito does."""
    if message.purpose is Purpose.INVITATION:
        return html.escape(message.code, quote=False)
    return message.code


def sender_event(pool: UserPool, message: Outgoing, told: Told, code: str | None) -> dict[str, Any]:
    """The event. `code` is base64 of an encrypted message; None for a message that brings none. Of all events these
    alone have `clientMetadata` as null where there is none: Cognito's do."""
    request: dict[str, Any] = {
        "type": TYPES[message.medium],
        "code": code,
        "clientMetadata": dict(told.metadata) if told.metadata else None,
        "userAttributes": dict(told.attributes),
    }
    return event_of(
        source=f"{SENDERS[message.medium]}_{told.source}",
        region=pool.region,
        pool_id=pool.id,
        client_id=message.client_id,
        username=told.username,
        request=request,
        response={},
        sdk=told.sdk,
    )
