"""A page: who visits it, and how it is rendered.

Every page forbids what it does not need (CSP), is kept by no cache, and is shown in no frame.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

from poolhouse.cookies import SESSION, cookie_name, cookie_of, drop_cookie, session_cookie_name, set_cookie
from poolhouse.core.authorize_request import AuthorizeRequest, render_query
from poolhouse.core.domains import Domain
from poolhouse.core.loopback import is_near
from poolhouse.core.snapshots import AppSnapshot
from poolhouse.http import Request, Response
from poolhouse.operation import Call, Parts
from poolhouse.pages import csrf
from poolhouse.pages.flow import COOKIE as FLOW_COOKIE
from poolhouse.pages.flow import Flow, seal
from poolhouse.pages.look import Look
from poolhouse.pages.static_files import files
from poolhouse.pages.texts import LANGUAGES, Texts

if TYPE_CHECKING:
    from jinja2 import Environment

HEADERS: tuple[tuple[bytes, bytes], ...] = (
    (b"content-type", b"text/html; charset=utf-8"),
    (b"cache-control", b"no-cache, no-store, max-age=0, must-revalidate"),
    (b"pragma", b"no-cache"),
    # Not no-referrer: a browser then hides the Origin of our own forms from us (Fetch §3.2.5).
    (b"referrer-policy", b"same-origin"),
    (b"x-content-type-options", b"nosniff"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
)
UNFRAMED = (b"x-frame-options", b"DENY")
HSTS = (b"strict-transport-security", b"max-age=31536000")
CSP = (
    "default-src 'none'; style-src 'self'; img-src 'self' data:; font-src 'self'; script-src 'self';"
    " form-action {targets}; frame-ancestors {framed_by}; base-uri 'none'"
)
LOOPBACK = "http://localhost:* http://127.0.0.1:*"


@dataclass
class Visit:
    """One request of a browser to a page of one domain."""

    parts: Parts
    request: Request
    domain: Domain
    path: str
    """Of the page, below the domain's base, in lower case."""
    parameters: Mapping[str, str]
    """Of the address."""
    form: Mapping[str, str]
    """What was posted; {} of a GET."""
    texts: Texts
    look: Look = field(default_factory=Look)
    known_call: Call | None = None
    known_app: AppSnapshot | None = None
    known_request: AuthorizeRequest | None = None
    flow: Flow | None = None
    cookies: list[tuple[str, str, int | None]] = field(default_factory=list)
    """To be set with the answer: (plain name, value, seconds); "" drops one."""

    @property
    def app(self) -> AppSnapshot:
        """The client; every page has one but those of routes that need none."""
        assert self.known_app is not None
        return self.known_app

    @property
    def call(self) -> Call:
        assert self.known_call is not None
        return self.known_call

    @property
    def asked(self) -> AuthorizeRequest:
        """What the application asked; of the routes that need it."""
        assert self.known_request is not None
        return self.known_request

    @property
    def base(self) -> str:
        return self.request.base

    @property
    def query(self) -> str:
        """What goes from page to page."""
        if self.known_request is not None:
            return self.known_request.query
        return render_query(self.parameters.items())

    @property
    def leads_to(self) -> AuthorizeRequest | None:
        """Whose answer the page's forms end at, where they may lead out of the domain."""
        return self.known_request

    @property
    def framed_by(self) -> str | None:
        """The one origin that may show the page in a frame; None for nobody."""
        return None

    @property
    def is_real(self) -> bool:
        """Whether something can be done here: not in a preview."""
        return True

    @property
    def is_post(self) -> bool:
        return self.request.method == "POST"

    @property
    def typed_code(self) -> str:
        """The form's code, without the spaces that people and programs put into it."""
        return "".join(self.form.get("code", "").split())

    @property
    def session_cookie(self) -> str | None:
        """What the browser shows of its session."""
        return cookie_of(self.request, session_cookie_name(self.request))

    def address(self, path: str, **changed: str) -> str:
        """Of a page of this domain, with the same query, or with some of it changed."""
        query = self.query
        if changed:
            query = render_query({**self.parameters, **changed}.items())
        return f"{self.base}{path}?{query}" if query else f"{self.base}{path}"

    def beginning(self, query: str) -> str:
        """The address of a sign-in that nothing led to yet."""
        return f"{self.base}/login?{query}"

    def to(self, path: str, **changed: str) -> Response:
        """Go on at another page (303: also after a post)."""
        return leave(self.address(path, **changed))

    def keep(self, flow: Flow) -> None:
        """For the next page. Raises TooMuch."""
        if flow == (self.flow or Flow()):
            return
        self.flow = flow
        if flow.is_empty:
            self._set(FLOW_COOKIE, "", None)
            return
        key = self.parts.store.key_for("pages")
        text = seal(flow, key, self.app.pool.id, self.app.client.id, self.call.now, self.parts.random)
        self._set(FLOW_COOKIE, text, None)

    def forget(self) -> None:
        """The flow is over."""
        self.flow = None
        self._set(FLOW_COOKIE, "", None)

    def sign_in(self, cookie: str) -> None:
        """Give the browser the cookie of its session."""
        self._set(SESSION, cookie, None)

    def _set(self, name: str, value: str, seconds: int | None) -> None:
        self.cookies = [cookie for cookie in self.cookies if cookie[0] != name]
        self.cookies.append((name, value, seconds))

    def csrf_token(self) -> str:
        """For a form; the cookie that it follows from is made where there is none."""
        secret = csrf.secret_of(self.request)
        for name, value, _ in self.cookies:
            if name == csrf.COOKIE:
                secret = value
        if secret is None:
            secret = csrf.new_secret(self.parts.random)
            self._set(csrf.COOKIE, secret, None)
        return csrf.token(self.parts.store.key_for("csrf"), secret, self.domain.name)

    def with_cookies(self, response: Response) -> Response:
        for plain, value, seconds in self.cookies:
            name = cookie_name(self.request, plain)
            if value:
                set_cookie(response, self.request, name, value, seconds)
            else:
                drop_cookie(response, self.request, name)
        return response


class OrEmpty(dict[str, str]):
    """What may be there of each field."""

    def __missing__(self, name: str) -> str:
        return ""


class Labels(dict[str, str]):
    """What the fields of a page are called, as they were rendered."""

    def keep(self, name: str, label: str) -> str:
        self[name] = label
        return ""


def render(visit: Visit, template: str, status: int = 200, **values: Any) -> Response:
    """A page of `templates/`, with what it says once said."""
    flow = visit.flow or Flow()
    body = (
        _environment()
        .get_template(template)
        .render(
            visit=visit,
            _=visit.texts,
            look=visit.look,
            flow=flow,
            errors=OrEmpty(flow.errors),
            typed=OrEmpty(flow.values),
            labels=Labels(),
            link=visit.address,
            base=visit.base,
            asset=lambda name: visit.base + files()[name].path,
            csrf=visit.csrf_token,
            languages=LANGUAGES,
            **values,
        )
    )
    if visit.known_app is not None and visit.flow is not None:
        visit.keep(flow.said())
    return page_of(visit.request, body, status, visit.leads_to, visit.framed_by)


def page_of(
    request: Request,
    body: str,
    status: int = 200,
    asked: AuthorizeRequest | None = None,
    framed_by: str | None = None,
) -> Response:
    policy = CSP.format(targets=_form_targets(asked), framed_by=framed_by or "'none'")
    headers = [*HEADERS, (b"content-security-policy", policy.encode("ascii"))]
    if framed_by is None:
        headers.append(UNFRAMED)
    if request.scheme == "https":
        headers.append(HSTS)
    return Response(status, body.encode(), headers)


def leave(address: str) -> Response:
    """Send the browser somewhere else; after a post too it asks for that with GET (RFC 9110 §15.4.4)."""
    return Response(
        303,
        b"",
        [
            # What is not ASCII can only stand in an address that the client registered so.
            (b"location", quote(address, safe="%/:?#[]@!$&'()*+,;=~").encode()),
            (b"cache-control", b"no-store"),
            (b"referrer-policy", b"same-origin"),
        ],
    )


def _form_targets(asked: AuthorizeRequest | None) -> str:
    """Where a form of the page may lead. Browsers hold every redirect that follows a post against it, so not the
    application alone has to be there, but wherever it sends the browser on: its scheme is (CSP3 §6.4.1.1)."""
    if asked is None:
        return "'self'"
    target = urlsplit(asked.redirect_uri)
    if target.scheme == "http" and ":" in (target.hostname or ""):
        return "'self' https: http:"  # no policy can name an IPv6 address (CSP3 §2.3.1)
    if target.scheme == "http" and is_near(target.hostname or ""):
        return f"'self' https: {LOOPBACK}"
    if target.scheme in ("http", "https"):
        return "'self' https:"
    return f"'self' https: {target.scheme}:"


@cache
def _environment() -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    return Environment(
        loader=PackageLoader("poolhouse.pages"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )


def static_page(request: Request, status: int, title: str, detail: str) -> Response:
    """A page for when nothing can be asked: who it is for, or how it is to look."""
    texts = Texts("en")
    body = (
        _environment()
        .get_template("plain.html")
        .render(
            _=texts,
            title=title,
            detail=detail,
            base=request.base,
            asset=lambda name: request.base + files()[name].path,
            request_id=request.id,
        )
    )
    return page_of(request, body, status)
