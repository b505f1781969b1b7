"""Signing in with a code that comes by e-mail, and no password: the three functions of a custom sign-in.

Standard library only. The same file runs in AWS Lambda, one function for each handler. Where mail goes is in the
environment: MAIL_HOST, MAIL_PORT, MAIL_FROM.
"""

import hmac
import os
import secrets
import smtplib
from email.message import EmailMessage

DIGITS = 6
TRIES = 3
MARK = "CODE-"


def define_auth_challenge(event, context):
    """One question, which may be answered wrongly twice. Only this function's own question counts: whoever looks at
    `challengeResult` alone takes the answer to any other challenge for one to theirs."""
    session, response = event["request"]["session"], event["response"]
    asked = [one for one in session if one["challengeName"] == "CUSTOM_CHALLENGE"]
    is_right = bool(asked) and asked[-1] is session[-1] and asked[-1]["challengeResult"] is True
    is_over = len(asked) >= TRIES
    response["issueTokens"] = is_right
    response["failAuthentication"] = not is_right and is_over
    if not is_right and not is_over:
        response["challengeName"] = "CUSTOM_CHALLENGE"
    return event


def create_auth_challenge(event, context):
    """A code at the first question; at the next ones the same code, and no second mail. Between them it is kept in
    `challengeMetadata`, which the person never sees."""
    request, response = event["request"], event["response"]
    email = request["userAttributes"].get("email")
    kept = [one["challengeMetadata"] or "" for one in request["session"]]
    code = next((text.removeprefix(MARK) for text in kept if text.startswith(MARK)), None)
    if code is None:
        code = f"{secrets.randbelow(10**DIGITS):0{DIGITS}}"
        # Somebody who does not exist is asked likewise, and gets no mail.
        if email is not None and not request.get("userNotFound"):
            send(email, code)
    response["publicChallengeParameters"] = {"medium": "EMAIL"}
    response["privateChallengeParameters"] = {"code": code}
    response["challengeMetadata"] = f"{MARK}{code}"
    return event


def verify_auth_challenge_response(event, context):
    request = event["request"]
    expected = request["privateChallengeParameters"]["code"]
    is_right = hmac.compare_digest(request["challengeAnswer"].encode(), expected.encode())
    event["response"]["answerCorrect"] = is_right and not request.get("userNotFound")
    return event


def send(address, code):
    message = EmailMessage()
    message["From"] = os.environ.get("MAIL_FROM", "no-reply@example.com")
    message["To"] = address
    message["Subject"] = "Your code"
    message.set_content(f"{code} is your code to sign in. If you did not ask for it, somebody else has.")
    host, port = os.environ.get("MAIL_HOST", "localhost"), int(os.environ.get("MAIL_PORT", "25"))
    with smtplib.SMTP(host, port, timeout=3) as server:
        server.send_message(message)
