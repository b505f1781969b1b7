"""What people are told, by e-mail, of a sign-in that looked risky.

Source: Cognito API reference, NotifyConfigurationType; developer guide, "Configuring MFA, authentication, verification
and invitation messages" (placeholders of threat protection).
"""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC
from typing import Literal

from poolhouse.core.auth_events import AuthEvent
from poolhouse.core.messages import Message, one_line
from poolhouse.core.risk_settings import RiskSettings

Kind = Literal["BlockEmail", "MfaEmail", "NoActionEmail"]
TAKE_OVER_ACTIONS: Mapping[Kind, str] = {
    "BlockEmail": "BLOCK",
    "MfaEmail": "MFA",
    "NoActionEmail": "NO_ACTION",
}
_SUBJECTS: Mapping[Kind, str] = {
    "BlockEmail": "Blocked sign-in attempt",
    "MfaEmail": "New sign-in attempt",
    "NoActionEmail": "New sign-in attempt",
}
_WHAT: Mapping[Kind, str] = {
    "BlockEmail": "We blocked an unrecognized sign-in to your account with this information:",
    "MfaEmail": "We required you to use multi-factor authentication for the following sign-in attempt:",
    "NoActionEmail": "We observed an unrecognized sign-in to your account with this information:",
}
_REST = """
Time: {login-time}
Device: {device-name}
Address: {ip-address}
If this sign-in was not by you, you should change your password and notify us by clicking on
{one-click-link-invalid}
If this sign-in was by you, you can follow
{one-click-link-valid}
to let us know."""
_PLACEHOLDER = re.compile(r"\{([a-z-]{1,32})\}")


@dataclass(frozen=True, slots=True)
class Notice:
    """What there is to tell."""

    kind: Kind
    event: AuthEvent
    token: str
    """With which the event is judged (UpdateAuthEventFeedback)."""
    valid: str
    invalid: str
    """Where one says that it was them, and that it was not; "" in a pool without a domain."""

    @property
    def values(self) -> dict[str, str]:
        event = self.event
        return {
            "username": event.username,
            "ip-address": event.origin.address,
            # Where on earth an address is, nobody here knows.
            "city": "",
            "country": "",
            # As Cognito writes it: Friday, March 19, 2021 02:25 PM UTC
            "login-time": f"{event.created_at.astimezone(UTC):%A, %B %d, %Y %I:%M %p} UTC",
            "device-name": event.origin.device,
            "one-click-link-valid": self.valid,
            "one-click-link-invalid": self.invalid,
            "event-id": event.id,
            "feedback-token": self.token,
        }

    @property
    def details(self) -> dict[str, str]:
        """The same, as a CustomEmailSender hears it.

        Source: Cognito developer guide, "Custom email sender Lambda trigger".
        """
        values = self.values
        return {
            "EVENT_ID": values["event-id"],
            "USER_NAME": values["username"],
            "IP_ADDRESS": values["ip-address"],
            "ACCOUNT_TAKE_OVER_ACTION": TAKE_OVER_ACTIONS[self.kind],
            "ONE_CLICK_LINK_VALID": self.valid,
            "ONE_CLICK_LINK_INVALID": self.invalid,
            "LOGIN_TIME": values["login-time"],
            "FEEDBACK_TOKEN": self.token,
            "CITY": "",
            "COUNTRY": "",
            "DEVICE_NAME": values["device-name"],
        }


def compose_notice(settings: RiskSettings, notice: Notice) -> Message:
    """The e-mail, as the pool's owner wrote it, or in Cognito's words. What is put in is escaped."""
    template = None if settings.notify is None else settings.notify.get(notice.kind)
    subject = _SUBJECTS[notice.kind] if template is None else template["Subject"]
    text = None if template is None else template.get("HtmlBody")
    if text is None:
        plain = None if template is None else template.get("TextBody")
        text = html.escape(plain or _WHAT[notice.kind] + _REST, quote=False).replace("\n", "<br>\n")
    values = notice.values
    return Message(
        one_line(_PLACEHOLDER.sub(lambda found: values.get(found[1], found[0]), subject)),
        _PLACEHOLDER.sub(
            lambda found: html.escape(values[found[1]]) if found[1] in values else found[0], text
        ),
    )
