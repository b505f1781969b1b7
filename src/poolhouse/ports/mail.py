"""E-mail by SMTP: the operator's own server, or any provider's."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY
from email.utils import parseaddr
from typing import TYPE_CHECKING, Any

from poolhouse.core.messages import plain_text
from poolhouse.core.outgoing import Outgoing
from poolhouse.core.secret import Secret
from poolhouse.ports.carriers import Refused, Unavailable

if TYPE_CHECKING:
    import aiosmtplib

MAX_CONNECTIONS = 10
ANSWERS_WITHIN = 15.0
"""Seconds for one answer of the server."""


@dataclass(frozen=True, slots=True)
class SmtpServer:
    host: str
    port: int
    security: str
    """`starttls` demands it, `tls` is TLS from the first byte, `none` is neither."""
    username: str | None
    password: Secret | None
    sender: str
    """The From where a pool has none of its own."""


class SmtpCarrier:
    """Hands each message to one SMTP server (RFC 5321). What the server answers with 5yz to the sender, the
    recipient or the text is refused for good; everything else may be better the next time."""

    name = "smtp"

    def __init__(self, server: SmtpServer) -> None:
        self._server = server
        self._free = asyncio.Semaphore(MAX_CONNECTIONS)

    async def carry(self, message: Outgoing) -> None:
        # Imported here: most processes never send.
        import aiosmtplib

        mail = compose(message, self._server.sender)
        sender, recipient = _envelope(mail["From"]), _envelope(mail["To"])
        async with self._free:
            try:
                async with self._connection() as connection:
                    await connection.send_message(mail, sender=sender, recipients=[recipient])
            except aiosmtplib.SMTPRecipientsRefused as refused:
                raise _verdict(refused.recipients[0].code, "recipient") from None
            except (aiosmtplib.SMTPSenderRefused, aiosmtplib.SMTPDataError) as refused:
                raise _verdict(refused.code, "message") from None
            except aiosmtplib.SMTPNotSupported as refused:
                raise Refused("the address needs SMTPUTF8, or the server lacks STARTTLS or AUTH") from refused
            except aiosmtplib.SMTPResponseException as refused:
                raise Unavailable(f"{type(refused).__name__} {refused.code}") from None
            except (aiosmtplib.SMTPException, OSError) as away:
                # The text may name what was sent; the class and the place say enough.
                place = f"{self._server.host}:{self._server.port}"
                raise Unavailable(f"{type(away).__name__} at {place}") from None

    async def aclose(self) -> None:
        """Nothing is kept open."""

    @contextlib.asynccontextmanager
    async def _connection(self) -> AsyncIterator[aiosmtplib.SMTP]:
        import aiosmtplib

        server = self._server
        connection = aiosmtplib.SMTP(
            hostname=server.host,
            port=server.port,
            timeout=ANSWERS_WITHIN,
            use_tls=server.security == "tls",
            start_tls=server.security == "starttls",
            username=server.username,
            password=server.password.reveal() if server.password is not None else None,
        )
        await connection.connect()
        try:
            yield connection
        except BaseException:
            connection.close()
            raise
        # The server has taken the message: what goes wrong with the farewell must not send it again.
        with contextlib.suppress(aiosmtplib.SMTPException, OSError):
            await connection.quit()
        connection.close()


def compose(message: Outgoing, default_sender: str) -> EmailMessage:
    """The e-mail, as plain text and as HTML.

    Raises:
        Refused: an address that none can be.
    """
    mail = EmailMessage(policy=SMTP_POLICY)
    mail["From"] = _address(message.sender or default_sender, "EmailConfiguration.From")
    mail["To"] = _address(message.destination, "the recipient", is_plain=True)
    if message.reply_to:
        mail["Reply-To"] = _address(message.reply_to, "EmailConfiguration.ReplyToEmailAddress")
    mail["Subject"] = message.subject
    mail["Date"] = message.created_at.astimezone(UTC)
    # The same at every attempt, so that a message that arrives twice can be known for one.
    mail["Message-ID"] = f"<{message.id}@{mail['From'].addresses[0].domain}>"
    mail["Auto-Submitted"] = "auto-generated"  # RFC 3834 §5: no machine need answer
    if message.configuration_set:
        mail["X-SES-CONFIGURATION-SET"] = message.configuration_set
    mail.set_content(plain_text(message.body), cte="quoted-printable")
    mail.add_alternative(message.body, subtype="html", cte="quoted-printable")
    return mail


def _address(text: str, whose: str, *, is_plain: bool = False) -> Address:
    # A recipient is an address and nothing else: what a person typed in can't add a name, or a second one.
    name, spec = ("", text) if is_plain else parseaddr(text)
    try:
        if not spec.isprintable():
            raise ValueError
        address = Address(display_name=name, addr_spec=spec)
        if not (address.username and address.domain):
            raise ValueError
    except (ValueError, IndexError, MessageError):
        raise Refused(f"{whose} is no e-mail address") from None
    return address


def _envelope(header: Any) -> str:
    """The address of a header as the policy parses it: typeshed does not know of `addresses`."""
    spec: str = header.addresses[0].addr_spec
    return spec


def _verdict(code: int, what: str) -> Refused | Unavailable:
    # The server's text is left out: it tends to repeat the address.
    return Refused(f"{code} to the {what}") if 500 <= code < 600 else Unavailable(f"{code} to the {what}")
