"""`/preview/{token}[/{page}]`: the pages of a client as they look, for who got their address from an administrator.

The templates, the texts and the look are the real ones; the person and the sign-in are made up. Nothing can be done:
no session is looked for, no cookie is set, what is posted does nothing, and links and forms lead to other pages here.
"""

from __future__ import annotations

from dataclasses import dataclass

from poolhouse.core.authorize_request import AuthorizeRequest
from poolhouse.core.domains import Domain
from poolhouse.core.previews import FOLDER, PURPOSE, STATES, client_of_preview
from poolhouse.core.snapshots import AppSnapshot
from poolhouse.http import Request, Response
from poolhouse.oauth.calls import call_of
from poolhouse.operation import Parts
from poolhouse.pages.flow import Flow
from poolhouse.pages.look import look_of
from poolhouse.pages.page import Visit, leave, render
from poolhouse.pages.preview_states import SHOWN
from poolhouse.pages.texts import ENGLISH, Texts, language_of

OPERATION = "preview"
PLACES = {
    "/login": "sign-in",
    "/signup": "sign-up",
    "/confirm": "confirm-anybody",
    "/resendcode": "resend",
    "/forgotPassword": "forgot",
    "/confirmForgotPassword": "reset",
}
"""Where links and forms of the pages lead here; all others lead to the page that they are on."""


@dataclass
class Preview(Visit):
    """A visit of nobody."""

    token: str = ""
    state: str = ""
    """The page's name; "" for the index."""
    language: str = ""
    """What `lang` says; "" where it says nothing."""

    @property
    def leads_to(self) -> AuthorizeRequest | None:
        return None

    @property
    def framed_by(self) -> str | None:
        """The server's own pages, which are at its public address."""
        return self.parts.settings.public_url

    @property
    def is_real(self) -> bool:
        return False

    def at(self, state: str, language: str = "") -> str:
        language = language or self.language
        return f"{self.base}{FOLDER}{self.token}/{state}{f'?lang={language}' if language else ''}"

    def address(self, path: str, **changed: str) -> str:
        return self.at(PLACES.get(path, self.state), changed.get("lang", ""))

    def beginning(self, query: str) -> str:
        return self.at(PLACES["/login"])

    def keep(self, flow: Flow) -> None:
        pass

    def csrf_token(self) -> str:
        return ""


async def show_preview(
    parts: Parts, request: Request, domain: Domain, path: str, lang: str
) -> Response | None:
    """A page of a preview, or the index of them; None where the address is of none, or is not good any more. `lang` is
    all that counts of what the address says besides."""
    token, _, state = path.removeprefix(FOLDER).partition("/")
    now = parts.clock.now()
    client_id = client_of_preview(parts.store.key_for(PURPOSE), domain.pool_id, token, now)
    app = None if client_id is None else await parts.cache.get("app", client_id)
    if not isinstance(app, AppSnapshot) or app.pool.id != domain.pool_id or state not in {"", *SHOWN}:
        return None
    call = call_of(parts, request, app, OPERATION)
    texts = Texts(language_of(request, lang))
    visit = Preview(
        parts=parts,
        request=request,
        domain=domain,
        path=path,
        parameters={},
        form={},
        texts=texts,
        look=await look_of(call, app, domain.managed_login_version),
        known_call=call,
        known_app=app,
        known_request=_request(app),
        token=token,
        state=state,
        language=texts.language if lang.lower() == texts.language.lower() else "",
    )
    response = await _page(visit)
    response.labels += (("operation", OPERATION), ("pool_id", app.pool.id))
    return response


async def _page(visit: Preview) -> Response:
    if visit.is_post:
        return leave(visit.at(visit.state))
    if visit.state:
        response = await SHOWN[visit.state](visit)
        response.status = 200  # the page is there, whatever it tells of
        return response
    visit.texts = Texts(ENGLISH)
    return render(visit, "preview.html", name=visit.app.client.name, groups=STATES)


def _request(app: AppSnapshot) -> AuthorizeRequest:
    """What the application might have asked."""
    addresses = app.client.settings.get("CallbackURLs") or ["https://app.example/"]
    scopes = app.client.oauth_scopes or ("openid", "email")
    return AuthorizeRequest(app.client.id, "code", addresses[0], scopes)
