"""What an application asks at `/oauth2/authorize` (RFC 6749 §3.1), read wherever it is carried to."""

from __future__ import annotations

from collections.abc import Awaitable
from urllib.parse import unquote_plus, urlencode

from poolhouse.core.authorize_request import (
    AuthorizeError,
    AuthorizeRequest,
    CannotRedirect,
    answer_is_in_fragment,
    parse_authorize_request,
    redirect_address,
)
from poolhouse.core.errors import InvalidRequest, OAuthError
from poolhouse.core.snapshots import AppSnapshot, PoolSnapshot
from poolhouse.http import FORM, Request, Response
from poolhouse.oauth.answers import redirect
from poolhouse.oauth.client_authentication import CLIENT_ID
from poolhouse.oauth.forms import MAX_PARAMETERS
from poolhouse.operation import Parts

MAX_QUERY = 8_192
"""Characters of a request, which is carried in addresses from page to page."""


def error_page(request: Request, wrong: CannotRedirect) -> str:
    """The page that says what is wrong. Only a word of ours goes there: what it shows can't be told by an address."""
    client_id = {} if wrong.client_id is None else {"client_id": wrong.client_id}
    return f"{request.base}/error?{urlencode({'error': wrong.error, **client_id})}"


async def told(request: Request, answer: Awaitable[Response], status: int = 302) -> Response:
    """The answer; where it is refused, the way to who hears of it: the application, or the person at an error page."""
    try:
        return await answer
    except CannotRedirect as wrong:
        refusal = redirect(error_page(request, wrong), status)
        refusal.reason, refusal.labels = wrong.detail, (("error", wrong.error),)
    except AuthorizeError as refused:
        refusal = redirect(refused.redirect_to, status)
        refusal.reason, refusal.labels = refused.detail, (("error", refused.error),)
    return refusal


async def read_authorize_request(
    parts: Parts, request: Request, domain: str, *, of_login: bool = False
) -> tuple[AppSnapshot, AuthorizeRequest]:
    """What an application asks, with the application. Of a page, whose form is its own (`of_login`), the query alone
    says it.

    Raises:
        CannotRedirect: no such client at this domain, or an address that is not registered, byte for byte; or
            anything else that is wrong, of a client whose addresses nobody answers for.
        AuthorizeError: anything else that is wrong, for the application to hear.
    """
    parameters, repeated = read_parameters(request.query if of_login else query_and_form(request))
    app = await find_app_of_domain(parts, parameters.get("client_id"), domain)
    redirect_uri = parameters.get("redirect_uri")
    if redirect_uri is None or redirect_uri not in app.client.settings.get("CallbackURLs", ()):
        raise CannotRedirect("redirect_mismatch", "redirect_uri is not registered", client_id=app.client.id)
    if {"client_id", "redirect_uri"} & repeated:
        raise CannotRedirect("invalid_request", "client_id or redirect_uri is there twice")
    try:
        if repeated:
            raise InvalidRequest(detail="a parameter is there twice")
        return app, parse_authorize_request(parameters, app.client, app.pool.scopes)
    except OAuthError as wrong:
        refuse_unvouched(app, wrong.detail)
        members = {"error": wrong.error}
        if wrong.description is not None:
            members["error_description"] = wrong.description
        if "state" in parameters and "state" not in repeated:
            members["state"] = parameters["state"]
        members["iss"] = parts.issuer_of(app.pool)
        address = redirect_address(redirect_uri, members, in_fragment=answer_is_in_fragment(parameters))
        raise AuthorizeError(address, wrong.error, wrong.detail) from wrong


async def find_app_of_domain(parts: Parts, client_id: str | None, domain: str) -> AppSnapshot:
    """Raises CannotRedirect: the domain's pool has no such client."""
    app: AppSnapshot | None = None
    if client_id is not None and CLIENT_ID.fullmatch(client_id):
        app = await parts.cache.get("app", client_id)
    if app is None or not app.pool.has_domain(domain):
        raise CannotRedirect("unknown_client", "no such client at this domain")
    return app


async def find_pool_of_domain(parts: Parts, domain: str) -> PoolSnapshot:
    """Raises CannotRedirect: there is no such domain."""
    found = await parts.cache.get("domain", domain)
    pool = None if found is None else await parts.cache.get("pool", found.pool_id)
    if not isinstance(pool, PoolSnapshot):
        raise CannotRedirect("invalid_request", "no such domain")
    return pool


def refuse_unvouched(app: AppSnapshot, detail: str) -> None:
    """Where nobody has signed in, an error sends no browser to an address that nobody answers for: anybody can
    register one, and have a link that begins with our name lead there (RFC 9700 §4.11.2).

    Raises:
        CannotRedirect
    """
    if not app.client.is_vouched_for:
        raise CannotRedirect("invalid_request", f"not redirected: {detail}", client_id=app.client.id)


def read_parameters(text: str) -> tuple[dict[str, str], frozenset[str]]:
    """Form-encoded parameters, and the names of those that are there more than once, which no reading of may be
    trusted. One without a value counts as left out (RFC 6749 §3.1).

    Raises:
        CannotRedirect: it can't be read at all.
    """
    if len(text) > MAX_QUERY or not text.isascii():
        raise CannotRedirect("invalid_request", "the query is too long, or not ASCII")
    pairs = text.split("&")
    if len(pairs) > MAX_PARAMETERS:
        raise CannotRedirect("invalid_request", "too many parameters")
    parameters: dict[str, str] = {}
    repeated: set[str] = set()
    for pair in pairs:
        name, _, value = pair.partition("=")
        try:
            name, value = (unquote_plus(part, encoding="utf-8", errors="strict") for part in (name, value))
        except UnicodeDecodeError:
            raise CannotRedirect("invalid_request", "the query is not UTF-8") from None
        if name in parameters:
            repeated.add(name)
        if name and value:
            parameters.setdefault(name, value)
    return parameters, frozenset(repeated)


def query_and_form(request: Request) -> str:
    """The query; of a form that is posted, as OIDC Core §3.1.2.1 and RP-Initiated Logout §2 allow, what it holds too."""
    if request.method != "POST" or request.media_type != FORM:
        return request.query
    form = request.body.decode("latin-1")
    return f"{request.query}&{form}" if request.query and form else request.query or form
