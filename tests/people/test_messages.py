"""What people are sent, word by word."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from poolhouse.core.messages import Message, Purpose, compose, mask, plain_text, wants_link
from poolhouse.core.outgoing import Outgoing
from poolhouse.core.pool_settings import new_settings
from poolhouse.core.pools import UserPool

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def a_pool(*, email_mfa: dict[str, str] | None = None, **settings: Any) -> UserPool:
    return UserPool(
        id="us-east-1_aBcDeFgHi",
        account_id="000000000000",
        region="us-east-1",
        name="orders",
        created_at=NOW,
        modified_at=NOW,
        settings=new_settings(settings),
        attributes=(),
        email_mfa=email_mfa,
    )


def email(pool: UserPool, purpose: Purpose, **options: Any) -> Message:
    return compose(pool, purpose, "EMAIL", **{"code": "123456", "username": "ada", **options})


def sms(pool: UserPool, purpose: Purpose, **options: Any) -> str:
    return compose(pool, purpose, "SMS", **{"code": "123456", "username": "ada", **options}).body


@pytest.mark.parametrize(
    ("purpose", "subject", "body"),
    [
        (Purpose.SIGN_UP, "Your verification code", "Your confirmation code is 123456"),
        (Purpose.RESEND, "Your verification code", "Your confirmation code is 123456"),
        (Purpose.VERIFY_ATTRIBUTE, "Your verification code", "Your confirmation code is 123456"),
        (Purpose.UPDATE_ATTRIBUTE, "Your verification code", "Your confirmation code is 123456"),
        (Purpose.FORGOT_PASSWORD, "Your verification code", "Your password reset code is 123456"),
        (
            Purpose.INVITATION,
            "Your temporary password",
            "Your username is ada and temporary password is 123456.",
        ),
        (Purpose.MFA, "Your authentication code", "Your authentication code is 123456"),
        (Purpose.OTP, "Your authentication code", "Your authentication code is 123456"),
    ],
)
def test_a_pool_without_texts_of_its_own_has_defaults(purpose: Purpose, subject: str, body: str) -> None:
    assert email(a_pool(), purpose) == Message(subject, body)
    assert sms(a_pool(), purpose) == body


def test_the_texts_of_the_pool_are_used_where_it_has_some() -> None:
    pool = a_pool(
        VerificationMessageTemplate={
            "SmsMessage": "sms {####}",
            "EmailMessage": "<b>{####}</b>",
            "EmailSubject": "for {username}",
        },
        SmsAuthenticationMessage="mfa {####}",
        AdminCreateUserConfig={
            "InviteMessageTemplate": {
                "SMSMessage": "hi {username}: {####}",
                "EmailMessage": "hello {username}: {####}",
                "EmailSubject": "welcome",
            }
        },
        email_mfa={"Message": "factor {####}", "Subject": "sign in"},
    )
    for purpose in (Purpose.SIGN_UP, Purpose.RESEND, Purpose.VERIFY_ATTRIBUTE, Purpose.FORGOT_PASSWORD):
        assert email(pool, purpose) == Message("for ada", "<b>123456</b>")
        assert sms(pool, purpose) == "sms 123456"
    assert email(pool, Purpose.INVITATION) == Message("welcome", "hello ada: 123456")
    assert sms(pool, Purpose.INVITATION) == "hi ada: 123456"
    for purpose in (Purpose.MFA, Purpose.OTP):
        assert email(pool, purpose) == Message("sign in", "factor 123456")
        assert sms(pool, purpose) == "mfa 123456"


def test_the_old_members_are_the_same_texts() -> None:
    pool = a_pool(
        EmailVerificationMessage="old {####}",
        EmailVerificationSubject="old subject",
        SmsVerificationMessage="old sms {####}",
    )
    assert email(pool, Purpose.SIGN_UP) == Message("old subject", "old 123456")
    assert sms(pool, Purpose.SIGN_UP) == "old sms 123456"


def test_an_invitation_without_a_password_names_the_user_alone() -> None:
    assert email(a_pool(), Purpose.INVITATION, code="") == Message(
        "Your new account", "Your username is ada."
    )


class TestLinks:
    pool = a_pool(
        VerificationMessageTemplate={
            "DefaultEmailOption": "CONFIRM_WITH_LINK",
            "EmailMessageByLink": "Go {##<i>here</i>##}, {username}",
            "EmailSubjectByLink": "A link",
        }
    )
    link = "https://login.example.com/confirm?a=1&b=2"

    def test_stand_where_the_pool_has_put_them(self) -> None:
        assert email(self.pool, Purpose.SIGN_UP, link=self.link) == Message(
            "A link", 'Go <a href="https://login.example.com/confirm?a=1&amp;b=2"><i>here</i></a>, ada'
        )

    def test_are_for_signing_up_alone(self) -> None:
        for purpose in Purpose:
            expected = purpose in (Purpose.SIGN_UP, Purpose.RESEND)
            assert wants_link(self.pool, purpose) is expected
            assert ("href" in email(self.pool, purpose, link=self.link).body) is expected
        assert not any(wants_link(a_pool(), purpose) for purpose in Purpose)

    def test_have_a_default_text(self) -> None:
        pool = a_pool(VerificationMessageTemplate={"DefaultEmailOption": "CONFIRM_WITH_LINK"})
        message = email(pool, Purpose.SIGN_UP, link=self.link)
        assert message.subject == "Your verification link"
        assert plain_text(message.body) == (
            f"Please click the link below to verify your email address. Verify Email ({self.link})"
        )


def test_a_name_that_looks_like_a_placeholder_stays_a_name() -> None:
    pool = a_pool(
        AdminCreateUserConfig={"InviteMessageTemplate": {"EmailMessage": "{username}/{####}/{username}"}}
    )
    assert email(pool, Purpose.INVITATION, username="{####}").body == "{####}/123456/{####}"
    assert email(pool, Purpose.INVITATION, code="{username}").body == "ada/{username}/ada"


HOSTILE = st.text("<>&\"'/ab= !{}#", max_size=12) | st.just("<b>") | st.text()


@given(HOSTILE, HOSTILE)
def test_nothing_that_is_put_into_html_becomes_markup(name: str, code: str) -> None:
    class Tags(HTMLParser):
        found: list[str]

        def handle_starttag(self, tag: str, attrs: Any) -> None:
            self.found.append(tag)

    tags = Tags()
    tags.found = []
    tags.feed(email(a_pool(), Purpose.INVITATION, username=name, code=code or "1").body)
    tags.close()
    assert tags.found == []


@given(st.text(), st.text(min_size=1))
def test_a_subject_is_one_line_whatever_is_in_it(name: str, subject: str) -> None:
    pool = a_pool(VerificationMessageTemplate={"EmailSubject": subject + "{username}"})
    assert email(pool, Purpose.SIGN_UP, username=name).subject.isprintable()


@pytest.mark.parametrize(
    ("medium", "destination", "masked"),
    [
        ("EMAIL", "ada@example.com", "a***@e***"),
        ("EMAIL", "a@b", "a***@b***"),
        ("EMAIL", '"x@y"@example.com', '"***@e***'),
        ("SMS", "+15555550123", "+*******0123"),
    ],
)
def test_addresses_are_masked(medium: Any, destination: str, masked: str) -> None:
    assert mask(medium, destination) == masked


def test_html_is_read_as_plain_text() -> None:
    body = (
        "<html><head><title>no</title><style>p{}</style></head><body><p>Hello&nbsp;<b>Ada</b> &amp; all,</p>\n"
        '<p>your code:<br>  123456</p><p><a href="https://example.com/?a=1&amp;b=2">more</a></p></body></html>'
    )
    assert plain_text(body) == "Hello Ada & all,\n\nyour code:\n123456\n\nmore (https://example.com/?a=1&b=2)"
    assert plain_text("Your confirmation code is 123456") == "Your confirmation code is 123456"


@given(st.text())
def test_plain_text_takes_any_html(body: str) -> None:
    plain_text(body)


@given(st.text(), st.text(), st.text(), st.sampled_from(Purpose), st.none() | st.text())
def test_a_message_survives_being_stored(
    destination: str, body: str, code: str, purpose: Purpose, sender: str | None
) -> None:
    message = Outgoing(
        id="1",
        pool_id="p",
        medium="EMAIL",
        purpose=purpose,
        created_at=NOW,
        expires_at=NOW,
        destination=destination,
        subject="s",
        body=body,
        code=code,
        username="u",
        sender=sender,
    )
    stored = json.loads(json.dumps(message.to_document()))
    assert Outgoing.from_document(stored, id="1", pool_id="p", created_at=NOW, expires_at=NOW) == message
