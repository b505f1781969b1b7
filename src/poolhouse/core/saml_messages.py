"""What we send to a SAML identity provider by way of the browser: requests, and the addresses that carry them.

Source: SAML Core §3.4, §3.7; SAML Bindings §3.4 (HTTP-Redirect).
"""

from __future__ import annotations

import base64
import binascii
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote, urlencode

from cryptography.hazmat.primitives.asymmetric import rsa
from lxml import etree

from poolhouse.core.saml_signatures import RSA_SHA256, sign_text
from poolhouse.core.saml_xml import (
    ASSERTION,
    MAX_SIZE,
    POST_BINDING,
    PROTOCOL,
    VERSION,
    SamlRefused,
    instant,
    saml,
    samlp,
)

SUCCESS = "urn:oasis:names:tc:SAML:2.0:status:Success"
NAMESPACES = {"samlp": PROTOCOL, "saml": ASSERTION}


@dataclass(frozen=True, slots=True)
class NameId:
    """Whom a provider speaks of. The qualifiers come back to it as they came (SAML Core §2.2.2)."""

    value: str
    format: str | None = None
    name_qualifier: str | None = None
    sp_name_qualifier: str | None = None

    def to_document(self) -> dict[str, str]:
        names = ("value", "format", "name_qualifier", "sp_name_qualifier")
        return {name: getattr(self, name) for name in names if getattr(self, name) is not None}

    @classmethod
    def from_document(cls, document: Mapping[str, str]) -> NameId:
        return cls(**document)


def entity_id_of(pool_id: str) -> str:
    """By which name providers know a pool."""
    return f"urn:amazon:cognito:sp:{pool_id}"


def message_id(random: bytes) -> str:
    """An ID that nobody foresees; it must not begin with a digit (SAML Core §1.3.4)."""
    return f"_{random.hex()}"


def authn_request(
    id: str, issuer: str, destination: str, acs: str, now: datetime, *, force_authn: bool = False
) -> bytes:
    """A request to sign somebody in, to be answered by HTTP-POST at `acs`."""
    root = _message("AuthnRequest", id, issuer, destination, now)
    root.set("AssertionConsumerServiceURL", acs)
    root.set("ProtocolBinding", POST_BINDING)
    if force_authn:
        root.set("ForceAuthn", "true")
    return _bytes(root)


def logout_request(
    id: str, issuer: str, destination: str, name: NameId, session_index: str | None, now: datetime
) -> bytes:
    root = _message("LogoutRequest", id, issuer, destination, now)
    name_id = etree.SubElement(root, saml("NameID"))
    name_id.text = name.value
    for attribute, value in (
        ("Format", name.format),
        ("NameQualifier", name.name_qualifier),
        ("SPNameQualifier", name.sp_name_qualifier),
    ):
        if value is not None:
            name_id.set(attribute, value)
    if session_index is not None:
        etree.SubElement(root, samlp("SessionIndex")).text = session_index
    return _bytes(root)


def logout_response(id: str, issuer: str, destination: str, in_response_to: str, now: datetime) -> bytes:
    root = _message("LogoutResponse", id, issuer, destination, now)
    root.set("InResponseTo", in_response_to)
    status = etree.SubElement(root, samlp("Status"))
    etree.SubElement(status, samlp("StatusCode")).set("Value", SUCCESS)
    return _bytes(root)


def _message(name: str, id: str, issuer: str, destination: str, now: datetime) -> etree._Element:
    root = etree.Element(samlp(name), nsmap=NAMESPACES)
    root.set("ID", id)
    root.set("Version", VERSION)
    root.set("IssueInstant", instant(now))
    root.set("Destination", destination)
    etree.SubElement(root, saml("Issuer")).text = issuer
    return root


def _bytes(root: etree._Element) -> bytes:
    content: bytes = etree.tostring(root)
    return content


def redirect_address(
    destination: str,
    message: bytes,
    relay_state: str | None,
    key: rsa.RSAPrivateKey | None,
    *,
    parameter: str = "SAMLRequest",
) -> str:
    """The address that carries a message to `destination`, signed if there is a key."""
    parameters = [(parameter, base64.b64encode(_deflate(message)).decode())]
    if relay_state is not None:
        parameters.append(("RelayState", relay_state))
    if key is not None:
        parameters.append(("SigAlg", RSA_SHA256))
    # What is signed are the very characters that are sent, in this order (SAML Bindings §3.4.4.1).
    query = urlencode(parameters, quote_via=quote, safe="")
    if key is not None:
        query += "&Signature=" + quote(sign_text(key, query), safe="")
    return f"{destination}{'&' if '?' in destination else '?'}{query}"


def _deflate(message: bytes) -> bytes:
    compressor = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return compressor.compress(message) + compressor.flush()


def posted_message(text: str) -> bytes:
    """The message in a form's SAMLResponse or SAMLRequest: base64, and no more (SAML Bindings §3.5.4). A provider
    that deflates what it posts is understood too.

    Raises:
        SamlRefused: no base64, or too large.
    """
    if len(text) > MAX_SIZE * 4 // 3:
        raise SamlRefused("the message is too large")
    try:
        content = base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError):
        raise SamlRefused("the message is no base64") from None
    return content if content.lstrip()[:1] in (b"<", b"\xef") else inflate(content)


def inflate(content: bytes) -> bytes:
    """What was deflated, up to the size of a document: a bomb ends there.

    Raises:
        SamlRefused: nothing that was deflated, or too large.
    """
    decompressor = zlib.decompressobj(wbits=-zlib.MAX_WBITS)
    try:
        message = decompressor.decompress(content, MAX_SIZE + 1)
    except zlib.error:
        raise SamlRefused("the message is neither XML nor deflated") from None
    if len(message) > MAX_SIZE:
        raise SamlRefused("the message is too large")
    if not decompressor.eof:
        raise SamlRefused("the message is not whole")
    return message
