"""A real SMTP server of the test's own, which takes, refuses, hangs or closes as it is told."""

from __future__ import annotations

import asyncio
import email
import email.policy
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session


class MailServer:
    """What it has taken is in `mails`; `answer_to_recipient` and `answer_to_data` are what it says."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self.envelopes: list[tuple[str, list[str]]] = []
        self.logins: list[tuple[str, str]] = []
        self.were_encrypted: list[bool] = []
        self.answer_to_recipient = "250 OK"
        self.answer_to_data = "250 OK"
        self.hangs = threading.Event()
        self.knocks = 0
        self.port = 0

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        self.knocks += 1
        if self.answer_to_recipient.startswith("250"):
            envelope.rcpt_tos.append(address)
        return self.answer_to_recipient

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        if self.answer_to_data.startswith("250"):
            content = envelope.content
            assert isinstance(content, bytes)
            mail = email.message_from_bytes(content, policy=email.policy.default)
            assert isinstance(mail, EmailMessage)
            self.mails.append(mail)
            self.envelopes.append((envelope.mail_from or "", list(envelope.rcpt_tos)))
            self.were_encrypted.append(session.ssl is not None)
        while self.hangs.is_set():
            await asyncio.sleep(0.02)
        return self.answer_to_data

    def authenticate(
        self, server: SMTP, session: Any, envelope: Any, mechanism: str, data: Any
    ) -> AuthResult:
        assert isinstance(data, LoginPassword)
        self.logins.append((data.login.decode(), data.password.decode()))
        return AuthResult(success=data.password == b"mail-password")

    def wait_for(self, count: int) -> list[EmailMessage]:
        give_up = time.monotonic() + 10
        while len(self.mails) < count:
            assert time.monotonic() < give_up, f"{len(self.mails)} of {count} mails came"
            time.sleep(0.01)
        return self.mails


class FreePort(Controller):
    """Listens on a port that is free; aiosmtpd knocks at it to see whether it does."""

    def _trigger_server(self) -> None:
        assert self.server is not None
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()


@contextmanager
def a_mail_server(tls: ssl.SSLContext | None = None, **options: Any) -> Iterator[MailServer]:
    """`tls` makes it demand STARTTLS, and a log-in."""
    handler = MailServer()
    if tls is not None:
        options |= {
            "tls_context": tls,
            "require_starttls": True,
            "authenticator": handler.authenticate,
            "auth_required": True,
        }
    controller = FreePort(handler, hostname="127.0.0.1", port=0, ready_timeout=10, **options)
    controller.start()
    handler.port = controller.port
    try:
        yield handler
    finally:
        handler.hangs.clear()
        controller.stop()


def text_of(mail: EmailMessage, kind: str = "plain") -> str:
    part = mail.get_body(preferencelist=(kind,))
    assert isinstance(part, EmailMessage)
    text: str = part.get_content()
    return text.replace("\r\n", "\n").strip()
