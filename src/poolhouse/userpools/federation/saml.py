"""Signing in, and out, by a SAML provider: what is sent to it, and what of its answers is believed.

    browser            Poolhouse                                  provider
       │  authorize  →  begin: AuthnRequest in an address   →  asks who it is
       │             ←  posts a Response with the browser's help
       │  POST acs   →  read_answer: every check, each assertion once
       │             ←  303 to itself: a browser sends no Lax cookie with another site's post
       │  GET acs    →  the cookie says that it is the browser that began; `arrive`

The request's id is derived from the state that the browser carries, so an answer belongs to one sign-in.

Imported late, with what reads XML.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from typing import Any

from poolhouse.core.browser_sessions import BrowserSession
from poolhouse.core.domains import DomainKind
from poolhouse.core.federation import FederationFailed, Identity
from poolhouse.core.identity_providers import IdentityProvider
from poolhouse.core.keys import load_private_key
from poolhouse.core.provider_keys import ProviderKeyUse
from poolhouse.core.saml_logout import (
    SKEW,
    WITHIN,
    ExpectedLogout,
    LogoutRequest,
    issuer_said,
    read_logout_request,
    read_logout_response,
)
from poolhouse.core.saml_messages import (
    NameId,
    authn_request,
    entity_id_of,
    logout_request,
    logout_response,
    message_id,
    posted_message,
    redirect_address,
)
from poolhouse.core.saml_responses import Assertion, Expected, read_response
from poolhouse.core.saml_xml import SamlRefused
from poolhouse.core.snapshots import PoolSnapshot
from poolhouse.operation import Call
from poolhouse.store import Transaction
from poolhouse.userpools.federation.saml_metadata import current_metadata
from poolhouse.userpools.signing_certificates import signing_key_for

ACS = "/saml2/idpresponse"
LOGOUT = "/saml2/logout"
INVALID = "Invalid SAML response received"
ONCE = "saml"
LOGOUT_REMEMBERED = WITHIN + SKEW
"""Then a request to sign out is refused as too old."""


async def begin(
    call: Call, pool: PoolSnapshot, provider: IdentityProvider, state: str, base: str, *, force_authn: bool
) -> str:
    """The address that asks the provider to sign somebody in, anew if `force_authn`, and to answer at the domain
    whose address is `base`.

    Raises:
        FederationFailed: the provider's metadata are over.
    """
    metadata = await current_metadata(call, provider)
    request = authn_request(
        request_id(call, pool.id, state),
        entity_id_of(pool.id),
        metadata.sso_redirect,
        base + ACS,
        call.now,
        force_authn=force_authn,
    )
    key = None
    if provider.details.get("RequestSigningAlgorithm"):
        signing = await signing_key_for(call, pool.id, provider.modified_at)
        key = load_private_key(signing.private)
    return redirect_address(metadata.sso_redirect, request, state, key)


def request_id(call: Call, pool_id: str, state: str) -> str:
    """The id of the request that goes with a state, which only the browser and the provider have seen."""
    content = f"{pool_id}/{state}".encode()
    return message_id(hmac.digest(call.store.key_for("saml request"), content, hashlib.sha256)[:20])


async def read_answer(
    call: Call, pool: PoolSnapshot, provider: IdentityProvider, text: str, *, state: str | None
) -> Identity:
    """Whom the provider's answer is about, once. `state` is what the request went with; None where nobody asked.

    Raises:
        FederationFailed: it is not what was expected, or was seen before.
    """
    metadata = await current_metadata(call, provider)
    keys = await call.store.read(
        lambda tx: tx.provider_keys.of(pool.id, ProviderKeyUse.ENCRYPTION, call.now, provider.name)
    )
    encrypts = provider.is_on("EncryptedResponses")
    expected = Expected(
        issuer=metadata.entity_id,
        certificates=metadata.certificates,
        audience=entity_id_of(pool.id),
        acs=addresses(call, pool, ACS),
        in_response_to=None if state is None else request_id(call, pool.id, state),
        now=call.now,
        keys=[load_private_key(key.private) for key in keys] if encrypts else (),
        must_be_encrypted=encrypts,
    )
    try:
        assertion = await call.ports.documents.run(_read_posted, text, expected)
    except SamlRefused as wrong:
        raise FederationFailed(f"{INVALID}: {wrong}") from wrong

    def use(tx: Transaction) -> bool:
        key = _once(metadata.entity_id, assertion.id)
        return tx.used_once.use(pool.id, ONCE, key, assertion.valid_until)

    if not await call.store.write(use):
        raise FederationFailed(f"{INVALID}: the assertion was used before")
    return Identity(
        subject=assertion.name.value,
        attributes={name: _value(values) for name, values in assertion.attributes.items()},
        acr=assertion.authn_context,
        issuer=metadata.entity_id,
        details={"saml": {"name": assertion.name.to_document(), "session_index": assertion.session_index}},
    )


def _read_posted(text: str, expected: Expected) -> Assertion:
    return read_response(posted_message(text), expected)


def _value(values: Sequence[str]) -> str | Sequence[str]:
    return values[0] if len(values) == 1 else values


def _once(issuer: str, id: str) -> str:
    return hashlib.sha256(f"{issuer}\n{id}".encode()).hexdigest()


def addresses(call: Call, pool: PoolSnapshot, path: str) -> tuple[str, ...]:
    """Where the pool takes messages: at each of its domains."""
    return tuple(
        call.parts.addresses.of_domain(name, is_custom=kind == DomainKind.CUSTOM) + path
        for kind, name in pool.domains
    )


# --- signing out ------------------------------------------------------------------------------------------------


async def sign_out_address(
    call: Call, pool: PoolSnapshot, provider: IdentityProvider, session: BrowserSession, state: str
) -> str | None:
    """The address that asks the provider to sign the person out too; None where it is not to, or does not say how.

    Raises:
        FederationFailed: the provider's metadata are over.
    """
    details: Mapping[str, Any] | None = session.details.get("saml")
    metadata = await current_metadata(call, provider)
    if details is None or not provider.is_on("IDPSignout") or metadata.slo_redirect is None:
        return None
    request = logout_request(
        request_id(call, pool.id, state),
        entity_id_of(pool.id),
        metadata.slo_redirect,
        NameId.from_document(details["name"]),
        details["session_index"],
        call.now,
    )
    signing = await signing_key_for(call, pool.id, provider.modified_at)
    return redirect_address(metadata.slo_redirect, request, state, load_private_key(signing.private))


async def check_signed_out(
    call: Call, pool: PoolSnapshot, provider: IdentityProvider, text: str, state: str
) -> None:
    """Raises FederationFailed: it is not the provider's word that it signed the person out."""
    expected = await _expected_logout(call, pool, provider)
    try:
        await call.ports.documents.run(
            lambda: read_logout_response(posted_message(text), expected, request_id(call, pool.id, state))
        )
    except SamlRefused as wrong:
        raise FederationFailed(f"Invalid SAML logout response: {wrong}") from wrong


async def issuer_of(call: Call, text: str) -> str:
    """Who a posted message says that it is from, which nothing proves yet.

    Raises:
        FederationFailed: it can't be read.
    """
    try:
        return await call.ports.documents.run(lambda: issuer_said(posted_message(text)))
    except SamlRefused as wrong:
        raise FederationFailed(f"Invalid SAML logout request: {wrong}") from wrong


async def read_sign_out(
    call: Call, pool: PoolSnapshot, provider: IdentityProvider, text: str
) -> LogoutRequest:
    """Raises FederationFailed: it is not the provider's wish that somebody be signed out."""
    expected = await _expected_logout(call, pool, provider)
    try:
        return await call.ports.documents.run(lambda: read_logout_request(posted_message(text), expected))
    except SamlRefused as wrong:
        raise FederationFailed(f"Invalid SAML logout request: {wrong}") from wrong


async def sign_out_answer(
    call: Call, pool: PoolSnapshot, provider: IdentityProvider, id: str, relay_state: str | None
) -> str | None:
    """The address that takes our answer to the provider; None where it takes none."""
    metadata = await current_metadata(call, provider)
    if metadata.slo_redirect is None:
        return None
    answer = logout_response(
        message_id(call.random.token_bytes(20)), entity_id_of(pool.id), metadata.slo_redirect, id, call.now
    )
    signing = await signing_key_for(call, pool.id, provider.modified_at)
    key = load_private_key(signing.private)
    return redirect_address(metadata.slo_redirect, answer, relay_state, key, parameter="SAMLResponse")


async def _expected_logout(call: Call, pool: PoolSnapshot, provider: IdentityProvider) -> ExpectedLogout:
    metadata = await current_metadata(call, provider)
    return ExpectedLogout(
        issuer=metadata.entity_id,
        certificates=metadata.certificates,
        destinations=addresses(call, pool, LOGOUT),
        now=call.now,
    )
