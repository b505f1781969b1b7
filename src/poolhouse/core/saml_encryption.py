"""Encrypted assertions: opened with the key that the provider's metadata of us gave out.

Who sends ciphertexts to see how they fail must learn nothing: every failure is one. A key that can't be unwrapped is
replaced by one that opens nothing, so that this takes its time too.

Source: W3C XML Encryption 1.1; SAML Core §6.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence
from xml.sax.saxutils import quoteattr  # writes, and reads nothing

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, OAEP
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from lxml import etree

from poolhouse.core.saml_xml import SamlRefused, ds, only_child, parse, saml, xenc

XENC = "http://www.w3.org/2001/04/xmlenc#"
XENC11 = "http://www.w3.org/2009/xmlenc11#"
OAEP_MGF1P = f"{XENC}rsa-oaep-mgf1p"
OAEP_11 = f"{XENC11}rsa-oaep"

CIPHERS = {
    f"{XENC11}aes128-gcm": (16, True),
    f"{XENC11}aes192-gcm": (24, True),
    f"{XENC11}aes256-gcm": (32, True),
    f"{XENC}aes128-cbc": (16, False),
    f"{XENC}aes192-cbc": (24, False),
    f"{XENC}aes256-cbc": (32, False),
}
"""Name: (bytes of the key, whether it is authenticated). CBC is what most providers send unless told otherwise."""
DIGESTS: dict[str | None, hashes.HashAlgorithm] = {
    # What the standard says where nothing is said; OAEP needs no resistance to collisions.
    None: hashes.SHA1(),  # noqa: S303
    "http://www.w3.org/2000/09/xmldsig#sha1": hashes.SHA1(),  # noqa: S303
    f"{XENC}sha256": hashes.SHA256(),
    "http://www.w3.org/2001/04/xmldsig-more#sha384": hashes.SHA384(),
    f"{XENC}sha512": hashes.SHA512(),
}
MGFS: dict[str | None, hashes.HashAlgorithm] = {
    None: hashes.SHA1(),  # noqa: S303
    f"{XENC11}mgf1sha1": hashes.SHA1(),  # noqa: S303
    f"{XENC11}mgf1sha256": hashes.SHA256(),
    f"{XENC11}mgf1sha384": hashes.SHA384(),
    f"{XENC11}mgf1sha512": hashes.SHA512(),
}
NONCE_SIZE = 12
BLOCK_SIZE = 16
UNREADABLE = "the encrypted assertion can't be opened, or is not signed by the provider"


def open_assertion(encrypted: etree._Element, keys: Sequence[rsa.RSAPrivateKey]) -> etree._Element:
    """The assertion in an EncryptedAssertion, by one of our keys. Nothing says yet that the provider wrote it.

    Raises:
        SamlRefused: an algorithm that is not supported, or, whatever the reason, UNREADABLE.
    """
    data = only_child(encrypted, xenc("EncryptedData"))
    size, is_authenticated = _cipher(data)
    wrapped = list(encrypted.iter(xenc("EncryptedKey")))
    if len(wrapped) != 1:
        raise SamlRefused("the encrypted assertion does not have exactly one EncryptedKey")
    oaep = _oaep(wrapped[0])
    wrapped_key, content = _value(wrapped[0]), _value(data)
    for key in keys:
        opened = _decrypt(_unwrap(key, wrapped_key, oaep, size), content, is_authenticated)
        # Without authentication a wrong key gives something too, now and then.
        assertion = None if opened is None else _assertion(opened, data.nsmap)
        if assertion is not None:
            return assertion
    raise SamlRefused(UNREADABLE)


def _cipher(data: etree._Element) -> tuple[int, bool]:
    found = CIPHERS.get(_method(data).get("Algorithm", ""))
    if found is None:
        raise SamlRefused("the assertion is encrypted by another method than AES-GCM or AES-CBC")
    return found


def _oaep(key: etree._Element) -> OAEP:
    method = _method(key)
    algorithm = method.get("Algorithm")
    if algorithm not in (OAEP_MGF1P, OAEP_11):
        # PKCS #1 v1.5 among them, which tells who asks often enough what it encrypts (Bleichenbacher).
        raise SamlRefused("the assertion's key is encrypted by another method than RSA-OAEP")
    digest = method.find(ds("DigestMethod"))
    mask = method.find(f"{{{XENC11}}}MGF")
    if method.find(xenc("OAEPparams")) is not None:
        raise SamlRefused("the assertion's key is encrypted with OAEPparams")
    digest_name = None if digest is None else digest.get("Algorithm")
    mask_name = None if mask is None or algorithm == OAEP_MGF1P else mask.get("Algorithm")
    if digest_name not in DIGESTS or mask_name not in MGFS:
        raise SamlRefused("the assertion's key is encrypted with an unknown digest")
    return OAEP(mgf=MGF1(MGFS[mask_name]), algorithm=DIGESTS[digest_name], label=None)


def _method(element: etree._Element) -> etree._Element:
    return only_child(element, xenc("EncryptionMethod"))


def _value(element: etree._Element) -> bytes:
    value = only_child(only_child(element, xenc("CipherData")), xenc("CipherValue"))
    try:
        return base64.b64decode("".join((value.text or "").split()), validate=True)
    except ValueError:
        raise SamlRefused(UNREADABLE) from None


def _unwrap(key: rsa.RSAPrivateKey, wrapped: bytes, oaep: OAEP, size: int) -> bytes:
    try:
        found = key.decrypt(wrapped, oaep)
    except ValueError:
        found = b""
    if len(found) == size:
        return found
    return hashlib.sha256(wrapped).digest()[:size]


def _decrypt(key: bytes, content: bytes, is_authenticated: bool) -> bytes | None:
    if is_authenticated:
        try:
            return AESGCM(key).decrypt(content[:NONCE_SIZE], content[NONCE_SIZE:], None)
        except (InvalidTag, ValueError):
            return None
    vector, blocks = content[:BLOCK_SIZE], content[BLOCK_SIZE:]
    if len(vector) < BLOCK_SIZE or not blocks or len(blocks) % BLOCK_SIZE:
        return None
    decryptor = Cipher(algorithms.AES(key), modes.CBC(vector)).decryptor()
    plain = decryptor.update(blocks) + decryptor.finalize()
    # XML Encryption §5.2.1: the last byte says how many were added; the others may be anything.
    added = plain[-1]
    return plain[:-added] if 1 <= added <= BLOCK_SIZE else None


def _assertion(content: bytes, namespaces: Mapping[str | None, str]) -> etree._Element | None:
    """The element that was encrypted. It was a part of the message around it, so it may lean on its prefixes."""
    declared = "".join(
        f" xmlns{':' + prefix if prefix else ''}={quoteattr(uri)}" for prefix, uri in namespaces.items()
    )
    try:
        around = parse(b"<opened" + declared.encode() + b">" + content + b"</opened>")
    except SamlRefused:
        return None
    return around[0] if [element.tag for element in around] == [saml("Assertion")] else None
