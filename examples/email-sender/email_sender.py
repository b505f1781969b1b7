"""Every message that would go out by e-mail, sent by a function: in words of one's own, by a mail server of one's own.

The same file runs in AWS Lambda, with the package aws-encryption-sdk beside it. KEY_ARN, the KMS key that the pool
names, is in the environment; so is where mail goes: MAIL_HOST, MAIL_PORT, MAIL_FROM.
"""

import base64
import html
import os
import smtplib
from email.message import EmailMessage

import aws_encryption_sdk
from aws_encryption_sdk.identifiers import CommitmentPolicy

TEXTS = {
    "SignUp": ("Welcome", "{code} proves that this address is yours."),
    "ResendCode": ("Welcome", "{code} proves that this address is yours."),
    "AdminCreateUser": (
        "Your account",
        "You are {name}. Sign in with {code}, and choose a password of your own.",
    ),
    "ForgotPassword": ("A new password", "{code} lets you choose a new password."),
    "UpdateUserAttribute": ("Your new address", "{code} proves that this address is yours."),
    "VerifyUserAttribute": ("Your address", "{code} proves that this address is yours."),
    "Authentication": (
        "Your code",
        "{code} is your code to sign in. If you did not ask for it, somebody else has.",
    ),
}
CODES = aws_encryption_sdk.EncryptionSDKClient(
    commitment_policy=CommitmentPolicy.REQUIRE_ENCRYPT_ALLOW_DECRYPT
)
# No other key: whoever could have us open a message under a key of theirs could choose what we send.
KEYS = aws_encryption_sdk.StrictAwsKmsMasterKeyProvider(key_ids=[os.environ["KEY_ARN"]])


def custom_email_sender(event, context):
    """Who throws is asked again later; so the same message may go out twice, but none is lost."""
    source, request = event["triggerSource"].removeprefix("CustomEmailSender_"), event["request"]
    if request["code"] is None or source not in TEXTS:
        return event
    subject, text = TEXTS[source]
    name, code = event["userName"], opened(request["code"], event["userPoolId"])
    send(request["userAttributes"]["email"], subject, text.format(name=name, code=code))
    return event


def opened(message, pool_id):
    """The code, or the temporary password, of a message that was made for this pool."""
    code, header = CODES.decrypt(source=base64.b64decode(message), key_provider=KEYS)
    if header.encryption_context.get("userpool-id") != pool_id:
        raise PermissionError("a message of another pool")
    return html.unescape(code.decode())  # a temporary password comes escaped, as Cognito escapes it


def send(address, subject, text):
    message = EmailMessage()
    message["From"] = os.environ.get("MAIL_FROM", "no-reply@example.com")
    message["To"] = address
    message["Subject"] = subject
    message.set_content(text)
    host, port = os.environ.get("MAIL_HOST", "localhost"), int(os.environ.get("MAIL_PORT", "25"))
    with smtplib.SMTP(host, port, timeout=3) as server:
        server.send_message(message)
