"""The pages of a domain. Paths are in lower case: Cognito's own documents write them in several ways."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from enum import Enum, auto

from poolhouse.http import Response
from poolhouse.pages import (
    confirm,
    consent,
    factors,
    feedback,
    forgot,
    passkey_page,
    sign_in,
    sign_up,
    signed_out,
)
from poolhouse.pages.page import Visit

Handler = Callable[[Visit], Awaitable[Response]]


class Needs(Enum):
    """What a page can't be without."""

    REQUEST = auto()
    """The whole request of an application, as at `/oauth2/authorize`: `visit.asked`."""
    CLIENT = auto()
    """`client_id`: `visit.app`."""
    NOTHING = auto()


@dataclass(frozen=True, slots=True)
class Route:
    name: str
    """For the log and the metrics."""
    handler: Handler
    needs: Needs = Needs.REQUEST
    takes_forms_of_others: bool = False
    """Whether a form of another site may be posted here, too; the handler then tells them apart."""


ROUTES: Mapping[str, Route] = {
    "/login": Route("login", sign_in.login),
    "/login/continue": Route("login_continue", sign_in.go_on),
    "/login/provider": Route("login_provider", sign_in.to_provider),
    "/consent": Route("consent", consent.consent),
    "/challenge": Route("challenge", factors.challenge),
    "/signup": Route("sign_up", sign_up.sign_up),
    "/confirm": Route("confirm", confirm.confirm),
    "/confirmsignup": Route("confirm", confirm.confirm),
    "/resendcode": Route("resend_code", confirm.resend),
    "/confirmuser": Route("confirm_user", confirm.confirm_link, Needs.CLIENT),
    "/feedback": Route("feedback", feedback.feedback, Needs.CLIENT),
    "/forgotpassword": Route("forgot_password", forgot.forgot),
    "/confirmforgotpassword": Route("confirm_forgot_password", forgot.reset),
    "/passkeys/add": Route("add_passkey", passkey_page.add_passkey, Needs.CLIENT),
    "/logout": Route("logout", signed_out.logout, Needs.NOTHING, takes_forms_of_others=True),
    "/error": Route("error", signed_out.error, Needs.NOTHING),
}
