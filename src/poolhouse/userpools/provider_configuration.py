"""What a provider says of itself, asked when it is configured: OpenID Connect's discovery, SAML's metadata."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from poolhouse.core.documents import to_iso
from poolhouse.core.errors import InvalidParameterException
from poolhouse.core.identity_providers import ProviderType
from poolhouse.core.oidc_tokens import ALGORITHMS
from poolhouse.core.provider_details import (
    ENDPOINTS,
    check_details,
    check_web_address,
    needs_discovery,
)
from poolhouse.core.provider_keys import ProviderKeyUse
from poolhouse.core.saml_details import SamlDetails, described
from poolhouse.operation import Call
from poolhouse.ports.guarded import OutboundFailed
from poolhouse.store import Transaction
from poolhouse.userpools.signing_certificates import new_encryption_key, signing_keys

if TYPE_CHECKING:
    from poolhouse.core.saml_metadata import Metadata

DISCOVERY = "/.well-known/openid-configuration"
DISCOVERED = {
    "authorize_url": "authorization_endpoint",
    "token_url": "token_endpoint",
    "attributes_url": "userinfo_endpoint",
    "jwks_uri": "jwks_uri",
}
METADATA_SIZE = 1_000_000
"""Bytes."""


@dataclass(frozen=True, slots=True)
class Configured:
    details: Mapping[str, str]
    facts: Mapping[str, Any]
    keep: Callable[[Transaction], None] = lambda tx: None
    """What belongs into the transaction that keeps the provider."""


async def configure(
    call: Call, pool_id: str, name: str, type: ProviderType, given: Mapping[str, str]
) -> Configured:
    """The details as they are kept, with what the provider's own description adds.

    Raises:
        InvalidParameterException: they can't be right, or the description can't be had and is needed.
    """
    if type is ProviderType.SAML:
        return await _saml(call, pool_id, name, given)
    details = check_details(type, given)
    if type is not ProviderType.OIDC or details.get("poolhouse_type"):
        return Configured(details, {})
    try:
        described = await _discover(call, details["oidc_issuer"])
    except InvalidParameterException:
        # Source: Cognito API reference, CreateIdentityProvider: the four addresses serve where discovery fails.
        if needs_discovery(details):
            raise
        return Configured(details, {})
    facts = {
        "algorithms": _algorithms(described),
        "says_issuer": described.get("authorization_response_iss_parameter_supported") is True,
    }
    found = {name: _endpoint(described, member) for name, member in DISCOVERED.items()}
    filled = {name: details.get(name) or found[name] for name in ENDPOINTS}
    missing = [name for name in ENDPOINTS if not filled[name] and name != "attributes_url"]
    if missing:
        raise InvalidParameterException(f"The provider's discovery document does not say its {missing[0]}.")
    return Configured({**details, **{name: url for name, url in filled.items() if url}}, facts)


async def _discover(call: Call, issuer: str) -> Mapping[str, Any]:
    """Source: OpenID Connect Discovery §4."""
    try:
        reply = await call.ports.outbound.get(issuer + DISCOVERY, {"accept": "application/json"})
    except OutboundFailed as failed:
        raise InvalidParameterException(
            f"Unable to contact well-known endpoint {issuer}{DISCOVERY}: {failed}"
        ) from None
    document = reply.json_object() if reply.status == 200 else None
    if document is None:
        raise InvalidParameterException(f"{issuer}{DISCOVERY} is no discovery document.")
    if document.get("issuer") != issuer:  # §4.3
        raise InvalidParameterException(f"The discovery document at {issuer} is of another issuer.")
    return document


def _endpoint(document: Mapping[str, Any], member: str) -> str:
    url = document.get(member)
    if url is None:
        return ""
    if not isinstance(url, str):
        raise InvalidParameterException(f"The provider's discovery document has no web address as {member}.")
    check_web_address(member, url)
    return url


def _algorithms(document: Mapping[str, Any]) -> list[str]:
    announced = document.get("id_token_signing_alg_values_supported")
    return [name for name in ALGORITHMS if isinstance(announced, list) and name in announced]


async def _saml(call: Call, pool_id: str, name: str, given: Mapping[str, str]) -> Configured:
    asked = SamlDetails.parse(given)
    text: str | bytes = asked.metadata_file or ""
    if asked.metadata_url is not None:
        text = await fetch_metadata(call, asked.metadata_url)
    metadata = await read_metadata(call, text)
    # Made now, so that the certificate that is shown next is the one that signs for this provider.
    await signing_keys(call, pool_id)
    certificate, keep = await _encryption(call, pool_id, name, asked)
    facts = {"metadata": metadata.to_document(), "fetched_at": to_iso(call.now)}
    return Configured(described(given, metadata, certificate), facts, keep)


async def _encryption(
    call: Call, pool_id: str, name: str, asked: SamlDetails
) -> tuple[str | None, Callable[[Transaction], None]]:
    """The certificate that the provider is to encrypt for, and what keeps its key, or drops one that is needed no
    more."""
    if not asked.encrypts:
        return None, lambda tx: tx.provider_keys.remove_of(pool_id, name)
    keys = await call.store.read(
        lambda tx: tx.provider_keys.of(pool_id, ProviderKeyUse.ENCRYPTION, call.now, name)
    )
    if keys:
        return keys[-1].certificate, lambda tx: None
    made = await new_encryption_key(call, pool_id, name)
    return made.certificate, lambda tx: tx.provider_keys.add(made)


async def fetch_metadata(call: Call, url: str) -> bytes:
    """Raises InvalidParameterException: there are none to be had."""
    try:
        reply = await call.ports.outbound.get(
            url, {"accept": "application/samlmetadata+xml, */*"}, max_size=METADATA_SIZE
        )
    except OutboundFailed as failed:
        raise InvalidParameterException(f"Error retrieving metadata from url {url}: {failed}.") from None
    if reply.status != 200:
        raise InvalidParameterException(f"Error retrieving metadata from url {url}: status {reply.status}.")
    return reply.body


async def read_metadata(call: Call, text: str | bytes) -> Metadata:
    """What they say, read in a thread of those that read XML.

    Raises:
        InvalidParameterException: they are none of one identity provider.
        TooManyRequestsException
    """
    # Imported late: most processes never read XML.
    from poolhouse.core.saml_metadata import describe_metadata
    from poolhouse.core.saml_xml import SamlRefused

    try:
        return await call.ports.documents.run(describe_metadata, text, call.now)
    except SamlRefused as refused:
        raise InvalidParameterException(f"Invalid SAML metadata: {refused}.") from None
