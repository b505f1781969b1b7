"""Who signs out here is signed out at the provider that they came from, where it is set up so.

The browser goes there with our request and comes back with the provider's answer; what is kept meanwhile says where
it was going. A provider may begin too: then the person's sessions here end.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import timedelta

from poolhouse.core.browser_sessions import BrowserSession
from poolhouse.core.errors import NotAuthorizedException
from poolhouse.core.federation import SUBJECT, FederationFailed
from poolhouse.core.identity_providers import IdentityProvider, ProviderType
from poolhouse.core.snapshots import AppSnapshot, PoolSnapshot
from poolhouse.operation import Call
from poolhouse.store import Transaction
from poolhouse.userpools import sessions

STEP = "SIGN_OUT_AT_PROVIDER"
LASTS = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Departed:
    app: AppSnapshot
    target: str | None
    """Where the browser was going, as it was said to `sign_out_at_provider`."""


async def sign_out_at_provider(
    call: Call, app: AppSnapshot, session: BrowserSession, target: str | None
) -> str | None:
    """The address to send the browser to, whose session has ended here, before it goes to `target`; None where its
    provider is not to be told. A provider that can't be told keeps nobody from signing out here."""
    if session.provider is None or "saml" not in session.details:
        return None
    name = session.provider
    provider = await call.store.read(lambda tx: tx.identity_providers.find(app.pool.id, name))
    if provider is None or provider.type is not ProviderType.SAML or not provider.is_on("IDPSignout"):
        return None
    # Imported late: most processes never meet SAML.
    from poolhouse.userpools.federation import saml

    def begin(tx: Transaction) -> str:
        state = {"provider": name, "target": target}
        return sessions.begin(tx, call, app, session.sub, STEP, state, LASTS).session

    try:
        return await saml.sign_out_address(call, app.pool, provider, session, await call.store.write(begin))
    except FederationFailed:
        return None


async def signed_out_there(call: Call, text: str, state: str) -> Departed:
    """Where the browser was going that brings a provider's answer to our request.

    Raises:
        FederationFailed: it is not that.
    """
    from poolhouse.userpools.federation import saml

    try:
        app, session = await sessions.open_lone_session(call, state)
    except NotAuthorizedException as unknown:
        raise FederationFailed("Invalid relayState from identity provider", detail=unknown.detail) from None
    if session.step != STEP:
        raise FederationFailed("Invalid relayState from identity provider", detail="of another step")
    name = session.state["provider"]
    provider = await call.store.read(lambda tx: tx.identity_providers.find(app.pool.id, name))
    if provider is None:
        raise FederationFailed("The identity provider does not exist")
    await saml.check_signed_out(call, app.pool, provider, text, state)
    try:
        await call.store.write(lambda tx: sessions.end(tx, session))
    except NotAuthorizedException as used:
        raise FederationFailed("Invalid relayState from identity provider", detail=used.detail) from None
    return Departed(app, session.state["target"])


async def sign_out_by_provider(
    call: Call, pool: PoolSnapshot, text: str, relay_state: str | None
) -> str | None:
    """Do what a provider asks that nobody here began: end the sessions of the person that it names. The address that
    takes our answer to it; None where it has none.

    Raises:
        FederationFailed: no provider of the pool that signs people out has signed it, or it was done already.
    """
    from poolhouse.userpools.federation import saml

    issuer = await saml.issuer_of(call, text)
    provider = await call.store.read(lambda tx: _provider_of(tx, pool.id, issuer))
    if provider is None:
        raise FederationFailed("No identity provider of this pool asks that")
    asked = await saml.read_sign_out(call, pool, provider, text)

    def end(tx: Transaction) -> bool:
        key = hashlib.sha256(f"{issuer}\n{asked.id}".encode()).hexdigest()
        if not tx.used_once.use(pool.id, "saml logout", key, call.now + saml.LOGOUT_REMEMBERED):
            return False
        found = tx.user_identities.find(pool.id, provider.name, SUBJECT, asked.name.value)
        if found is not None:
            tx.browser_sessions.remove_of(pool.id, found.sub)
        return True

    if not await call.write(end, pool_id=pool.id):
        raise FederationFailed("The logout request was used before")
    return await saml.sign_out_answer(call, pool, provider, asked.id, relay_state)


def _provider_of(tx: Transaction, pool_id: str, issuer: str) -> IdentityProvider | None:
    """The provider of this entity id that signs people out. The issuer is not proved yet: it says whose keys to try."""
    after = ""
    while found := tx.identity_providers.page(pool_id, after=after, size=60):
        for provider in found:
            is_saml = provider.type is ProviderType.SAML and provider.is_on("IDPSignout")
            if is_saml and provider.facts["metadata"]["entity_id"] == issuer:
                return provider
        after = found[-1].name
    return None
