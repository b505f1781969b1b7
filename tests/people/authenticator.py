"""An authenticator in software, with the browser before it: what they send is written by cbor2, not by us."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import cbor2
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256

UP, UV, BE, BS, AT = 0x01, 0x04, 0x08, 0x10, 0x40
ICLOUD = bytes.fromhex("fbfc3007154e4ecc8c0b6e020557d7bd")


def b64(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def unb64(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


@dataclass
class Authenticator:
    """Holds one passkey. What a test sets differs from what an honest one would do."""

    origin: str = "https://auth.example.com"
    flags: int = UP | UV | BE | BS
    key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey = field(
        default_factory=lambda: ec.generate_private_key(ec.SECP256R1())
    )
    id: bytes = field(default_factory=lambda: secrets.token_bytes(20))
    aaguid: bytes = ICLOUD
    counts: bool = False
    count: int = 0
    rp_id: str = ""
    user_handle: bytes = b""
    cose: dict[int, Any] | None = None
    client_data: dict[str, Any] = field(default_factory=dict)
    """Members to put in place of the honest ones."""

    def create(self, options: Mapping[str, Any], **statement: Any) -> dict[str, Any]:
        """navigator.credentials.create(), as RegistrationResponseJSON."""
        assert {"alg": -7, "type": "public-key"} in options["pubKeyCredParams"]
        self.rp_id = self.rp_id or options["rp"]["id"]
        self.user_handle = unb64(options["user"]["id"])
        key = cbor2.dumps(self.cose or self._cose())
        credential = self.aaguid + len(self.id).to_bytes(2) + self.id + key
        attestation = {"fmt": "none", "attStmt": {}, **statement, "authData": self._data(AT) + credential}
        return {
            "id": b64(self.id),
            "rawId": b64(self.id),
            "type": "public-key",
            "clientExtensionResults": {},
            "authenticatorAttachment": "platform",
            "response": {
                "clientDataJSON": b64(self._client_data("webauthn.create", options["challenge"])),
                "attestationObject": b64(cbor2.dumps(attestation)),
                "transports": ["internal", "hybrid", "smoke-signal"],
            },
        }

    def get(self, options: Mapping[str, Any]) -> dict[str, Any]:
        """navigator.credentials.get(), as AuthenticationResponseJSON."""
        if self.counts:
            self.count += 1
        data = self._data(0)
        client_data = self._client_data("webauthn.get", options["challenge"])
        return {
            "id": b64(self.id),
            "rawId": b64(self.id),
            "type": "public-key",
            "clientExtensionResults": {},
            "response": {
                "clientDataJSON": b64(client_data),
                "authenticatorData": b64(data),
                "signature": b64(self._sign(data + hashlib.sha256(client_data).digest())),
                "userHandle": b64(self.user_handle),
            },
        }

    def _data(self, flags: int) -> bytes:
        return (
            hashlib.sha256(self.rp_id.encode()).digest()
            + bytes([self.flags | flags])
            + self.count.to_bytes(4)
        )

    def _client_data(self, type: str, challenge: str) -> bytes:
        honest = {"type": type, "challenge": challenge, "origin": self.origin, "crossOrigin": False}
        return json.dumps({**honest, **self.client_data}).encode()

    def _sign(self, content: bytes) -> bytes:
        if isinstance(self.key, rsa.RSAPrivateKey):
            return self.key.sign(content, padding.PKCS1v15(), SHA256())
        return self.key.sign(content, ec.ECDSA(SHA256()))

    def _cose(self) -> dict[int, Any]:
        public = self.key.public_key().public_numbers()
        if isinstance(public, rsa.RSAPublicNumbers):
            size = (public.n.bit_length() + 7) // 8
            return {1: 3, 3: -257, -1: public.n.to_bytes(size), -2: public.e.to_bytes(3)}
        return {1: 2, 3: -7, -1: 1, -2: public.x.to_bytes(32), -3: public.y.to_bytes(32)}
