"""A SAML identity provider for the tests, which can do everything wrong: signed by signxml, each part as asked for."""

from __future__ import annotations

import base64
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.x509.oid import NameOID
from lxml import etree
from signxml import XMLSigner
from signxml.algorithms import CanonicalizationMethod, SignatureConstructionMethod

SAML = "urn:oasis:names:tc:SAML:2.0:assertion"
SAMLP = "urn:oasis:names:tc:SAML:2.0:protocol"
DS = "http://www.w3.org/2000/09/xmldsig#"
XENC = "http://www.w3.org/2001/04/xmlenc#"
XENC11 = "http://www.w3.org/2009/xmlenc11#"
NS = {"saml": SAML, "samlp": SAMLP, "ds": DS}
SUCCESS = "urn:oasis:names:tc:SAML:2.0:status:Success"
PASSWORD = "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport"

Edit = Callable[[Any], None]


def instant(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@dataclass
class KeyPair:
    key: rsa.RSAPrivateKey
    certificate: x509.Certificate

    @property
    def base64(self) -> str:
        return base64.b64encode(self.certificate.public_bytes(serialization.Encoding.DER)).decode()


@cache
def key_pair(name: str, days: int = 3650, size: int = 2048) -> KeyPair:
    """The same for the same name: making one takes a while."""
    key = rsa.generate_private_key(65537, size)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder().subject_name(subject).issuer_name(subject).public_key(key.public_key())
    )
    builder = builder.serial_number(x509.random_serial_number())
    dated = builder.not_valid_before(now - timedelta(days=30)).not_valid_after(now + timedelta(days=days))
    return KeyPair(key, dated.sign(key, hashes.SHA256()))


@dataclass
class Provider:
    """Speaks of `subject` to `audience` at `acs`; `now` is its clock."""

    entity_id: str = "https://idp.example.com/metadata"
    address: str = "https://idp.example.com"
    audience: str = "urn:amazon:cognito:sp:us-east-1_test"
    acs: str = "https://auth.example.com/saml2/idpresponse"
    keys: KeyPair = field(default_factory=lambda: key_pair("idp"))
    now: Callable[[], datetime] = lambda: datetime.now(UTC)

    def metadata(self, *certificates: str, slo: bool = True, **attributes: str) -> str:
        keys = "".join(
            f'<md:KeyDescriptor use="signing"><ds:KeyInfo xmlns:ds="{DS}"><ds:X509Data><ds:X509Certificate>'
            f"{certificate}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>"
            for certificate in certificates or (self.keys.base64,)
        )
        binding = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"
        logout = f'<md:SingleLogoutService Binding="{binding}" Location="{self.address}/slo"/>' if slo else ""
        more = "".join(f' {name}="{value}"' for name, value in attributes.items())
        return (
            '<?xml version="1.0" encoding="UTF-8"?><!-- from the test -->'
            f'<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" entityID="{self.entity_id}"{more}>'
            f'<md:IDPSSODescriptor protocolSupportEnumeration="{SAMLP}">{keys}{logout}'
            f'<md:SingleSignOnService Binding="{binding}" Location="{self.address}/sso"/>'
            "</md:IDPSSODescriptor></md:EntityDescriptor>"
        )

    def assertion(
        self,
        subject: str = "bob@example.com",
        in_response_to: str | None = "_request",
        attributes: dict[str, Any] | None = None,
    ) -> Any:
        now = self.now()
        answers = f' InResponseTo="{in_response_to}"' if in_response_to else ""
        values = "".join(
            f'<saml:Attribute Name="{name}">'
            + "".join(
                f"<saml:AttributeValue>{v}</saml:AttributeValue>"
                for v in (value if isinstance(value, list) else [value])
            )
            + "</saml:Attribute>"
            for name, value in (attributes or {"email": "bob@example.com"}).items()
        )
        return etree.fromstring(
            f'<saml:Assertion xmlns:saml="{SAML}" ID="_a{os.urandom(8).hex()}" Version="2.0"'
            f' IssueInstant="{instant(now)}"><saml:Issuer>{self.entity_id}</saml:Issuer>'
            f"<saml:Subject><saml:NameID>{subject}</saml:NameID>"
            '<saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer">'
            f'<saml:SubjectConfirmationData Recipient="{self.acs}"{answers}'
            f' NotOnOrAfter="{instant(now + timedelta(minutes=5))}"/></saml:SubjectConfirmation></saml:Subject>'
            f'<saml:Conditions NotBefore="{instant(now - timedelta(minutes=1))}"'
            f' NotOnOrAfter="{instant(now + timedelta(minutes=5))}">'
            f"<saml:AudienceRestriction><saml:Audience>{self.audience}</saml:Audience></saml:AudienceRestriction>"
            "</saml:Conditions>"
            f'<saml:AuthnStatement AuthnInstant="{instant(now)}" SessionIndex="_s1"><saml:AuthnContext>'
            f"<saml:AuthnContextClassRef>{PASSWORD}</saml:AuthnContextClassRef>"
            "</saml:AuthnContext></saml:AuthnStatement>"
            f"<saml:AttributeStatement>{values}</saml:AttributeStatement></saml:Assertion>"
        )

    def response(self, content: Any, in_response_to: str | None = "_request") -> Any:
        answers = f' InResponseTo="{in_response_to}"' if in_response_to else ""
        root = etree.fromstring(
            f'<samlp:Response xmlns:samlp="{SAMLP}" xmlns:saml="{SAML}" ID="_r{os.urandom(8).hex()}"'
            f' Version="2.0" IssueInstant="{instant(self.now())}" Destination="{self.acs}"{answers}>'
            f"<saml:Issuer>{self.entity_id}</saml:Issuer>"
            f'<samlp:Status><samlp:StatusCode Value="{SUCCESS}"/></samlp:Status></samlp:Response>'
        )
        if content is not None:
            root.append(content)
        return root

    def sign(self, element: Any, keys: KeyPair | None = None, **options: Any) -> Any:
        """The element with a signature of its own, after its Issuer as the schema wants it."""
        element = etree.fromstring(etree.tostring(element))
        placeholder = etree.Element(f"{{{DS}}}Signature", Id="placeholder", nsmap={"ds": DS})
        issuer = element.find("saml:Issuer", NS)
        if issuer is not None:
            issuer.addnext(placeholder)
        else:
            element.insert(0, placeholder)
        keys = keys or self.keys
        signer = XMLSigner(
            **{
                "method": SignatureConstructionMethod.enveloped,
                "signature_algorithm": "rsa-sha256",
                "digest_algorithm": "sha256",
                "c14n_algorithm": CanonicalizationMethod.EXCLUSIVE_XML_CANONICALIZATION_1_0,
                **options,
            }
        )
        return signer.sign(
            element,
            key=keys.key,
            cert=[keys.certificate],
            reference_uri=element.get("ID"),
            id_attribute="ID",
        )

    def answer(
        self,
        in_response_to: str | None = "_request",
        *,
        subject: str = "bob@example.com",
        attributes: dict[str, Any] | None = None,
        signed: str = "assertion",
        edit_assertion: Edit | None = None,
        edit_response: Edit | None = None,
        encrypt_for: str | None = None,
        **encryption: Any,
    ) -> bytes:
        """A response; `signed` is "assertion", "response", "both" or "nothing"; edits happen before signing."""
        assertion = self.assertion(subject, in_response_to, attributes)
        if edit_assertion is not None:
            edit_assertion(assertion)
        if signed in ("assertion", "both"):
            assertion = self.sign(assertion)
        if encrypt_for is not None:
            assertion = encrypt(assertion, encrypt_for, **encryption)
        response = self.response(assertion, in_response_to)
        if edit_response is not None:
            edit_response(response)
        if signed in ("response", "both"):
            response = self.sign(response)
        return etree.tostring(response)

    def logout_response(
        self, in_response_to: str, destination: str, *, is_signed: bool = True, keys: KeyPair | None = None
    ) -> bytes:
        root = etree.fromstring(
            f'<samlp:LogoutResponse xmlns:samlp="{SAMLP}" xmlns:saml="{SAML}" ID="_l{os.urandom(8).hex()}"'
            f' Version="2.0" IssueInstant="{instant(self.now())}" Destination="{destination}"'
            f' InResponseTo="{in_response_to}"><saml:Issuer>{self.entity_id}</saml:Issuer>'
            f'<samlp:Status><samlp:StatusCode Value="{SUCCESS}"/></samlp:Status></samlp:LogoutResponse>'
        )
        return etree.tostring(self.sign(root, keys) if is_signed else root)

    def logout_request(
        self,
        subject: str,
        destination: str,
        *,
        is_signed: bool = True,
        session_index: str | None = None,
        keys: KeyPair | None = None,
    ) -> bytes:
        index = f"<samlp:SessionIndex>{session_index}</samlp:SessionIndex>" if session_index else ""
        root = etree.fromstring(
            f'<samlp:LogoutRequest xmlns:samlp="{SAMLP}" xmlns:saml="{SAML}" ID="_l{os.urandom(8).hex()}"'
            f' Version="2.0" IssueInstant="{instant(self.now())}" Destination="{destination}"'
            f' NotOnOrAfter="{instant(self.now() + timedelta(minutes=5))}">'
            f"<saml:Issuer>{self.entity_id}</saml:Issuer><saml:NameID>{subject}</saml:NameID>{index}"
            "</samlp:LogoutRequest>"
        )
        return etree.tostring(self.sign(root, keys) if is_signed else root)


def encrypt(
    assertion: Any,
    certificate: str,
    *,
    method: str = f"{XENC11}aes256-gcm",
    key_method: str = f"{XENC}rsa-oaep-mgf1p",
    is_beside: bool = False,
    content: bytes | None = None,
) -> Any:
    """An EncryptedAssertion for the key of a certificate (base64 of DER)."""
    public: Any = x509.load_der_x509_certificate(base64.b64decode(certificate)).public_key()
    key = os.urandom({"128": 16, "192": 24, "256": 32}[method.rpartition("aes")[2][:3]])
    plain = etree.tostring(assertion) if content is None else content
    if method.endswith("gcm"):
        nonce = os.urandom(12)
        sealed = nonce + AESGCM(key).encrypt(nonce, plain, None)
    else:
        added = 16 - len(plain) % 16
        vector = os.urandom(16)
        encryptor = Cipher(algorithms.AES(key), modes.CBC(vector)).encryptor()
        sealed = (
            vector + encryptor.update(plain + os.urandom(added - 1) + bytes([added])) + encryptor.finalize()
        )
    if key_method.endswith("rsa-1_5"):
        wrapped = public.encrypt(key, padding.PKCS1v15())
    else:
        wrapped = public.encrypt(key, padding.OAEP(padding.MGF1(hashes.SHA1()), hashes.SHA1(), None))
    encrypted_key = (
        f'<xenc:EncryptedKey xmlns:xenc="{XENC}"><xenc:EncryptionMethod Algorithm="{key_method}"/>'
        f"<xenc:CipherData><xenc:CipherValue>{base64.b64encode(wrapped).decode()}</xenc:CipherValue>"
        "</xenc:CipherData></xenc:EncryptedKey>"
    )
    inside, beside = ("", encrypted_key) if is_beside else (encrypted_key, "")
    return etree.fromstring(
        f'<saml:EncryptedAssertion xmlns:saml="{SAML}"><xenc:EncryptedData xmlns:xenc="{XENC}"'
        ' Type="http://www.w3.org/2001/04/xmlenc#Element">'
        f'<xenc:EncryptionMethod Algorithm="{method}"/><ds:KeyInfo xmlns:ds="{DS}">{inside}</ds:KeyInfo>'
        f"<xenc:CipherData><xenc:CipherValue>{base64.b64encode(sealed).decode()}</xenc:CipherValue>"
        f"</xenc:CipherData></xenc:EncryptedData>{beside}</saml:EncryptedAssertion>"
    )
