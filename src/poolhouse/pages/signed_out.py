"""`/logout` and `/error`: where a browser is signed out, and what it is shown that can't go on."""

from __future__ import annotations

from poolhouse.cookies import SESSION
from poolhouse.core.authorize_request import AuthorizeRequest, render_query
from poolhouse.core.snapshots import AppSnapshot
from poolhouse.http import Response
from poolhouse.oauth.calls import call_of, call_of_pool
from poolhouse.oauth.logout import Departure, read_logout
from poolhouse.pages import csrf
from poolhouse.pages.look import look_of
from poolhouse.pages.page import Visit, leave, render
from poolhouse.userpools.browser_sessions import end_browser_session, find_lone_session
from poolhouse.userpools.federation.sign_out import sign_out_at_provider

OPERATION = "Logout"
CODES = frozenset({"invalid_request", "redirect_mismatch", "unknown_client"})
"""What `/error` tells. Whatever else an address says is not shown: anybody can write it."""


async def logout(visit: Visit) -> Response:
    """End the browser's session. The person is asked first where anybody could have brought them here.

    An application may post here (OpenID Connect RP-Initiated Logout 1.0 §2). A browser sends no cookies with another
    site's form, so it is sent here once more, by GET.
    """
    is_ours = visit.is_post and _is_ours(visit)
    if visit.is_post and not is_ours:
        return leave(f"{visit.base}/logout?{render_query({**visit.parameters, **visit.form}.items())}")
    departure = await read_logout(visit.parts, visit.request, visit.domain.name)
    if departure.app is not None:
        await _meet(visit, departure.app)
    call = call_of_pool(visit.parts, visit.request, departure.pool, OPERATION)
    found = await find_lone_session(call, departure.pool.id, visit.session_cookie)
    if found is not None:
        app, session = found
        if departure.must_ask(session.sub) and not is_ours:
            return _ask(visit, departure)
        # A session outlives the client that it was begun for; not so what a provider's sign-out needs.
        await end_browser_session(call, app, session)
        elsewhere = None
        if app is not None:
            elsewhere = await sign_out_at_provider(call, app, session, departure.target)
        if elsewhere is not None:
            visit.cookies.append((SESSION, "", None))
            return leave(elsewhere)
    visit.cookies.append((SESSION, "", None))
    return _onwards(visit, departure)


async def error(visit: Visit) -> Response:
    """`/error?error=…[&client_id=…]`: where nobody may be sent back to an application."""
    code = visit.parameters.get("error", "")
    found = await visit.parts.cache.get("app", visit.parameters.get("client_id", ""))
    if isinstance(found, AppSnapshot) and found.pool.id == visit.domain.pool_id:
        await _meet(visit, found)
    return render(visit, "error.html", 400, error=code if code in CODES else "invalid_request")


async def _meet(visit: Visit, app: AppSnapshot) -> None:
    """Show the page as this client's."""
    visit.known_app = app
    visit.known_call = call_of(visit.parts, visit.request, app, OPERATION)
    visit.look = await look_of(visit.known_call, app, visit.domain.managed_login_version)


def _is_ours(visit: Visit) -> bool:
    key = visit.parts.store.key_for("csrf")
    return csrf.check(visit.request, visit.form, key, visit.domain.name) is csrf.Verdict.OURS


def _ask(visit: Visit, departure: Departure) -> Response:
    # What a form may lead to is told by what was asked; a provider that people are signed out at, too, is at https.
    client_id = "" if departure.app is None else departure.app.client.id
    query = render_query(visit.parameters.items())
    visit.known_request = AuthorizeRequest(client_id, "code", departure.target or "https:", (), query=query)
    return render(visit, "sign_out.html")


def _onwards(visit: Visit, departure: Departure) -> Response:
    target = departure.target
    if target is None:
        return render(visit, "signed_out.html")
    return leave(visit.base + target if target.startswith("/") else target)
