"""E-mail to people whose sign-in looked risky, with links by which they say whether it was them."""

from __future__ import annotations

from urllib.parse import urlencode

from poolhouse.core.auth_events import AuthEvent
from poolhouse.core.custom_senders import sender_of, told_of_take_over
from poolhouse.core.messages import WORTH_SENDING, Purpose
from poolhouse.core.outgoing import HEAD_START, Outgoing
from poolhouse.core.risk_notices import Kind, Notice, compose_notice
from poolhouse.core.snapshots import AppSnapshot
from poolhouse.core.users import EMAIL, User
from poolhouse.operation import Call
from poolhouse.shapes.cognito_idp import NotifyConfigurationType
from poolhouse.store import Transaction
from poolhouse.userpools import codes, delivery
from poolhouse.userpools.event_history import token_for_feedback

NOTICES = "risk notice"
MOST_NOTICES = 5
"""That a person is sent in an hour."""
PAGE = "/feedback"


async def notify(call: Call, app: AppSnapshot, user: User, event: AuthEvent, kind: Kind) -> None:
    """Write to the person, at the address that they have verified; who has none hears nothing. The sign-in neither
    waits for the message nor fails of it."""
    to = user.attributes.get(EMAIL)
    if not to or not user.is_verified(EMAIL):
        return

    def post(tx: Transaction) -> list[str]:
        if not codes.count(tx, call, app.pool.id, NOTICES, user.sub, MOST_NOTICES):
            return []
        return [_post(tx, call, app, to, _notice(call, app, event, kind))]

    delivery.deliver_unseen(call, await call.store.write(post))


def _notice(call: Call, app: AppSnapshot, event: AuthEvent, kind: Kind) -> Notice:
    token = token_for_feedback(call, event)
    domain = call.parts.domain_of(app.pool)

    def link(value: str) -> str:
        if domain is None:
            return ""
        query = {
            "client_id": app.client.id,
            "user_name": event.username,
            "event_id": event.id,
            "value": value,
            "token": token,
        }
        return f"{domain}{PAGE}?{urlencode(query)}"

    return Notice(kind, event, token, link("valid"), link("invalid"))


def _post(tx: Transaction, call: Call, app: AppSnapshot, to: str, notice: Notice) -> str:
    pool, settings = app.user_pool, app.risk
    text = compose_notice(settings, notice)
    own: NotifyConfigurationType = settings.notify or {"SourceArn": ""}
    email = pool.settings.get("EmailConfiguration", {})
    message = Outgoing(
        id=tx.outbox.new_id(call.now),
        pool_id=pool.id,
        medium="EMAIL",
        purpose=Purpose.ACCOUNT_TAKEOVER,
        created_at=call.now,
        expires_at=call.now + WORTH_SENDING[Purpose.ACCOUNT_TAKEOVER],
        destination=to,
        subject=text.subject,
        body=text.body,
        code="",
        username=notice.event.username,
        client_id=app.client.id,
        sender=own.get("From") or delivery.identity_of(own["SourceArn"]) or delivery.sender_of(pool),
        reply_to=own.get("ReplyTo") or email.get("ReplyToEmailAddress"),
        configuration_set=email.get("ConfigurationSet"),
        details=notice.details,
        told=told_of_take_over(notice.event.username, notice.details) if sender_of(pool, "EMAIL") else None,
    )
    tx.outbox.add(message, call.now + HEAD_START)
    return message.id
