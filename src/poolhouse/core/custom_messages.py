"""What a pool's function wants people to be sent, in place of the pool's own texts.

The function never sees a code: it is told what stands for one, and writes that into its text.

Source: Cognito developer guide, "Custom message Lambda trigger".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from poolhouse.core.errors import InvalidLambdaResponseException
from poolhouse.core.messages import LINK_PLACEHOLDER, CustomText, Purpose, wants_link
from poolhouse.core.pools import UserPool
from poolhouse.core.triggers import UNRECOGNIZABLE

CODE = "{####}"
LINK = "{##Click Here##}"
NAME = "{username}"
"""What stands for the code, for the link that brings it, and for the name."""

SOURCES = {
    Purpose.SIGN_UP: "SignUp",
    Purpose.INVITATION: "AdminCreateUser",
    Purpose.RESEND: "ResendCode",
    Purpose.FORGOT_PASSWORD: "ForgotPassword",
    Purpose.UPDATE_ATTRIBUTE: "UpdateUserAttribute",
    Purpose.VERIFY_ATTRIBUTE: "VerifyUserAttribute",
    Purpose.MFA: "Authentication",
    Purpose.OTP: "Authentication",
}
"""What the events about each kind of message are called after."""

SMS, BODY, SUBJECT = "smsMessage", "emailMessage", "emailSubject"
LONGEST = {SMS: 140, BODY: 20_000, SUBJECT: 140}
"""Characters, the placeholder among them."""


def custom_text_in(
    pool: UserPool, purpose: Purpose, answer: Mapping[str, Any], *, has_code: bool
) -> CustomText:
    """The texts of a function's answer; what it leaves out, or empty, the pool's own text stands for.

    `has_code`: whether the message brings a code or a password; an invitation may bring none.

    Raises:
        InvalidLambdaResponseException: one is no text, too long, or lacks what the message is sent for; one is of an
            e-mail, and the pool does not send with its owner's account (EmailSendingAccount DEVELOPER).
    """
    sms, body, subject = (_text(answer, name) for name in (SMS, BODY, SUBJECT))
    if body is not None or subject is not None:
        account = pool.settings.get("EmailConfiguration", {}).get("EmailSendingAccount")
        if account != "DEVELOPER":
            raise _invalid(f"{BODY} and {SUBJECT} need an EmailSendingAccount of DEVELOPER")
    needed = ([CODE] if has_code else []) + ([NAME] if purpose is Purpose.INVITATION else [])
    for name, text in ((SMS, sms), (BODY, body)):
        if text is None:
            continue
        brings_link = name == BODY and wants_link(pool, purpose) and LINK_PLACEHOLDER.search(text)
        for placeholder in needed:
            if placeholder not in text and not brings_link:
                raise _invalid(f"{name} must contain {placeholder}")
    return CustomText(sms, subject, body)


def _text(answer: Mapping[str, Any], name: str) -> str | None:
    text = answer.get(name)
    if text is not None and not isinstance(text, str):
        raise InvalidLambdaResponseException(UNRECOGNIZABLE)
    if text is not None and len(text) > LONGEST[name]:
        raise _invalid(f"{name} must be no longer than {LONGEST[name]} characters")
    return text or None


def _invalid(why: str) -> InvalidLambdaResponseException:
    return InvalidLambdaResponseException(f"Invalid lambda function output : {why}")
