"""What people are sent: the texts of a pool, or Cognito's, with the code and the name put in.

E-mail bodies are HTML, as the pool's owner wrote them; what is put in is escaped. SMS are plain text.
"""

from __future__ import annotations

import html
import re
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from html.parser import HTMLParser
from typing import Literal

from poolhouse.core.pools import UserPool

Medium = Literal["EMAIL", "SMS"]


class Purpose(StrEnum):
    """Why somebody is sent a code."""

    SIGN_UP = "SIGN_UP"
    RESEND = "RESEND"
    FORGOT_PASSWORD = "FORGOT_PASSWORD"
    UPDATE_ATTRIBUTE = "UPDATE_ATTRIBUTE"
    """A changed email or phone number: the code comes unasked."""
    VERIFY_ATTRIBUTE = "VERIFY_ATTRIBUTE"
    """One that its owner asks to prove."""
    INVITATION = "INVITATION"
    MFA = "MFA"
    """A second factor."""
    OTP = "OTP"
    """A first factor: a code in place of a password."""
    ACCOUNT_TAKEOVER = "ACCOUNT_TAKEOVER"
    """Nobody asked for it, and it brings no code: threat protection tells of a sign-in (core/risk_notices.py)."""


BY_LINK = frozenset({Purpose.SIGN_UP, Purpose.RESEND})
"""What a pool with CONFIRM_WITH_LINK sends a link for; a reset and a changed attribute have a code all the same.
Source: Cognito developer guide, "Configuring MFA, authentication, verification and invitation messages"."""

WORTH_SENDING = {
    Purpose.SIGN_UP: timedelta(hours=24),
    Purpose.RESEND: timedelta(hours=24),
    Purpose.FORGOT_PASSWORD: timedelta(hours=1),
    Purpose.UPDATE_ATTRIBUTE: timedelta(hours=24),
    Purpose.VERIFY_ATTRIBUTE: timedelta(hours=24),
    Purpose.INVITATION: timedelta(hours=24),
    Purpose.MFA: timedelta(minutes=15),
    Purpose.OTP: timedelta(minutes=15),
    Purpose.ACCOUNT_TAKEOVER: timedelta(hours=24),
}
"""How long it is tried to deliver a message: as long as its code can be good (an invitation's is for days, but
nobody should wait for days to hear that it did not arrive)."""

CODE_TEXT = "Your confirmation code is {####}"
RESET_TEXT = "Your password reset code is {####}"
INVITATION_TEXT = "Your username is {username} and temporary password is {####}."
WELCOME_TEXT = "Your username is {username}."
"""An invitation to a pool where people need no password."""
SIGN_IN_TEXT = "Your authentication code is {####}"
LINK_TEXT = "Please click the link below to verify your email address. {##Verify Email##}"
CODE_SUBJECT = "Your verification code"
LINK_SUBJECT = "Your verification link"
INVITATION_SUBJECT = "Your temporary password"
WELCOME_SUBJECT = "Your new account"
SIGN_IN_SUBJECT = "Your authentication code"

LINK_PLACEHOLDER = re.compile(r"\{##(?P<text>.*?)##\}", re.DOTALL)
_PLACEHOLDER = re.compile(r"\{####\}|\{username\}|" + LINK_PLACEHOLDER.pattern, re.DOTALL)


@dataclass(frozen=True, slots=True)
class Message:
    subject: str
    """One line; "" for an SMS."""
    body: str
    """HTML for an e-mail, plain text for an SMS."""


@dataclass(frozen=True, slots=True)
class CustomText:
    """What is sent in place of the pool's texts; None where the pool's own stands."""

    sms: str | None = None
    subject: str | None = None
    body: str | None = None


def compose(
    pool: UserPool,
    purpose: Purpose,
    medium: Medium,
    *,
    code: str,
    username: str,
    link: str | None = None,
    custom: CustomText | None = None,
) -> Message:
    """The message that carries `code`; with `link` a link in place of the code where the pool wants one; `custom` are
    texts in place of the pool's.

    `code` is "" in an invitation that brings no password.

    Source: Cognito API reference, VerificationMessageTemplateType, MessageTemplateType, EmailMfaConfigType.
    """
    custom = custom or CustomText()
    if medium == "SMS":
        sms = custom.sms or _sms_template(pool, purpose, code)
        return Message("", _fill(sms, code=code, username=username))
    by_link = link is not None and wants_link(pool, purpose)
    subject, body = _link_templates(pool) if by_link else _email_templates(pool, purpose, code)
    return Message(
        one_line(_fill(custom.subject or subject, code=code, username=username)),
        _fill_html(custom.body or body, code=code, username=username, link=link if by_link else None),
    )


def wants_link(pool: UserPool, purpose: Purpose) -> bool:
    """Whether the pool's owner chose to send a link rather than a code for this."""
    template = pool.settings.get("VerificationMessageTemplate", {})
    return purpose in BY_LINK and template.get("DefaultEmailOption") == "CONFIRM_WITH_LINK"


def mask(medium: Medium, destination: str) -> str:
    """How an address is shown to someone who may not be its owner: `a***@e***`, `+*******9878`.

    Source: Cognito API reference, CodeDeliveryDetailsType, and answers of the service.
    """
    if medium == "SMS":
        return "+*******" + destination[-4:]
    local, _, domain = destination.rpartition("@")
    return f"{local[:1]}***@{domain[:1]}***"


def plain_text(body: str) -> str:
    """An HTML body for readers that show plain text: its words, its line breaks and where its links lead."""
    reader = _Words()
    reader.feed(body)
    reader.close()
    lines = (" ".join(line.split()) for line in "".join(reader.words).split("\n"))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def _sms_template(pool: UserPool, purpose: Purpose, code: str) -> str:
    settings = pool.settings
    match purpose:
        case Purpose.INVITATION:
            template = settings.get("AdminCreateUserConfig", {}).get("InviteMessageTemplate", {})
            return template.get("SMSMessage", INVITATION_TEXT if code else WELCOME_TEXT)
        case Purpose.MFA | Purpose.OTP:
            return settings.get("SmsAuthenticationMessage", SIGN_IN_TEXT)
    return settings.get("VerificationMessageTemplate", {}).get("SmsMessage", _default(purpose))


def _email_templates(pool: UserPool, purpose: Purpose, code: str) -> tuple[str, str]:
    match purpose:
        case Purpose.INVITATION:
            invite = pool.settings.get("AdminCreateUserConfig", {}).get("InviteMessageTemplate", {})
            subject, body = (INVITATION_SUBJECT, INVITATION_TEXT) if code else (WELCOME_SUBJECT, WELCOME_TEXT)
            return invite.get("EmailSubject", subject), invite.get("EmailMessage", body)
        case Purpose.MFA | Purpose.OTP:
            mfa = pool.email_mfa or {}
            return mfa.get("Subject", SIGN_IN_SUBJECT), mfa.get("Message", SIGN_IN_TEXT)
    template = pool.settings.get("VerificationMessageTemplate", {})
    return template.get("EmailSubject", CODE_SUBJECT), template.get("EmailMessage", _default(purpose))


def _link_templates(pool: UserPool) -> tuple[str, str]:
    template = pool.settings.get("VerificationMessageTemplate", {})
    return (
        template.get("EmailSubjectByLink", LINK_SUBJECT),
        template.get("EmailMessageByLink", LINK_TEXT),
    )


def _default(purpose: Purpose) -> str:
    return RESET_TEXT if purpose is Purpose.FORGOT_PASSWORD else CODE_TEXT


# Placeholders are looked for in the template alone, in one pass: a name that looks like one stays a name.


def _fill(template: str, *, code: str, username: str) -> str:
    def value(found: re.Match[str]) -> str:
        match found[0]:
            case "{####}":
                return code
            case "{username}":
                return username
        return found[0]

    return _PLACEHOLDER.sub(value, template)


def _fill_html(template: str, *, code: str, username: str, link: str | None) -> str:
    def value(found: re.Match[str]) -> str:
        match found[0]:
            case "{####}":
                return html.escape(code)
            case "{username}":
                return html.escape(username)
        if link is None:
            return found[0]
        return (
            f'<a href="{html.escape(link)}">{found["text"]}</a>'  # the text is the owner's, and may be HTML
        )

    return _PLACEHOLDER.sub(value, template)


def one_line(subject: str) -> str:
    """The text as a subject may be."""
    # A line break would begin another header; a pool's subject may hold one.
    return " ".join("".join(letter if letter.isprintable() else " " for letter in subject).split())


class _Words(HTMLParser):
    BREAKS = frozenset({"br", "p", "div", "tr", "li", "h1", "h2", "h3", "h4", "table", "ul", "ol", "hr"})
    UNSEEN = frozenset({"style", "script", "head", "title"})

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.words: list[str] = []
        self._hidden = 0
        self._target: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in self.UNSEEN:
            self._hidden += 1
        elif tag in self.BREAKS:
            self.words.append("\n")
        elif tag == "a":
            self._target = dict(attrs).get("href")

    def handle_endtag(self, tag: str) -> None:
        if tag in self.UNSEEN:
            self._hidden = max(0, self._hidden - 1)
        elif tag in self.BREAKS:
            self.words.append("\n")
        elif tag == "a" and self._target:
            self.words.append(f" ({self._target})")
            self._target = None

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            # A line break in HTML's source is a space to its reader.
            self.words.append(data.replace("\n", " "))
