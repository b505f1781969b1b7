"""A preview of a client's pages: a signed address, below which each page is shown as it looks in each of its states.

Nothing can be done there, and nothing secret is to be seen. The address is signed all the same: pages that show a form
of ours with what somebody made up are nothing to be had by everybody.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping
from datetime import datetime, timedelta

from poolhouse.core.base64url import base64url

PURPOSE = "pages preview"
"""Of the key."""
LASTS = timedelta(hours=1)
FOLDER = "/preview/"
"""Below a domain's base."""
_TOKEN = re.compile(r"([\w+]{1,128})\.([0-9]{1,12})\.([A-Za-z0-9_-]{43})", re.ASCII)

STATES: Mapping[str, Mapping[str, str]] = {
    "Signing in": {
        "sign-in": "Sign in",
        "sign-in-refused": "Sign in: a wrong password",
        "sign-in-incomplete": "Sign in: nothing filled in",
        "signed-in": "Sign in: signed in already",
        "choose": "Choose how to sign in",
        "password": "Password",
        "passkey": "Passkey",
        "new-password": "Choose a new password",
    },
    "Second factors": {
        "code-by-email": "Code by email",
        "code-by-sms": "Code by text message",
        "code-of-app": "Code of an authenticator app",
        "code-refused": "Code: a wrong one",
        "choose-factor": "Choose a second factor",
        "set-up": "Set up a second factor",
        "set-up-app": "Set up an authenticator app",
        "set-up-sms": "Set up text messages",
        "set-up-email": "Set up email messages",
    },
    "Accounts": {
        "sign-up": "Create an account",
        "sign-up-refused": "Create an account: incomplete",
        "sign-up-closed": "Create an account: closed",
        "confirm": "Confirm an account",
        "confirm-refused": "Confirm an account: a wrong code",
        "confirm-anybody": "Confirm an account: whose is not known",
        "resend": "Send a new code",
        "confirm-link": "Confirm by a link",
        "confirm-link-expired": "Confirm by a link: expired",
        "feedback-yes": "An unusual sign-in: it was me",
        "feedback-no": "An unusual sign-in: it was not me",
        "forgot": "Forgot the password",
        "reset": "Choose a new password by a code",
        "reset-refused": "Choose a new password: a weak one",
    },
    "All else": {
        "consent": "Allow access",
        "add-passkey": "Add a passkey",
        "sign-out": "Sign out",
        "signed-out": "Signed out",
        "error": "An error",
        "cookies-blocked": "Cookies are blocked",
    },
}
"""What can be looked at: group -> name in the address -> what it is."""


def preview_token(key: bytes, pool_id: str, client_id: str, expires_at: datetime) -> str:
    """The part of the address that proves that an administrator asked for it."""
    seconds = int(expires_at.timestamp())
    return f"{client_id}.{seconds}.{_mac(key, pool_id, client_id, seconds)}"


def client_of_preview(key: bytes, pool_id: str, token: str, now: datetime) -> str | None:
    """Whose pages are meant; None where it is not of this pool, or too old."""
    match = _TOKEN.fullmatch(token)
    if match is None:
        return None
    seconds = int(match[2])
    if not hmac.compare_digest(_mac(key, pool_id, match[1], seconds), match[3]):
        return None
    return match[1] if now.timestamp() < seconds else None


def _mac(key: bytes, pool_id: str, client_id: str, seconds: int) -> str:
    return base64url(hmac.digest(key, f"{pool_id}/{client_id}/{seconds}".encode(), hashlib.sha256))
