"""Passkeys: what is kept of one, who may ask for it, and the options that a browser gets.

Source: Web Authentication Level 3 (W3C); Cognito API reference, StartWebAuthnRegistration.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import ipaddress
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Self
from urllib.parse import urlsplit

from poolhouse.core.authenticators import ALGORITHMS
from poolhouse.core.base64url import base64url
from poolhouse.core.documents import from_iso, to_iso
from poolhouse.core.pool_settings import first_factors
from poolhouse.core.pools import UserPool
from poolhouse.core.users import User

MAX_PASSKEYS = 20
"""Of one person: as many as one page of ListWebAuthnCredentials shows."""
CHALLENGE_SIZE = 32
"""Bytes. WebAuthn L3 §13.4.3 asks for 16 at least."""
REGISTRATION_LASTS = timedelta(minutes=5)
TIMEOUT = 60_000
"""Milliseconds, a hint to the browser. Source: the example of the Cognito API reference."""
REQUIRED, PREFERRED = "required", "preferred"
PUBLIC_KEY = "public-key"
ORIGIN = re.compile(r"(https?)://([a-z0-9-]+(?:\.[a-z0-9-]+)*)(?::[0-9]{1,5})?", re.ASCII)
LOCALHOST = "localhost"


@dataclass(frozen=True, slots=True)
class Passkey:
    """A credential of a person; the private half of its key never was here."""

    pool_id: str
    sub: str
    id: str
    """The credential's id, base64url without padding, as the API writes it."""
    public_key: bytes
    """COSE_Key in CBOR (RFC 9052 §7), as `checked_key` gives it."""
    sign_count: int
    """What the authenticator counted at the last use; 0 for one that does not count."""
    relying_party: str
    name: str
    created_at: datetime
    used_at: datetime | None = None
    attachment: str | None = None
    """`platform` or `cross-platform`, where the browser said so."""
    transports: tuple[str, ...] = ()
    is_copied: bool = False
    """Whether its keeper holds it in more than one place."""
    version: int = 1

    def used(self, now: datetime, sign_count: int, *, is_copied: bool) -> Passkey:
        return replace(self, used_at=now, sign_count=sign_count, is_copied=is_copied)

    def to_document(self) -> dict[str, Any]:
        return {
            "public_key": base64.b64encode(self.public_key).decode(),
            "relying_party": self.relying_party,
            "name": self.name,
            "created_at": to_iso(self.created_at),
            "used_at": None if self.used_at is None else to_iso(self.used_at),
            "attachment": self.attachment,
            "transports": list(self.transports),
            "is_copied": self.is_copied,
        }

    @classmethod
    def from_document(
        cls, document: Mapping[str, Any], *, pool_id: str, sub: str, id: str, sign_count: int, version: int
    ) -> Self:
        used_at = document["used_at"]
        return cls(
            pool_id=pool_id,
            sub=sub,
            id=id,
            sign_count=sign_count,
            version=version,
            public_key=base64.b64decode(document["public_key"]),
            relying_party=document["relying_party"],
            name=document["name"],
            created_at=from_iso(document["created_at"]),
            used_at=None if used_at is None else from_iso(used_at),
            attachment=document["attachment"],
            transports=tuple(document["transports"]),
            is_copied=document["is_copied"],
        )


def are_enabled(pool: UserPool) -> bool:
    """Whether the pool's people may sign in with passkeys."""
    return "WEB_AUTHN" in (first_factors(pool.settings) or ())


def user_verification(pool: UserPool, user: User | None = None) -> str:
    """Whether the authenticator must know its owner, by a PIN or a finger: `required` or `preferred`.

    A passkey that takes the place of a second factor must be one with the first in it, for everybody where the pool
    says so, and for who switched that on.

    Source: Cognito API reference, WebAuthnConfigurationType, WebAuthnMfaSettingsType.
    """
    settings = pool.web_authn or {}
    counts_twice = settings.get("FactorConfiguration") == "MULTI_FACTOR_WITH_USER_VERIFICATION"
    if counts_twice or (user is not None and user.mfa.passkeys):
        return REQUIRED
    return settings.get("UserVerification", PREFERRED)


def relying_party(pool: UserPool, homes: Iterable[str]) -> str | None:
    """The RP id under which the pool's passkeys are made: the one set, else the host of the first of the pool's
    domains (their base addresses are `homes`); None where there is none.

    A browser takes no address in numbers for one (WebAuthn L3 §5.1.2); this machine has a name as well.
    """
    if pool.web_authn is not None and "RelyingPartyId" in pool.web_authn:
        return pool.web_authn["RelyingPartyId"]
    for home in homes:
        host = urlsplit(home).hostname or ""
        if not _is_address(host):
            return host
        if ipaddress.ip_address(host).is_loopback:
            return LOCALHOST
    return None


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def is_allowed_origin(origin: str, relying_party: str) -> bool:
    """Whether a page of this origin may use the RP id's passkeys: its host is the RP id or lies below it, and nobody
    can have put another page in its place (https, or this machine).

    The port is left free, as browsers leave it.

    Source: WebAuthn L3 §5.1.2 and §13.4.9; HTML, "is a registrable domain suffix of or is equal to".
    """
    found = ORIGIN.fullmatch(origin)
    if found is None:
        return False
    scheme, host = found[1], found[2]
    if host != relying_party and not host.endswith("." + relying_party):
        return False
    return scheme == "https" or host == LOCALHOST or host.endswith("." + LOCALHOST)


def rp_id_hash(relying_party: str) -> bytes:
    return hashlib.sha256(relying_party.encode()).digest()


def challenge_hash(challenge: str) -> bytes:
    """What is kept of a registration's challenge: of 32 random bytes an unkeyed hash says nothing."""
    return hashlib.sha256(challenge.encode("utf-8", "surrogatepass")).digest()


def creation_options(
    user: User, relying_party: str, challenge: str, existing: Sequence[Passkey], verification: str
) -> dict[str, Any]:
    """PublicKeyCredentialCreationOptionsJSON (WebAuthn L3 §5.4), as Cognito fills it in."""
    return {
        "authenticatorSelection": {
            "requireResidentKey": True,
            "residentKey": REQUIRED,
            "userVerification": verification,
        },
        "challenge": challenge,
        "excludeCredentials": [{"id": passkey.id, "type": PUBLIC_KEY} for passkey in existing],
        "pubKeyCredParams": [{"alg": algorithm, "type": PUBLIC_KEY} for algorithm in ALGORITHMS],
        "rp": {"id": relying_party, "name": relying_party},
        "timeout": TIMEOUT,
        "user": {
            "displayName": user.username,
            "id": base64url(user.sub.encode()),
            "name": user.username,
        },
    }


def request_options(
    relying_party: str, challenge: str, allowed: Sequence[Mapping[str, Any]], verification: str
) -> dict[str, Any]:
    """PublicKeyCredentialRequestOptionsJSON (WebAuthn L3 §5.5); `allowed` from `descriptor` or `decoy`."""
    return {
        "challenge": challenge,
        "timeout": TIMEOUT,
        "rpId": relying_party,
        "allowCredentials": list(allowed),
        "userVerification": verification,
    }


def descriptor(passkey: Passkey) -> dict[str, Any]:
    return {"id": passkey.id, "type": PUBLIC_KEY, "transports": list(passkey.transports)}


def decoy(key: bytes, pool_id: str, name: str) -> dict[str, Any]:
    """What stands for the passkey of a name that nobody has: for one name always the same, in a form that real
    ones have (WebAuthn L3 §14.6.2)."""
    content = f"{pool_id}/{name}".encode("utf-8", "surrogatepass")
    drawn = hmac.digest(key, content, hashlib.sha512)
    size = (16, 20, 32)[drawn[-1] % 3]
    return {"id": base64url(drawn[:size]), "type": PUBLIC_KEY, "transports": ["hybrid", "internal"]}


def decode(text: str) -> bytes:
    """Padding is taken or left, as encoders differ. Raises ValueError."""
    bare = text.rstrip("=")
    try:
        return base64.b64decode(bare + "=" * (-len(bare) % 4), altchars=b"-_", validate=True)
    except binascii.Error as error:
        raise ValueError("not base64url") from error
