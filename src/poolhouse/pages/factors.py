"""`/challenge`: whatever a sign-in asks after it began, one page at one address.

Which page that is the flow says. A form names the challenge that it answers, so one of an earlier step, in another
tab or behind the back button, leads to the step that is waited for and does nothing.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Any

from poolhouse.core.errors import CognitoError, InvalidParameterException
from poolhouse.http import Response
from poolhouse.pages import refusals
from poolhouse.pages.attribute_fields import fields_of
from poolhouse.pages.factor_set_up import answer_set_up, show_set_up
from poolhouse.pages.finishing import go_on_with, keep_waiting
from poolhouse.pages.flow import Flow
from poolhouse.pages.names import MISSING
from poolhouse.pages.page import Visit, render
from poolhouse.pages.passwords import rules
from poolhouse.pages.sign_in import NO_PASSWORD, begin, refused, start_over
from poolhouse.pages.texts import N_
from poolhouse.userpools.sign_in import at_pages
from poolhouse.userpools.sign_in.answering import ATTRIBUTE_PREFIX

CODES = {
    "SMS_MFA": "SMS_MFA_CODE",
    "EMAIL_OTP": "EMAIL_OTP_CODE",
    "SMS_OTP": "SMS_OTP_CODE",
    "SOFTWARE_TOKEN_MFA": "SOFTWARE_TOKEN_MFA_CODE",
}
"""Challenges that ask for a code, and what the answer is called."""
NO_CODE = N_("Type in the code.")
NOT_THE_SAME = N_("The two passwords are not the same.")
NEW_CODE = N_("A new code is on its way.")
PASSKEY_FAILED = N_("The passkey was not accepted. Try again, or sign in another way.")
CHOICES = {
    "PASSWORD": N_("Password"),
    "EMAIL_OTP": N_("A code by email"),
    "SMS_OTP": N_("A code by text message"),
    "WEB_AUTHN": N_("Passkey"),
    "SMS_MFA": N_("A code by text message"),
    "SOFTWARE_TOKEN_MFA": N_("A code from an authenticator app"),
}


async def challenge(visit: Visit) -> Response:
    flow = visit.flow
    if flow is None or not flow.challenge:
        return start_over(visit) if visit.is_post else visit.to("/login")
    shown, answered = PAGES[flow.challenge]
    if not visit.is_post:
        return shown(visit, flow)
    if visit.form.get("challenge") != flow.challenge:
        return visit.to("/challenge")
    if not visit.parts.limits.allows_person(visit.app.pool.id, flow.username):
        return refuse(visit, flow, form=refusals.TOO_MANY)
    try:
        if visit.form.get("action") == "again":
            return await _send_again(visit, flow)
        if visit.form.get("action") == "other":
            return await _another_way(visit, flow)
        return await answered(visit, flow)
    except CognitoError as error:
        if not refusals.is_over(error):
            raise
        response = start_over(visit)
        response.reason = error.detail
        return response


async def respond(visit: Visit, flow: Flow, responses: Mapping[str, str]) -> Response:
    """Raises CognitoError: refused."""
    outcome = await at_pages.answer(visit.call, visit.app, flow.session, flow.challenge, responses)
    return await go_on_with(visit, outcome, flow.username)


def refuse(visit: Visit, flow: Flow, **errors: str) -> Response:
    """The same page again, saying why."""
    visit.keep(flow.refusing(**errors))
    return visit.to("/challenge")


async def _send_again(visit: Visit, flow: Flow) -> Response:
    try:
        waits = await at_pages.send_again(visit.call, visit.app, flow.session)
    except CognitoError as error:
        if refusals.is_over(error):
            raise
        return refuse(visit, flow, form=refusals.of_code(error))
    keep_waiting(visit, waits, flow.username)
    assert visit.flow is not None
    visit.keep(visit.flow.saying(NEW_CODE))
    return visit.to("/challenge")


async def _another_way(visit: Visit, flow: Flow) -> Response:
    """Back to the choice of what to begin with."""
    if not at_pages.offers_choice(visit.app):
        return visit.to("/login")
    try:
        outcome = await begin(visit, flow.username)
    except CognitoError as error:
        return refused(visit, error, flow.username)
    return await go_on_with(visit, outcome, flow.username)


def _show_choice(visit: Visit, flow: Flow) -> Response:
    ways = [name for name in flow.available if name in CHOICES]
    return render(visit, "choose.html", ways=ways, names=CHOICES, is_first=True)


async def _choose(visit: Visit, flow: Flow) -> Response:
    answer = visit.form.get("answer", "")
    try:
        return await respond(visit, flow, {"ANSWER": answer})
    except InvalidParameterException:
        return refuse(visit, flow, form=refusals.FAILED)


def _show_password(visit: Visit, flow: Flow) -> Response:
    return render(visit, "password.html")


async def _password(visit: Visit, flow: Flow) -> Response:
    password = visit.form.get("password", "")
    if not password:
        return refuse(visit, flow, password=NO_PASSWORD)
    try:
        return await respond(visit, flow, {"PASSWORD": password})
    except CognitoError as error:
        if refusals.is_over(error):
            raise
        if refusals.of_sign_in(error) == refusals.WRONG and not refusals.leads_elsewhere(error):
            return refuse(visit, flow, password=refusals.WRONG)
        return refused(visit, error, flow.username)


def _show_code(visit: Visit, flow: Flow) -> Response:
    return render(
        visit,
        "code.html",
        is_app=flow.challenge == "SOFTWARE_TOKEN_MFA",
        device=flow.parameters.get("FRIENDLY_DEVICE_NAME", ""),
        by_sms=flow.parameters.get("CODE_DELIVERY_DELIVERY_MEDIUM") == "SMS",
        destination=flow.parameters.get("CODE_DELIVERY_DESTINATION", ""),
        has_other=at_pages.offers_choice(visit.app),
    )


async def _code(visit: Visit, flow: Flow) -> Response:
    code = visit.typed_code
    if not code:
        return refuse(visit, flow, code=NO_CODE)
    try:
        return await respond(visit, flow, {CODES[flow.challenge]: code})
    except CognitoError as error:
        if refusals.is_over(error):
            raise
        told = refusals.of_trigger(error)
        wrong = {"code": refusals.of_code(error)} if told is None else {"form": told}
        response = refuse(visit, flow, **wrong)
        response.reason = error.reason
        return response


def _show_factors(visit: Visit, flow: Flow) -> Response:
    ways = json.loads(flow.parameters["MFAS_CAN_CHOOSE"])
    return render(visit, "choose.html", ways=ways, names=CHOICES, is_first=False)


def _show_passkey(visit: Visit, flow: Flow) -> Response:
    options = flow.parameters["CREDENTIAL_REQUEST_OPTIONS"]
    return render(visit, "passkey.html", options=options)


async def _passkey(visit: Visit, flow: Flow) -> Response:
    try:
        return await respond(visit, flow, {"CREDENTIAL": visit.form.get("credential", "")})
    except CognitoError as error:
        # A challenge is good for one answer: whoever tries again begins again.
        response = await _another_way(visit, flow)
        if visit.flow is not None:
            visit.keep(visit.flow.refusing(form=refusals.of_trigger(error) or PASSKEY_FAILED))
        response.reason = error.reason
        return response


def _show_new_password(visit: Visit, flow: Flow) -> Response:
    return render(visit, "new_password.html", fields=fields_of(_required(flow)), rules=rules(visit))


async def _new_password(visit: Visit, flow: Flow) -> Response:
    password, required = visit.form.get("new_password", ""), _required(flow)
    values = {name: visit.form.get(name, "").strip() for name in required}
    errors = {name: MISSING for name, value in values.items() if not value}
    if not password:
        errors["new_password"] = NO_PASSWORD
    elif password != visit.form.get("confirm_password", ""):
        errors["confirm_password"] = NOT_THE_SAME
    if errors:
        return _new_password_again(visit, flow, values, errors)
    responses = {"NEW_PASSWORD": password} | {ATTRIBUTE_PREFIX + n: value for n, value in values.items()}
    try:
        return await respond(visit, flow, responses)
    except CognitoError as error:
        if refusals.is_over(error):
            raise
        reason = refusals.of_password(error)
        wrong = {"new_password": reason} if reason else {"form": refusals.of_trigger(error) or error.message}
        return _new_password_again(visit, flow, values, wrong)


def _new_password_again(
    visit: Visit, flow: Flow, values: Mapping[str, str], errors: Mapping[str, str]
) -> Response:
    visit.keep(replace(flow, values=values, errors=errors))
    return visit.to("/challenge")


def _required(flow: Flow) -> list[str]:
    """The attributes that the pool demands and the person has not."""
    names: list[Any] = json.loads(flow.parameters.get("requiredAttributes", "[]"))
    return [str(name).removeprefix(ATTRIBUTE_PREFIX) for name in names]


Show = Callable[[Visit, Flow], Response]
Answer = Callable[[Visit, Flow], Awaitable[Response]]

PAGES: Mapping[str, tuple[Show, Answer]] = {
    "SELECT_CHALLENGE": (_show_choice, _choose),
    "PASSWORD": (_show_password, _password),
    "EMAIL_OTP": (_show_code, _code),
    "SMS_OTP": (_show_code, _code),
    "SMS_MFA": (_show_code, _code),
    "SOFTWARE_TOKEN_MFA": (_show_code, _code),
    "WEB_AUTHN": (_show_passkey, _passkey),
    "NEW_PASSWORD_REQUIRED": (_show_new_password, _new_password),
    "SELECT_MFA_TYPE": (_show_factors, _choose),
    "MFA_SETUP": (show_set_up, answer_set_up),
}
"""Of each challenge that a sign-in at the pages can wait for. Devices are proved by SRP, which pages don't speak."""
