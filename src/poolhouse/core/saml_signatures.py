"""XML signatures under one narrow profile, and signatures of addresses.

What a verifier returns is the tree that was signed, parsed from the very bytes that were digested. Only that tree is
read: with the document around it anything may have been done.

Source: SAML Core §5 (the profile of signatures in SAML); W3C XML Signature Best Practices.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from lxml import etree
from signxml.algorithms import DigestAlgorithm, SignatureMethod
from signxml.exceptions import SignXMLException
from signxml.verifier import SignatureConfiguration, XMLVerifier

from poolhouse.core.saml_xml import SamlRefused, ds, only_child, parse, serialize

EXCLUSIVE = "http://www.w3.org/2001/10/xml-exc-c14n#"
ENVELOPED = "http://www.w3.org/2000/09/xmldsig#enveloped-signature"
RSA_SHA256: Final = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"

METHODS = frozenset(
    {
        SignatureMethod.RSA_SHA256,
        SignatureMethod.RSA_SHA384,
        SignatureMethod.RSA_SHA512,
        SignatureMethod.ECDSA_SHA256,
        SignatureMethod.ECDSA_SHA384,
        SignatureMethod.ECDSA_SHA512,
        SignatureMethod.SHA256_RSA_MGF1,
        SignatureMethod.SHA384_RSA_MGF1,
        SignatureMethod.SHA512_RSA_MGF1,
    }
)
DIGESTS = frozenset({DigestAlgorithm.SHA256, DigestAlgorithm.SHA384, DigestAlgorithm.SHA512})
_METHOD_NAMES = frozenset(method.value for method in METHODS)
_DIGEST_NAMES = frozenset(digest.value for digest in DIGESTS)
UNSIGNED = "it is not signed"
BROKEN = "the signature is not valid"


def is_signed(element: etree._Element) -> bool:
    """Whether the element has a signature of its own; not whether that is valid."""
    return element.find(ds("Signature")) is not None


def verify(element: etree._Element, certificates: Sequence[str], now: datetime) -> etree._Element:
    """What is signed by the signature that is a child of `element` and covers all of it: a new tree without that
    signature and without comments. The key is one of `certificates` (base64 of DER); what the message says of keys
    is not looked at.

    Raises:
        SamlRefused: unsigned, outside of the profile, or by none of the keys.
    """
    # Alone: whatever else the document holds, no reference can lead there.
    root = parse(serialize(element))
    if root.find(ds("Signature")) is None:
        raise SamlRefused(UNSIGNED)
    signature = only_child(root, ds("Signature"))
    _check_profile(root, signature)
    for key_info in signature.findall(ds("KeyInfo")):
        signature.remove(key_info)
    content = serialize(root)
    for certificate in certificates:
        signed = _signed_by(content, certificate, now)
        if signed is not None and signed.tag == root.tag and signed.get("ID") == root.get("ID"):
            return signed
    raise SamlRefused(BROKEN)


def _check_profile(root: etree._Element, signature: etree._Element) -> None:
    """One reference, to the parent of the signature, by the two transforms that SAML knows (SAML Core §5.4)."""
    if any(isinstance(child, etree._Comment) or child.tag == ds("Object") for child in signature):
        raise SamlRefused(BROKEN)
    id = root.get("ID")
    if not id or any(element.get("ID") == id for element in root.iterfind(".//*[@ID]")):
        raise SamlRefused("the signed element has no ID of its own")
    info = only_child(signature, ds("SignedInfo"))
    reference = only_child(info, ds("Reference"))
    if reference.get("URI") != f"#{id}":
        raise SamlRefused("the signature is not over the element that it stands in")
    transforms = [
        transform.get("Algorithm")
        for transform in only_child(reference, ds("Transforms")).findall(ds("Transform"))
    ]
    if transforms != [ENVELOPED, EXCLUSIVE]:
        raise SamlRefused("the signature uses transforms other than enveloped and exclusive canonical form")
    if _algorithm(info, "CanonicalizationMethod") != EXCLUSIVE:
        raise SamlRefused("the signature uses another canonical form than the exclusive one")
    if _algorithm(info, "SignatureMethod") not in _METHOD_NAMES:
        raise SamlRefused("the signature method is not RSA or ECDSA with SHA-256 or better")
    if _algorithm(reference, "DigestMethod") not in _DIGEST_NAMES:
        raise SamlRefused("the digest is not SHA-256 or better")


def _algorithm(element: etree._Element, name: str) -> str | None:
    return only_child(element, ds(name)).get("Algorithm")


def _signed_by(content: bytes, certificate: str, now: datetime) -> etree._Element | None:
    try:
        trusted = x509.load_der_x509_certificate(base64.b64decode(certificate))
        # The metadata vouches for the key, and is where it ends. A certificate's own dates were looked at when the
        # provider was configured; that day must not lock everybody out (SAML Metadata Interoperability §2.6.1).
        at = min(max(now, trusted.not_valid_before_utc), trusted.not_valid_after_utc)
        result = XMLVerifier().verify(
            content,
            x509_cert=trusted,
            id_attribute="ID",
            expect_config=SignatureConfiguration(
                location="./",
                signature_methods=METHODS,
                digest_algorithms=DIGESTS,
                ignore_ambiguous_key_info=True,
                verification_time=at,
            ),
        )
    except (
        SignXMLException,
        InvalidSignature,
        UnsupportedAlgorithm,
        etree.LxmlError,
        ValueError,
        TypeError,
    ):
        return None
    assert not isinstance(result, list)
    return None if result.signed_xml is None else parse(result.signed_data)


def sign_text(key: rsa.RSAPrivateKey, text: str) -> str:
    """The signature of an address's parameters (SAML Bindings §3.4.4.1), as RSA_SHA256, in base64."""
    return base64.b64encode(key.sign(text.encode("ascii"), PKCS1v15(), SHA256())).decode()
