"""`/confirm`, `/resendcode` and `/confirmUser`: a new account is confirmed, by a code or by a link that has it.

A link confirms nothing by itself: it leads to a page with a button. Programs that read mail before people do open
every link, and would confirm accounts of people who never saw the mail.
"""

from __future__ import annotations

from poolhouse.core.errors import (
    AliasExistsException,
    CodeMismatchException,
    CognitoError,
    NotAuthorizedException,
    TooManyRequestsException,
)
from poolhouse.core.messages import Purpose, wants_link
from poolhouse.core.sessions import Session
from poolhouse.http import Response
from poolhouse.pages import refusals, sign_in
from poolhouse.pages.factors import NO_CODE
from poolhouse.pages.finishing import go_on_with
from poolhouse.pages.flow import Flow
from poolhouse.pages.names import fault_of, field_of, typed_again, typed_name
from poolhouse.pages.page import Visit, render
from poolhouse.pages.sign_up import DESTINATION, as_operation, told
from poolhouse.pages.starting import sign_in_at
from poolhouse.pages.texts import N_
from poolhouse.userpools import sessions
from poolhouse.userpools.confirmation import confirm_account, resend_code
from poolhouse.userpools.sign_in import at_pages

CONFIRMED = N_("Your account is confirmed. You can sign in now.")
SENT_AGAIN = N_("If this account waits to be confirmed, a new code is on its way to %(destination)s.")
LINK_SENT_AGAIN = N_("If this account waits to be confirmed, a new link is on its way to %(destination)s.")
OTHERS_ADDRESS = N_("This address belongs to another account already.")
BAD_LINK = N_("This link is not right, or was used already.")
LINK_EXPIRED = N_("This link has expired. Have a new one sent.")


async def confirm(visit: Visit) -> Response:
    if visit.is_post:
        return await _confirm(visit)
    flow = visit.flow or Flow()
    by_sms = flow.parameters.get("CODE_DELIVERY_DELIVERY_MEDIUM") == "SMS"
    return render(
        visit,
        "confirm.html",
        name=field_of(visit.app),
        username=flow.username or flow.values.get("username", ""),
        is_known=bool(flow.username),
        by_link=not by_sms and wants_link(visit.app.user_pool, Purpose.SIGN_UP),
        by_sms=by_sms,
        destination=flow.parameters.get(DESTINATION, ""),
    )


async def _confirm(visit: Visit) -> Response:
    flow = visit.flow or Flow()
    name = _name(visit, flow)
    code = visit.typed_code
    fault = fault_of(name)
    errors = {} if fault is None else {"username": fault}
    if not code:
        errors["code"] = NO_CODE
    if errors:
        return _again(visit, flow, name, **errors)
    app = at_pages.hiding(visit.app)
    session = await _session(visit, flow, name)
    try:
        goes_on = await confirm_account(
            as_operation(visit, "ConfirmSignUp", name),
            app,
            name,
            code,
            session=session,
            goes_on=session is not None,
        )
    except CognitoError as error:
        if refusals.is_of_trigger(error):
            return sign_in.refused(visit, error, name)  # the account is confirmed; who heard of it failed
        response = _again(visit, flow, name, **_refused(error))
        response.reason = error.reason
        return response
    if goes_on is not None:
        try:
            return await go_on_with(visit, await at_pages.after_sign_up(visit.call, app, goes_on), name)
        except NotAuthorizedException:
            pass  # they sign in as anybody does
    visit.keep(Flow(name).saying(CONFIRMED))
    return visit.to("/login")


async def resend(visit: Visit) -> Response:
    flow = visit.flow or Flow()
    if not visit.is_post:
        return render(visit, "resend.html", name=field_of(visit.app), username=flow.username)
    name = _name(visit, flow)
    fault = fault_of(name)
    if fault is not None:
        visit.keep(flow.refusing(username=fault))
        return visit.to("/resendcode")
    try:
        details = await _resend(visit, name)
    except CognitoError as error:
        response = _again(visit, flow, name, form=refusals.of_code(error))
        response.reason = error.reason
        return response
    by_link = details["CODE_DELIVERY_DELIVERY_MEDIUM"] == "EMAIL" and wants_link(
        visit.app.user_pool, Purpose.RESEND
    )
    session = flow.session if name == flow.username else ""
    visit.keep(
        Flow(name, session=session, parameters=details).saying(
            LINK_SENT_AGAIN if by_link else SENT_AGAIN, destination=details[DESTINATION]
        )
    )
    return visit.to("/confirm")


async def confirm_link(visit: Visit) -> Response:
    """`/confirmUser`, with the client, the name and the code in its address."""
    name = visit.parameters.get("user_name", "")
    if fault_of(name) is not None:
        name = ""  # of nobody
    code = visit.parameters.get("confirmation_code", "")
    if not visit.is_post:
        return render(
            visit,
            "confirm_link.html",
            name=name,
            has_code=bool(name and code),
            # Only where the application's owner chose an address to begin at.
            sign_in=sign_in_at(visit, visit.app.client.settings.get("DefaultRedirectURI")),
        )
    flow = visit.flow or Flow()
    if visit.form.get("action") == "again" and name:
        return await _resend_link(visit, flow, name)
    if not name or not code:
        visit.keep(flow.refusing(form=BAD_LINK))
        return visit.to("/confirmUser")
    try:
        await confirm_account(
            as_operation(visit, "ConfirmSignUp", name), at_pages.hiding(visit.app), name, code
        )
    except CognitoError as error:
        visit.keep(flow.refusing(form=_of_link(error)))
        response = visit.to("/confirmUser")
        response.reason = error.reason
        return response
    visit.keep(flow.saying(CONFIRMED))
    return visit.to("/confirmUser", confirmation_code="")


async def _resend_link(visit: Visit, flow: Flow, name: str) -> Response:
    try:
        details = await _resend(visit, name)
    except CognitoError as error:
        visit.keep(flow.refusing(form=refusals.of_code(error)))
        response = visit.to("/confirmUser")
        response.reason = error.reason
        return response
    visit.keep(flow.saying(LINK_SENT_AGAIN, destination=details[DESTINATION]))
    return visit.to("/confirmUser", confirmation_code="")


async def _resend(visit: Visit, name: str) -> dict[str, str]:
    """Raises CognitoError: refused, whoever it is."""
    if not visit.parts.limits.allows_person(visit.app.pool.id, name):
        raise TooManyRequestsException
    details = await resend_code(
        as_operation(visit, "ResendConfirmationCode", name), at_pages.hiding(visit.app), name
    )
    return told(details)


async def _session(visit: Visit, flow: Flow, name: str) -> Session | None:
    """The sign-up of this very browser, if that is what is confirmed and it still stands."""
    if not flow.session or flow.challenge or name != flow.username:
        return None
    try:
        return await sessions.open_session(visit.call, visit.app, flow.session)
    except NotAuthorizedException:
        return None


def _name(visit: Visit, flow: Flow) -> str:
    """Who is meant: as the form says, where it asked, else as this browser said before."""
    return typed_name(visit.app, visit.form.get("username", "")) or flow.username


def _again(visit: Visit, flow: Flow, name: str, **errors: str) -> Response:
    visit.keep(typed_again(flow, name).refusing(**errors))
    return visit.to("/confirm")


def _refused(error: CognitoError) -> dict[str, str]:
    if isinstance(error, AliasExistsException):
        return {"form": OTHERS_ADDRESS}
    return {"code": refusals.of_code(error)}


def _of_link(error: CognitoError) -> str:
    said = refusals.of_trigger(error)
    if said is not None:
        return said
    match error:
        case CodeMismatchException():
            return BAD_LINK
        case AliasExistsException():
            return OTHERS_ADDRESS
        case _:
            reason = refusals.of_code(error)
            return LINK_EXPIRED if reason == refusals.EXPIRED_CODE else reason
