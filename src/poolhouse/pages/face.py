"""The face of the pages: finds page and client, and lets no forged form past."""

from __future__ import annotations

import asyncio
import logging

from poolhouse.cookies import cookie_name, cookie_of
from poolhouse.core.authorize_request import AuthorizeError, CannotRedirect
from poolhouse.core.domains import Domain
from poolhouse.core.errors import (
    CognitoError,
    LimitExceededException,
    StoreUnavailable,
    TooManyFailedAttemptsException,
    TooManyRequestsException,
)
from poolhouse.core.previews import FOLDER as PREVIEWS
from poolhouse.core.snapshots import AppSnapshot
from poolhouse.http import Request, Response
from poolhouse.oauth.authorize import read_authorize_request
from poolhouse.oauth.calls import call_of
from poolhouse.operation import Parts
from poolhouse.pages import csrf
from poolhouse.pages.flow import COOKIE as FLOW_COOKIE
from poolhouse.pages.flow import TooMuch, unseal
from poolhouse.pages.forms import BadForm, read_form, read_query
from poolhouse.pages.look import look_of
from poolhouse.pages.look_files import look_file
from poolhouse.pages.page import Visit, leave, render, static_page
from poolhouse.pages.preview import show_preview
from poolhouse.pages.routes import ROUTES, Needs, Route
from poolhouse.pages.static_files import FOLDER, static_answer
from poolhouse.pages.texts import COOKIE as LANGUAGE_COOKIE
from poolhouse.pages.texts import COOKIE_LASTS, N_, Texts, language_of

log = logging.getLogger("poolhouse")

METHODS = "GET, HEAD, POST"
TITLES = {
    400: N_("This link can't be followed"),
    404: N_("There is no such page"),
    405: N_("There is no such page"),
    413: N_("That was too much"),
    429: N_("Too many requests"),
    500: N_("Something went wrong"),
    503: N_("The service is busy"),
}
DETAILS = {
    400: N_("Go back to the application and start again there."),
    404: N_("Check the address, or start again at the application."),
    405: N_("Check the address, or start again at the application."),
    413: N_("The form holds more than can be taken."),
    429: N_("Wait a moment, then try again."),
    500: N_(
        "It is not your fault. Try again; if it happens again, give the number below to who runs the application."
    ),
    503: N_("Try again in a moment."),
}
RETRY_AFTER = (b"retry-after", b"5")


class PagesFace:
    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._deadline = parts.settings.request_deadline.total_seconds()

    async def answer(self, request: Request, domain: str, path: str) -> Response:
        """A page of a domain; `path` is what is left of the address below it."""
        if path.startswith(FOLDER):
            if request.method not in ("GET", "HEAD"):
                answer = refusal(request, 405)
                answer.headers.append((b"allow", b"GET, HEAD"))
                return answer
            file = static_answer(path)
            if file is not None:
                return file
        try:
            async with asyncio.timeout(self._deadline):
                found = await self._parts.cache.get("domain", domain)
                if not isinstance(found, Domain):
                    return refusal(request, 404)
                return await self._of_domain(request, found, path)
        except StoreUnavailable:
            return refusal(request, 503)

    async def _of_domain(self, request: Request, domain: Domain, path: str) -> Response:
        if path.startswith(FOLDER):
            return await look_file(self._parts, domain, path) or refusal(request, 404)
        is_preview = path.startswith(PREVIEWS)
        route = ROUTES.get(path.lower().rstrip("/"))
        if route is None and not is_preview:
            return refusal(request, 404)
        if request.method not in ("GET", "HEAD", "POST"):
            answer = refusal(request, 405)
            answer.headers.append((b"allow", METHODS.encode()))
            return answer
        try:
            parameters, form = read_query(request.query), read_form(request)
        except BadForm:
            return refusal(request, 400)
        if route is None:
            lang = parameters.get("lang", "")
            return await show_preview(self._parts, request, domain, path, lang) or refusal(request, 404)
        visit = Visit(
            parts=self._parts,
            request=request,
            domain=domain,
            path=path.lower().rstrip("/"),
            parameters=parameters,
            form=form,
            texts=Texts(language_of(request, parameters.get("lang"))),
        )
        response = await self._visit(visit, route)
        response.labels += (("operation", route.name), ("pool_id", domain.pool_id))
        return visit.with_cookies(response)

    async def _visit(self, visit: Visit, route: Route) -> Response:
        try:
            await self._meet(visit, route)
            _remember_language(visit)
            if visit.is_post and not route.takes_forms_of_others:
                verdict = csrf.check(
                    visit.request, visit.form, self._parts.store.key_for("csrf"), visit.domain.name
                )
                if verdict is not csrf.Verdict.OURS:
                    return _not_ours(visit, verdict)
            return await route.handler(visit)
        except AuthorizeError as error:
            answer = leave(error.redirect_to)
            answer.reason = error.detail
            return answer
        except CannotRedirect as error:
            answer = render(visit, "error.html", 400, error=error.error)
            answer.reason = error.detail
            return answer
        except (TooManyRequestsException, TooManyFailedAttemptsException, LimitExceededException) as error:
            answer = refusal(visit.request, 429)
            answer.reason = error.detail
            return answer
        except TooMuch:
            visit.cookies.clear()
            return refusal(visit.request, 413)
        except CognitoError as error:
            # A page says itself what it expects; what is left is the same as a link that leads nowhere any more.
            answer = render(visit, "error.html", 400, error="invalid_request")
            answer.reason = error.reason
            return answer

    async def _meet(self, visit: Visit, route: Route) -> None:
        """Find out which client is meant, and what it asked for.

        Raises:
            CannotRedirect, AuthorizeError: it can't be gone on.
        """
        if route.needs is Needs.NOTHING:
            return
        if route.needs is Needs.REQUEST:
            app, visit.known_request = await read_authorize_request(
                self._parts, visit.request, visit.domain.name, of_login=True
            )
        else:
            client_id = visit.parameters.get("client_id", "")
            found = await self._parts.cache.get("app", client_id)
            if not isinstance(found, AppSnapshot) or found.pool.id != visit.domain.pool_id:
                raise CannotRedirect("invalid_request", "no such client of the domain's pool")
            app = found
        visit.known_app = app
        visit.known_call = call = call_of(self._parts, visit.request, app, route.name)
        visit.look = await look_of(call, app, visit.domain.managed_login_version)
        visit.flow = unseal(
            cookie_of(visit.request, cookie_name(visit.request, FLOW_COOKIE)),
            self._parts.store.key_for("pages"),
            app.pool.id,
            app.client.id,
            call.now,
        )


def _remember_language(visit: Visit) -> None:
    asked = visit.parameters.get("lang", "").lower()
    language = visit.texts.language
    kept = cookie_of(visit.request, cookie_name(visit.request, LANGUAGE_COOKIE))
    if asked == language.lower() and kept != language:
        visit.cookies.append((LANGUAGE_COOKIE, language, COOKIE_LASTS))


def _not_ours(visit: Visit, verdict: csrf.Verdict) -> Response:
    """A form that was not ours, or whose cookie the browser did not send. Nothing is done."""
    is_blocked = verdict is csrf.Verdict.NO_COOKIE
    answer = render(visit, "not_ours.html", 403, is_blocked=is_blocked)
    answer.reason = "no CSRF cookie" if is_blocked else "a form of another site"
    return answer


def refusal(request: Request, status: int) -> Response:
    """A plain page, with nothing of anybody's look: for when it can't be asked for."""
    answer = static_page(request, status, TITLES[status], DETAILS[status])
    if status in (429, 503):
        answer.headers.append(RETRY_AFTER)
    return answer
