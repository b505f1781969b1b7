"""Setting up a second factor inside a sign-in, where the pool demands one: an authenticator app, a phone number, an
e-mail address."""

from __future__ import annotations

import json
from dataclasses import replace
from urllib.parse import quote, urlencode

from poolhouse.core.errors import (
    AliasExistsException,
    CognitoError,
    InvalidParameterException,
)
from poolhouse.http import Response
from poolhouse.pages import refusals
from poolhouse.pages.finishing import CHOSEN, TOTP, begin_app, go_on_with
from poolhouse.pages.flow import Flow
from poolhouse.pages.names import NO_EMAIL, phone_number
from poolhouse.pages.page import Visit, render
from poolhouse.pages.texts import N_
from poolhouse.userpools.sign_in import at_pages
from poolhouse.userpools.software_tokens import verify_software_token

SMS, EMAIL = "SMS_MFA", "EMAIL_OTP"
NAMES = {
    TOTP: N_("An authenticator app"),
    SMS: N_("Text messages to your phone"),
    EMAIL: N_("Messages to your email address"),
}
NO_CODE = N_("Type in the code that the app shows.")
NO_NUMBER = N_("Type in your phone number with the country code, as +14155550100.")
TAKEN = N_("That can't be used. Try another.")


def show_set_up(visit: Visit, flow: Flow) -> Response:
    can = json.loads(flow.parameters["MFAS_CAN_SETUP"])
    chosen = flow.values.get(CHOSEN) or (can[0] if len(can) == 1 else "")
    match chosen:
        case "SOFTWARE_TOKEN_MFA" if flow.secret:
            return render(
                visit,
                "set_up_app.html",
                picture=picture_of(visit, flow),
                secret=flow.secret,
                has_others=len(can) > 1,
            )
        case "SMS_MFA" | "EMAIL_OTP":
            is_phone = chosen == SMS
            return render(visit, "set_up_address.html", is_phone=is_phone, has_others=len(can) > 1)
        case _:
            return render(visit, "set_up.html", ways=can, names=NAMES)


async def answer_set_up(visit: Visit, flow: Flow) -> Response:
    can = json.loads(flow.parameters["MFAS_CAN_SETUP"])
    match visit.form.get("action"):
        case "choose" if visit.form.get("answer") == TOTP and TOTP in can:
            return await begin_app(visit, flow)
        case "choose" if visit.form.get("answer") in can:
            visit.keep(replace(flow, values={CHOSEN: visit.form["answer"]}))
        case "back":
            visit.keep(replace(flow, values={}, secret=""))
        case "app":
            return await _prove_app(visit, flow)
        case "address":
            return await _give_address(visit, flow)
        case _:
            pass
    return visit.to("/challenge")


async def _prove_app(visit: Visit, flow: Flow) -> Response:
    code = visit.typed_code
    if not code:
        return _again(visit, flow, code=NO_CODE)
    try:
        told = await verify_software_token(visit.call, {"Session": flow.session, "UserCode": code})
    except CognitoError as error:
        if refusals.is_over(error):
            raise
        return _again(visit, flow, code=refusals.of_code(error))
    assert "Session" in told, "who comes with a session goes on with one"
    outcome = await at_pages.answer(visit.call, visit.app, told["Session"], flow.challenge, {})
    return await go_on_with(visit, outcome, flow.username)


async def _give_address(visit: Visit, flow: Flow) -> Response:
    can = json.loads(flow.parameters["MFAS_CAN_SETUP"])
    is_phone = (flow.values.get(CHOSEN) or can[0]) == SMS
    given = visit.form.get("address", "").strip()
    if is_phone:
        given = phone_number(given)
    missing = NO_NUMBER if is_phone else NO_EMAIL
    if not given:
        return _again(visit, flow, address=missing)
    responses = {"PHONE_NUMBER" if is_phone else "EMAIL": given}
    try:
        outcome = await at_pages.answer(visit.call, visit.app, flow.session, flow.challenge, responses)
    except InvalidParameterException:
        return _again(visit, flow, address=missing)
    except AliasExistsException:
        return _again(visit, flow, address=TAKEN)
    return await go_on_with(visit, outcome, flow.username)


def _again(visit: Visit, flow: Flow, **errors: str) -> Response:
    visit.keep(flow.refusing(**errors))
    return visit.to("/challenge")


def picture_of(visit: Visit, flow: Flow) -> str:
    """The address of an authenticator app's entry as a QR code (a `data:` address).

    Source: Google Authenticator wiki, "Key URI Format".
    """
    import segno

    issuer = visit.look.title or visit.app.user_pool.name
    label = quote(f"{issuer}:{flow.username}", safe="")
    parameters = urlencode({"secret": flow.secret, "issuer": issuer}, quote_via=quote)
    code = segno.make(f"otpauth://totp/{label}?{parameters}", error="m", micro=False)
    address: str = code.svg_data_uri(scale=4, border=3, dark="#000", light="#fff")
    return address
