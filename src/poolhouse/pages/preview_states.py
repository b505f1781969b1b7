"""Each page of a preview: the real page, of a sign-in that is made up."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from poolhouse.core.users import username_attributes
from poolhouse.http import Response
from poolhouse.pages import confirm, consent, factors, feedback, forgot, names, refusals, sign_in, sign_up
from poolhouse.pages.finishing import CHOSEN, TOTP
from poolhouse.pages.flow import Flow
from poolhouse.pages.page import Visit, render

Show = Callable[[Visit], Awaitable[Response]]

EMAIL, PHONE = "ada@example.com", "+14155550100"
BY_EMAIL = {"CODE_DELIVERY_DELIVERY_MEDIUM": "EMAIL", "CODE_DELIVERY_DESTINATION": "a***@e***"}
BY_SMS = {"CODE_DELIVERY_DELIVERY_MEDIUM": "SMS", "CODE_DELIVERY_DESTINATION": "+*******0100"}
ALL_SET_UP = '["SOFTWARE_TOKEN_MFA","SMS_MFA","EMAIL_OTP"]'
SEED = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


def _person(visit: Visit) -> str:
    """What somebody of the pool is called."""
    match sorted(username_attributes(visit.app.user_pool)):
        case ["phone_number"]:
            return PHONE
        case []:
            return "ada"
        case _:
            return EMAIL


def _challenge(name: str, *, errors: Mapping[str, str] | None = None, **flow: Any) -> Show:
    async def show(visit: Visit) -> Response:
        visit.flow = Flow(_person(visit), challenge=name, errors=errors or {}, **flow)
        shown, _ = factors.PAGES[name]
        return shown(visit, visit.flow)

    return show


def _set_up(chosen: str = "", secret: str = "") -> Show:
    values = {CHOSEN: chosen} if chosen else {}
    return _challenge("MFA_SETUP", parameters={"MFAS_CAN_SETUP": ALL_SET_UP}, values=values, secret=secret)


def _page(page: Show, *, is_known: bool = True, sent: Mapping[str, str] | None = None, **errors: str) -> Show:
    """A page that a flow leads to, for whom it knows already; `sent` is where a code went."""

    async def show(visit: Visit) -> Response:
        visit.flow = Flow(_person(visit) if is_known else "", parameters=sent or {}, errors=errors)
        return await page(visit)

    return show


def _link(error: str = "") -> Show:
    async def show(visit: Visit) -> Response:
        visit.parameters = {"user_name": _person(visit), "confirmation_code": "123456"}
        visit.flow = Flow(errors={"form": error} if error else {})
        return await confirm.confirm_link(visit)

    return show


def _feedback(value: str) -> Show:
    async def show(visit: Visit) -> Response:
        visit.parameters = {"user_name": _person(visit), "token": "token", "value": value}
        visit.flow = Flow()
        return await feedback.feedback(visit)

    return show


async def _signed_in(visit: Visit) -> Response:
    return await sign_in.show(visit, _person(visit))


async def _sign_up_form(visit: Visit) -> Response:
    return sign_up.show(visit)


async def _sign_up_refused(visit: Visit) -> Response:
    wanted = sign_up.wanted_of(visit.app)
    missing = dict.fromkeys(sorted(wanted.required), names.MISSING)
    visit.flow = Flow(errors={"username": names.MISSING, **missing, "password": sign_in.NO_PASSWORD})
    return sign_up.show(visit)


async def _consent(visit: Visit) -> Response:
    return await consent.show(visit, "", EMAIL)


async def _passkey_to_add(visit: Visit) -> Response:
    here = visit.address("/passkeys/add")
    return render(visit, "passkey_add.html", options="{}", who=EMAIL, redirect_uri=here)


def _plain(template: str, **values: Any) -> Show:
    async def show(visit: Visit) -> Response:
        return render(visit, template, **values)

    return show


SHOWN: Mapping[str, Show] = {
    "sign-in": sign_in.show,
    "sign-in-refused": _page(sign_in.show, form=refusals.WRONG),
    "sign-in-incomplete": _page(
        sign_in.show, is_known=False, username=sign_in.NO_NAME, password=sign_in.NO_PASSWORD
    ),
    "signed-in": _signed_in,
    "choose": _challenge("SELECT_CHALLENGE", available=("PASSWORD", "EMAIL_OTP", "SMS_OTP", "WEB_AUTHN")),
    "password": _challenge("PASSWORD"),
    "passkey": _challenge("WEB_AUTHN", parameters={"CREDENTIAL_REQUEST_OPTIONS": "{}"}),
    "new-password": _challenge("NEW_PASSWORD_REQUIRED"),
    "code-by-email": _challenge("EMAIL_OTP", parameters=BY_EMAIL),
    "code-by-sms": _challenge("SMS_MFA", parameters=BY_SMS),
    "code-of-app": _challenge("SOFTWARE_TOKEN_MFA", parameters={"FRIENDLY_DEVICE_NAME": "Ada's phone"}),
    "code-refused": _challenge("EMAIL_OTP", parameters=BY_EMAIL, errors={"code": refusals.WRONG_CODE}),
    "choose-factor": _challenge(
        "SELECT_MFA_TYPE", parameters={"MFAS_CAN_CHOOSE": '["SMS_MFA","EMAIL_OTP","SOFTWARE_TOKEN_MFA"]'}
    ),
    "set-up": _set_up(),
    "set-up-app": _set_up(TOTP, SEED),
    "set-up-sms": _set_up("SMS_MFA"),
    "set-up-email": _set_up("EMAIL_OTP"),
    "sign-up": _sign_up_form,
    "sign-up-refused": _sign_up_refused,
    "sign-up-closed": _plain("sign_up_closed.html"),
    "confirm": _page(confirm.confirm, sent=BY_EMAIL),
    "confirm-refused": _page(confirm.confirm, sent=BY_EMAIL, code=refusals.WRONG_CODE),
    "confirm-anybody": _page(confirm.confirm, is_known=False),
    "resend": _page(confirm.resend, is_known=False),
    "confirm-link": _link(),
    "confirm-link-expired": _link(confirm.LINK_EXPIRED),
    "feedback-yes": _feedback("valid"),
    "feedback-no": _feedback("invalid"),
    "forgot": _page(forgot.forgot, is_known=False),
    "reset": _page(forgot.reset),
    "reset-refused": _page(forgot.reset, new_password=refusals.WEAK_PASSWORD),
    "consent": _consent,
    "add-passkey": _passkey_to_add,
    "sign-out": _plain("sign_out.html"),
    "signed-out": _plain("signed_out.html"),
    "error": _plain("error.html", error="invalid_request"),
    "cookies-blocked": _plain("not_ours.html", is_blocked=True),
}
"""By the name in the address; `core/previews.py` says what each is."""
