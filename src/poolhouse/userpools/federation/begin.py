"""A browser is sent to an identity provider, and what it has to bring back is kept.

`state` is the ticket of a session that is good once and for five minutes. It is bound to the browser that was sent,
by a secret in a cookie: an answer that somebody else got is worth nothing in it (login CSRF: RFC 9700 §4.7), and no
other provider's answer fits (mix-up: §4.4). Nonce and PKCE verifier wait sealed in the database.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass, field
from datetime import timedelta

from poolhouse.core.assurance import asked_levels
from poolhouse.core.authorization_codes import challenge_of
from poolhouse.core.authorize_request import AuthorizeRequest, redirect_address
from poolhouse.core.domains import DomainKind
from poolhouse.core.errors import NotAuthorizedException
from poolhouse.core.federation import FederationFailed
from poolhouse.core.identity_providers import IdentityProvider, ProviderType
from poolhouse.core.ids import ALPHANUMERIC, random_text
from poolhouse.core.secret import Secret
from poolhouse.core.sessions import Session, Ticket
from poolhouse.core.snapshots import AppSnapshot
from poolhouse.operation import Call
from poolhouse.store import Transaction
from poolhouse.userpools import sessions

STEP = "FEDERATION"
"""What the session waits for; it is no challenge of a sign-in by the API, and none of those is one of these."""
LASTS = timedelta(minutes=5)
"""Source: Cognito developer guide: five minutes."""
RETURN = "/oauth2/idpresponse"
SECRET_LENGTH = 43
HINTED = frozenset({ProviderType.OIDC, ProviderType.GOOGLE})
"""Who is told a login_hint. Source: Cognito developer guide, "Authorize endpoint"."""
GONE = "The sign-in has expired, was completed already, or was begun in another browser"


@dataclass(frozen=True, slots=True)
class Redirect:
    address: str
    browser_secret: Secret
    """For a cookie that goes with it, named `cookie`."""
    cookie: str


@dataclass(frozen=True, slots=True)
class Begun:
    """A sign-in by a provider, under way."""

    app: AppSnapshot
    session: Session
    provider_name: str
    query: str
    """What the application asked at `/oauth2/authorize`."""
    nonce: str = field(repr=False)
    verifier: str = field(repr=False)
    browser: str = field(repr=False)
    """The hash of the secret in the browser's cookie."""
    max_age: int | None = None

    def is_of(self, browser_secret: str | None) -> bool:
        """Whether this browser was sent."""
        return hmac.compare_digest(self.browser, _hash(browser_secret or ""))


async def begin_federation(
    call: Call, app: AppSnapshot, asked: AuthorizeRequest, provider_name: str, domain: str
) -> Redirect:
    """Where the browser goes, from the domain that it came to.

    Raises:
        FederationFailed: the client has no such provider, or it can't be asked.
    """
    provider = await _provider(call, app, provider_name)
    secret = random_text(call.random, ALPHANUMERIC, SECRET_LENGTH)
    nonce = random_text(call.random, ALPHANUMERIC, SECRET_LENGTH)
    verifier = random_text(call.random, ALPHANUMERIC, SECRET_LENGTH)
    kept = {
        "provider": provider.name,
        "query": asked.query,
        "nonce": nonce,
        "verifier": verifier,
        "browser": _hash(secret),
        "max_age": asked.max_age,
    }

    def keep(tx: Transaction) -> Ticket:
        return sessions.begin(tx, call, app, None, STEP, kept, LASTS)

    ticket = await call.store.write(keep)
    state = ticket.session
    base = address_of_domain(call, app, domain)
    if provider.type is ProviderType.SAML:
        # Imported late: most processes never read XML.
        from poolhouse.userpools.federation import saml

        address = await saml.begin(call, app.pool, provider, state, base, force_authn="login" in asked.prompt)
    else:
        address = _authorize_address(app, asked, provider, state, base, nonce, verifier)
    return Redirect(address, Secret(secret), browser_cookie(ticket))


async def find_by_identifier(call: Call, app: AppSnapshot, identifier: str) -> str:
    """The name of the provider with this identifier; of one that differs in case alone, where none is the very same:
    identifiers are mostly names of domains. Raises FederationFailed."""

    def find(tx: Transaction) -> str | None:
        found = tx.identity_providers.by_identifier(app.pool.id, identifier)
        if found is not None:
            return found.name
        others = tx.identity_providers.identifiers(app.pool.id, app.client.providers)
        return next((name for other, name in others if other.lower() == identifier.lower()), None)

    name = await call.store.look_up(find)
    if name is None:
        raise FederationFailed("No identity provider has this identifier")
    return name


async def open_state(call: Call, text: str) -> tuple[Begun, IdentityProvider]:
    """The sign-in that a `state` stands for, and its provider as it is now. Nothing is used up.

    Raises:
        FederationFailed: there is none, it is too old, or was completed; the provider or the client is gone.
    """
    begun = await open_begun(call, text, STEP)
    return begun, await _provider(call, begun.app, begun.provider_name)


async def open_begun(call: Call, text: str, step: str) -> Begun:
    """The sign-in by a provider that waits at this step. Nothing is used up.

    Raises:
        FederationFailed: there is none, it is too old, or was completed.
    """
    try:
        app, session = await sessions.open_lone_session(call, text)
    except NotAuthorizedException as refused:
        raise FederationFailed(GONE, detail=refused.reason) from refused
    if session.step != step:
        raise FederationFailed(GONE, detail="a session of another kind")
    state = session.state
    return Begun(
        app=app,
        session=session,
        provider_name=state["provider"],
        query=state["query"],
        nonce=state["nonce"],
        verifier=state["verifier"],
        browser=state["browser"],
        max_age=state["max_age"],
    )


async def use_up(call: Call, begun: Begun) -> None:
    """Raises FederationFailed: another answer was first."""
    try:
        await call.store.write(lambda tx: sessions.end(tx, begun.session))
    except NotAuthorizedException as refused:
        raise FederationFailed(GONE, detail=refused.detail) from refused


def browser_cookie(session: Session | Ticket) -> str:
    """The cookie of one sign-in: several can be under way in one browser, each in its own tab."""
    return f"csrf-state-{session.id[:12]}"


def address_of_domain(call: Call, app: AppSnapshot, domain: str) -> str:
    """The canonical address of one of the pool's domains, without a slash at its end."""
    kind = next((kind for kind, name in app.pool.domains if name == domain), "prefix")
    return call.parts.addresses.of_domain(domain, is_custom=kind == DomainKind.CUSTOM)


async def _provider(call: Call, app: AppSnapshot, name: str) -> IdentityProvider:
    """Raises FederationFailed: it is none of this client's, or is gone."""
    provider = None
    if name in app.client.settings.get("SupportedIdentityProviders", ()):
        provider = await call.store.look_up(lambda tx: tx.identity_providers.find(app.pool.id, name))
    if provider is None:
        raise FederationFailed("The identity provider is not enabled for this client")
    return provider


def _authorize_address(
    app: AppSnapshot,
    asked: AuthorizeRequest,
    provider: IdentityProvider,
    state: str,
    base: str,
    nonce: str,
    verifier: str,
) -> str:
    """Source: RFC 6749 §4.1.1; OIDC Core §3.1.2.1; RFC 7636 §4.3."""
    members = {
        "client_id": provider.client_id,
        "redirect_uri": base + RETURN,
        "response_type": "code",
        "scope": provider.details["authorize_scopes"],
        "state": state,
        "code_challenge": challenge_of(verifier),
        "code_challenge_method": "S256",
    }
    if not provider.is_oauth2:
        members["nonce"] = nonce
    if provider.type is ProviderType.APPLE:
        members["response_mode"] = "form_post"
    if asked.login_hint is not None and provider.type in HINTED:
        members["login_hint"] = asked.login_hint
    if forwarded := sorted(asked.prompt - {"none"}):
        members["prompt"] = " ".join(forwarded)
    if provider.type is ProviderType.OIDC and not provider.is_oauth2:
        members |= _step_up(app, asked, provider)
    return redirect_address(provider.details["authorize_url"], members, in_fragment=False)


def _step_up(app: AppSnapshot, asked: AuthorizeRequest, provider: IdentityProvider) -> dict[str, str]:
    """The levels that are asked for, as the provider calls them; source: CreateIdentityProvider (AcrMapping)."""
    levels = asked_levels(app.user_pool, asked.acr_values)
    names = [provider.acr[f"Level{level}"] for level in levels if f"Level{level}" in provider.acr]
    return {
        **({"acr_values": " ".join(names)} if names else {}),
        **({} if asked.max_age is None else {"max_age": str(asked.max_age)}),
    }


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()
