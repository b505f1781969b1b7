"""The metadata of a SAML identity provider: who it is, where it is reached, by which keys it signs.

Source: SAML Metadata §2; Amazon Cognito developer guide, "Things to know about SAML IdPs".
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from lxml import etree

from poolhouse.core.saml_xml import (
    PROTOCOL,
    REDIRECT_BINDING,
    SamlRefused,
    ds,
    instant_of,
    md,
    parse,
    text_of,
)

MAX_CERTIFICATE = 4_096
"""Characters of base64. Source: developer guide, "Things to know about SAML IdPs"."""
MAX_CERTIFICATES = 20
MAX_TEXT = 1_024
"""Of an entity's name (SAML Core §8.3.6) and of an address."""
MIN_RSA = 2_048


@dataclass(frozen=True, slots=True)
class Metadata:
    entity_id: str
    sso_redirect: str
    """Where a request for authentication goes, by HTTP-Redirect."""
    slo_redirect: str | None
    """Where a request to sign out goes."""
    certificates: tuple[str, ...]
    """Base64 of DER: any of these may have signed."""
    valid_until: datetime | None = None

    def to_document(self) -> dict[str, Any]:
        return {
            "entity_id": self.entity_id,
            "sso_redirect": self.sso_redirect,
            "slo_redirect": self.slo_redirect,
            "certificates": list(self.certificates),
            "valid_until": None if self.valid_until is None else self.valid_until.isoformat(),
        }

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Self:
        until = document["valid_until"]
        return cls(
            entity_id=document["entity_id"],
            sso_redirect=document["sso_redirect"],
            slo_redirect=document["slo_redirect"],
            certificates=tuple(document["certificates"]),
            valid_until=None if until is None else datetime.fromisoformat(until),
        )


def describe_metadata(document: str | bytes, now: datetime) -> Metadata:
    """What a provider's metadata say.

    Raises:
        SamlRefused: they are no metadata of one identity provider, lack what is needed, or are over.
    """
    root = parse(document.encode("utf-8", "replace") if isinstance(document, str) else document)
    entity = _entity(root)
    role = _role(entity)
    ends = [end for end in (instant_of(e, "validUntil") for e in (root, entity, role)) if end is not None]
    if any(end <= now for end in ends):
        raise SamlRefused("the metadata are over: validUntil is past")
    entity_id = entity.get("entityID", "").strip()
    if not entity_id or len(entity_id) > MAX_TEXT:
        raise SamlRefused("entityID is missing or too long")
    sso = _address(role, "SingleSignOnService")
    if sso is None:
        raise SamlRefused("there is no SingleSignOnService with the HTTP-Redirect binding")
    return Metadata(
        entity_id=entity_id,
        sso_redirect=sso,
        slo_redirect=_address(role, "SingleLogoutService"),
        certificates=_certificates(role, now),
        valid_until=min(ends, default=None),
    )


def _entity(root: etree._Element) -> etree._Element:
    if root.tag == md("EntityDescriptor"):
        return root
    if root.tag != md("EntitiesDescriptor"):
        raise SamlRefused("the document is no SAML metadata")
    # A federation's list with one identity provider in it is as good as its entity alone.
    found = [
        e for e in root.iterfind(f".//{md('EntityDescriptor')}") if e.find(md("IDPSSODescriptor")) is not None
    ]
    if len(found) != 1:
        raise SamlRefused("the metadata are not of exactly one identity provider")
    return found[0]


def _role(entity: etree._Element) -> etree._Element:
    roles = [
        role
        for role in entity.findall(md("IDPSSODescriptor"))
        if PROTOCOL in role.get("protocolSupportEnumeration", "").split()
    ]
    if len(roles) != 1:
        raise SamlRefused("there is no IDPSSODescriptor of SAML 2.0, or more than one")
    return roles[0]


def _address(role: etree._Element, name: str) -> str | None:
    """The first address for the redirect binding. Raises SamlRefused: it is no web address."""
    for service in role.findall(md(name)):
        if service.get("Binding") == REDIRECT_BINDING:
            location = service.get("Location", "").strip()
            try:
                parts = urlsplit(location)
            except ValueError:
                raise SamlRefused(f"{name} has no web address") from None
            printable = location.isascii() and location.isprintable() and " " not in location
            if parts.scheme not in ("https", "http") or not parts.hostname or not printable:
                raise SamlRefused(f"{name} has no web address")
            if len(location) > MAX_TEXT or parts.fragment:
                raise SamlRefused(f"{name} has an address that is too long or has a fragment")
            return location
    return None


def _certificates(role: etree._Element, now: datetime) -> tuple[str, ...]:
    """Raises SamlRefused: there is none that can be used; one is too long or too weak."""
    found: dict[str, None] = {}
    over = False
    for descriptor in role.findall(md("KeyDescriptor")):
        if descriptor.get("use") not in (None, "signing"):
            continue
        for element in descriptor.iterfind(f".//{ds('X509Certificate')}"):
            text = "".join(text_of(element).split())
            if len(text) > MAX_CERTIFICATE:
                raise SamlRefused(f"a signing certificate is longer than {MAX_CERTIFICATE} characters")
            certificate = _load(text)
            if certificate.not_valid_after_utc <= now:
                over = True
            else:
                found[text] = None
    if not found:
        raise SamlRefused(
            "the signing certificate has expired" if over else "there is no signing certificate"
        )
    if len(found) > MAX_CERTIFICATES:
        raise SamlRefused("there are too many signing certificates")
    return tuple(found)


def _load(text: str) -> x509.Certificate:
    try:
        certificate = x509.load_der_x509_certificate(base64.b64decode(text, validate=True))
        key = certificate.public_key()
    except (ValueError, binascii.Error, UnsupportedAlgorithm, x509.InvalidVersion):
        raise SamlRefused("a signing certificate can't be read") from None
    if isinstance(key, rsa.RSAPublicKey):
        if key.key_size < MIN_RSA:
            raise SamlRefused(f"a signing key is shorter than {MIN_RSA} bits")
    elif not isinstance(key, ec.EllipticCurvePublicKey):
        raise SamlRefused("a signing key is neither RSA nor of an elliptic curve")
    return certificate
