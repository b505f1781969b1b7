"""Sending codes to people: written with the change that they belong to, delivered after its commit.

def sign_up(tx):
    …
    return delivery.post(tx, call, pool, user, purpose=Purpose.SIGN_UP, medium="EMAIL", destination=…, code=…)

message = await call.store.write(sign_up)
await delivery.deliver_now_or_later(call, [message])
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from poolhouse.core.errors import CodeDeliveryFailureException
from poolhouse.core.messages import WORTH_SENDING, Medium, Purpose, compose, mask
from poolhouse.core.outgoing import HEAD_START, Outcome, Outgoing
from poolhouse.core.pools import UserPool
from poolhouse.core.users import EMAIL, PHONE_NUMBER, User, username_attributes
from poolhouse.operation import Call
from poolhouse.shapes.cognito_idp import CodeDeliveryDetailsType
from poolhouse.store import Transaction
from poolhouse.userpools.triggers.custom_message import custom_text
from poolhouse.userpools.triggers.custom_senders import told

WAITS = 5.0
"""Seconds that a caller waits to hear whether the carrier took a message. After them the attempt goes on alone."""

MEDIA: dict[str, Medium] = {EMAIL: "EMAIL", PHONE_NUMBER: "SMS"}
"""The medium of each attribute that something can be sent to."""

TOLD_OF_REFUSALS = frozenset(
    {
        "AdminCreateUser",
        "ForgotPassword",
        "GetUserAttributeVerificationCode",
        "ResendConfirmationCode",
        "SignUp",
        "UpdateUserAttributes",
    }
)
"""The operations whose model declares CodeDeliveryFailureException."""


def post(
    tx: Transaction,
    call: Call,
    pool: UserPool,
    user: User,
    *,
    purpose: Purpose,
    medium: Medium,
    destination: str,
    code: str,
    username: str | None = None,
    client_id: str | None = None,
    link: str | None = None,
) -> str:
    """Put a message with `code` into the outbox, in the caller's transaction; its id, for `deliver_now_or_later`.

    `username` is the name that the text shows; by default the person's own, or, in a pool where people sign in
    with an address, that address; `client_id` the app client that they are at, where there is one. `link` is sent in
    place of the code where the pool wants one (`wants_link`).

    Where a function of the pool writes the texts, the write that posts is one of `custom_message.with_texts`. Where
    one sends the messages of the medium, it gets this one, and nobody is asked for its text.

    Raises:
        TextWanted: the function has to be asked first; `with_texts` does, and writes again.
    """
    name = username if username is not None else _name(pool, user)
    event = told(call, pool, user, purpose, medium, destination)
    custom = None
    if event is None:
        custom = custom_text(call, pool, user, purpose, client_id=client_id, has_code=bool(code))
    text = compose(pool, purpose, medium, code=code, username=name, link=link, custom=custom)
    email = pool.settings.get("EmailConfiguration", {})
    message = Outgoing(
        id=tx.outbox.new_id(call.now),
        pool_id=pool.id,
        medium=medium,
        purpose=purpose,
        created_at=call.now,
        expires_at=call.now + WORTH_SENDING[purpose],
        destination=destination,
        subject=text.subject,
        body=text.body,
        code=code,
        username=name,
        client_id=client_id,
        sender=sender_of(pool),
        reply_to=email.get("ReplyToEmailAddress"),
        configuration_set=email.get("ConfigurationSet"),
        sns_region=pool.settings.get("SmsConfiguration", {}).get("SnsRegion"),
        told=event,
    )
    tx.outbox.add(message, call.now + HEAD_START)
    return message.id


async def deliver_now_or_later(call: Call, message_ids: Iterable[str]) -> None:
    """After the commit: try to deliver at once. What can't be delivered now, or takes longer than a caller
    should wait, is left to the postman.

    Raises:
        CodeDeliveryFailureException: the carrier refused a message for good. What the caller did before is done:
            the code can be asked for again. Raised only in operations whose model declares it.
    """
    begun = call.parts.postman.send(message_ids)
    if not begun:
        return
    done, _ = await asyncio.wait(begun, timeout=WAITS)
    if call.operation in TOLD_OF_REFUSALS and any(task.result() is Outcome.REFUSED for task in done):
        raise CodeDeliveryFailureException


def deliver_unseen(call: Call, message_ids: Iterable[str]) -> None:
    """Begin to deliver, and neither wait nor tell how it went: for answers that must not show, by their time or
    their outcome, whether there was anybody to write to (PreventUserExistenceErrors)."""
    call.parts.postman.send(message_ids)


def details(attribute: str, destination: str) -> CodeDeliveryDetailsType:
    """What the caller is told of where a code went. `attribute` is `email` or `phone_number`."""
    medium = MEDIA[attribute]
    return {
        "Destination": mask(medium, destination),
        "DeliveryMedium": medium,
        "AttributeName": attribute,
    }


def _name(pool: UserPool, user: User) -> str:
    for attribute in (EMAIL, PHONE_NUMBER):
        if attribute in username_attributes(pool) and attribute in user.attributes:
            return user.attributes[attribute]
    return user.username


def sender_of(pool: UserPool) -> str | None:
    """The From of a pool's e-mail; None for the server's own."""
    email = pool.settings.get("EmailConfiguration", {})
    return email.get("From") or identity_of(email.get("SourceArn", ""))


def identity_of(arn: str) -> str | None:
    """The address that an SES identity's ARN names; None for a domain's, or for none."""
    identity = arn.partition(":identity/")[2]
    return identity if "@" in identity else None
