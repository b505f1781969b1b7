"""`/forgotPassword` and `/confirmForgotPassword`: a code to an address of the person's, and a new password with it.

What is said is the same for everybody and for nobody: only who reads what came to the address learns more.
"""

from __future__ import annotations

from poolhouse.core.errors import CognitoError, NotAuthorizedException
from poolhouse.http import Response
from poolhouse.pages import refusals
from poolhouse.pages.factors import NO_CODE, NOT_THE_SAME
from poolhouse.pages.flow import Flow
from poolhouse.pages.names import fault_of, field_of, shown, typed_again, typed_name
from poolhouse.pages.page import Visit, render
from poolhouse.pages.passwords import rules
from poolhouse.pages.sign_in import NO_PASSWORD, refused
from poolhouse.pages.sign_up import DESTINATION, as_operation, told
from poolhouse.pages.texts import N_
from poolhouse.userpools.recovery import ask_for_reset, replace_password
from poolhouse.userpools.sign_in import at_pages

BY_ADMINISTRATORS = N_("Passwords are set by an administrator here. Ask who runs the application.")
SENT = N_("If there is an account of this name, a code is on its way to %(destination)s.")
CHANGED = N_("Your password was changed. Sign in with it.")


async def forgot(visit: Visit) -> Response:
    flow = visit.flow or Flow()
    if not visit.is_post:
        username = flow.username or visit.asked.login_hint or ""
        return render(visit, "forgot.html", name=field_of(visit.app), username=username)
    name = typed_name(visit.app, visit.form.get("username", ""))
    fault = fault_of(name)
    if fault is not None:
        return _again(visit, name, username=fault)
    if not visit.parts.limits.allows_person(visit.app.pool.id, name):
        return _again(visit, name, form=refusals.TOO_MANY)
    call, app = as_operation(visit, "ForgotPassword", name), at_pages.hiding(visit.app)
    try:
        details = await ask_for_reset(call, app, name)
    except CognitoError as error:
        reason = BY_ADMINISTRATORS if isinstance(error, NotAuthorizedException) else refusals.of_code(error)
        response = _again(visit, name, form=reason)
        response.reason = error.reason
        return response
    parameters = told(details)
    visit.keep(Flow(name, parameters=parameters).saying(SENT, destination=parameters[DESTINATION]))
    return visit.to("/confirmForgotPassword")


async def reset(visit: Visit) -> Response:
    flow = visit.flow or Flow()
    if not visit.is_post:
        return render(
            visit,
            "reset.html",
            name=field_of(visit.app),
            username=flow.username or flow.values.get("username", ""),
            is_known=bool(flow.username),
            rules=rules(visit),
        )
    name = typed_name(visit.app, visit.form.get("username", "")) or flow.username
    code = visit.typed_code
    password = visit.form.get("new_password", "")
    fault = fault_of(name)
    errors = {} if fault is None else {"username": fault}
    if not code:
        errors["code"] = NO_CODE
    if not password:
        errors["new_password"] = NO_PASSWORD
    elif password != visit.form.get("confirm_password", ""):
        errors["confirm_password"] = NOT_THE_SAME
    if errors:
        return _reset_again(visit, flow, name, errors)
    call, app = as_operation(visit, "ConfirmForgotPassword", name), at_pages.hiding(visit.app)
    if not visit.parts.limits.allows_person(visit.app.pool.id, name):
        return _reset_again(visit, flow, name, {"form": refusals.TOO_MANY})
    try:
        await replace_password(call, app, name, code, password)
    except CognitoError as error:
        if refusals.is_of_trigger(error):
            return refused(visit, error, name)  # the password is set; who heard of it failed
        reason = refusals.of_password(error)
        wrong = {"new_password": reason} if reason else {"code": refusals.of_code(error)}
        response = _reset_again(visit, flow, name, wrong)
        response.reason = error.reason
        return response
    visit.keep(Flow(name).saying(CHANGED))
    return visit.to("/login")


def _again(visit: Visit, name: str, **errors: str) -> Response:
    visit.keep(Flow(shown(name)).refusing(**errors))
    return visit.to("/forgotPassword")


def _reset_again(visit: Visit, flow: Flow, name: str, errors: dict[str, str]) -> Response:
    visit.keep(typed_again(flow, name).refusing(**errors))
    return visit.to("/confirmForgotPassword")
