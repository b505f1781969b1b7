"""A provider's answer arrives by SAML, in two steps.

The provider's page makes the browser post it, and a browser sends no Lax cookie with another site's post. So the
answer is checked and kept, and the browser is sent to the same address once more: with its cookie, which says that
it is the one that began. An answer that was meant for somebody else's browser ends there (RFC 9700 §4.7).
"""

from __future__ import annotations

from poolhouse.core.errors import NotAuthorizedException
from poolhouse.core.federation import FederationFailed, Identity
from poolhouse.core.identity_providers import IdentityProvider, ProviderType
from poolhouse.core.snapshots import AppSnapshot
from poolhouse.operation import Call
from poolhouse.userpools import sessions
from poolhouse.userpools.federation.begin import GONE, Begun, open_begun, use_up

STEP = "SAML_ARRIVED"
UNKNOWN = "Invalid samlResponse or relayState from identity provider"


async def receive(call: Call, begun: Begun, provider: IdentityProvider, state: str, text: str) -> str:
    """Check the answer to what was asked, and keep it; what the browser comes back with.

    Raises:
        FederationFailed: the answer is not what it must be, or another was first.
    """
    from poolhouse.userpools.federation import saml

    if provider.type is not ProviderType.SAML:
        raise FederationFailed(UNKNOWN, detail="the provider answers elsewhere")
    session = begun.session
    identity = await saml.read_answer(call, begun.app.pool, provider, text, state=state)
    kept = {**session.state, "identity": _document(identity)}
    try:
        ticket = await call.store.write(lambda tx: sessions.advance(tx, call, session, STEP, kept))
    except NotAuthorizedException as used:
        raise FederationFailed(GONE, detail=used.detail) from None
    return ticket.session


async def open_arrived(call: Call, text: str) -> Begun:
    """The sign-in whose answer was kept. Nothing is used up.

    Raises:
        FederationFailed: there is none, it is too old, or was completed.
    """
    return await open_begun(call, text, STEP)


async def take(call: Call, begun: Begun) -> tuple[IdentityProvider, Identity]:
    """What was kept, once, with the provider that said it.

    Raises:
        FederationFailed: it was taken, or the provider is gone.
    """
    provider = await _provider(call, begun.app, begun.provider_name)
    await use_up(call, begun)
    return provider, Identity(**begun.session.state["identity"])


async def receive_unasked(
    call: Call, app: AppSnapshot, name: str, text: str
) -> tuple[IdentityProvider, Identity]:
    """What a provider says that began by itself, where it may.

    Raises:
        FederationFailed: it may not, or it is not what it must be.
    """
    from poolhouse.userpools.federation import saml

    provider = await _provider(call, app, name)
    if not provider.is_on("IDPInit"):
        raise FederationFailed(UNKNOWN, detail="the provider may not begin")
    others = set(app.client.settings.get("SupportedIdentityProviders", ()))
    found = await call.store.read(lambda tx: tx.identity_providers.of(app.pool.id, others))
    if len(found) != len(others) or any(one.type is not ProviderType.SAML for one in found):
        # Source: Cognito developer guide, "Using SAML session initiation": such a client has SAML providers alone.
        raise FederationFailed(UNKNOWN, detail="the client has other providers than SAML")
    return provider, await saml.read_answer(call, app.pool, provider, text, state=None)


async def _provider(call: Call, app: AppSnapshot, name: str) -> IdentityProvider:
    """A SAML provider of this client, as it is now. Raises FederationFailed: there is none."""
    provider = await call.store.read(lambda tx: tx.identity_providers.find(app.pool.id, name))
    is_named = name in app.client.settings.get("SupportedIdentityProviders", ())
    if provider is None or provider.type is not ProviderType.SAML or not is_named:
        raise FederationFailed(UNKNOWN, detail="no such SAML provider of the client")
    return provider


def _document(identity: Identity) -> dict[str, object]:
    return {
        "subject": identity.subject,
        "attributes": {
            name: value if isinstance(value, str) else list(value)
            for name, value in identity.attributes.items()
        },
        "acr": identity.acr,
        "details": dict(identity.details),
        "issuer": identity.issuer,
    }
