"""Devices that a person signs in from: the keys that they are given, and what is kept of those that they confirm.

Nothing is kept of a device before it is confirmed: its key is bound to the sign-in that it was given out in, and
its group key is a keyed hash of whose it is.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Self

from poolhouse.core.documents import from_iso, to_iso
from poolhouse.core.errors import InvalidParameterException
from poolhouse.core.ids import ALPHANUMERIC, Random, new_jti
from poolhouse.core.pools import UserPool
from poolhouse.core.secret import Secret
from poolhouse.core.users import User

MAX_DEVICES = 100
"""A person's devices that are kept; one more, and the one not seen for longest is forgotten. Our own limit: each
sign-in without a DEVICE_KEY may add one."""
LONGEST_SALT = 64
"""Bytes. Cognito's clients make 16."""
LONGEST_VERIFIER = 385
"""Bytes of 3072 bits, with the 00 in front that a number written in two's complement may have."""


@dataclass(frozen=True, slots=True)
class DeviceVerifier:
    """What device SRP needs: made by the device, as numbers (RFC 5054 §2.5.3)."""

    salt: int
    verifier: int

    def to_secret(self) -> Secret:
        return Secret(f"{self.salt:x}:{self.verifier:x}")

    @classmethod
    def from_secret(cls, secret: Secret) -> Self:
        salt, verifier = secret.reveal().split(":")
        return cls(int(salt, 16), int(verifier, 16))

    def __repr__(self) -> str:
        return "DeviceVerifier(…)"


@dataclass(frozen=True, slots=True)
class Device:
    pool_id: str
    sub: str
    key: str
    group_key: str
    """What takes the place of the pool's name in device SRP."""
    created_at: datetime
    modified_at: datetime
    authenticated_at: datetime
    """When somebody last signed in from it."""
    is_remembered: bool
    address: str
    """The network address that it was last seen at."""
    verifier: Secret | None = None
    """As `DeviceVerifier` writes it; None where it was confirmed without one: it can't prove itself."""
    name: str | None = None
    version: int = 1

    @property
    def can_prove_itself(self) -> bool:
        """Whether a sign-in may ask it to: it is remembered, and there is something to hold its proof against."""
        return self.is_remembered and self.verifier is not None

    def remembered(self, now: datetime, is_remembered: bool) -> Device:
        return replace(self, is_remembered=is_remembered, modified_at=now)

    def seen(self, now: datetime, address: str) -> Device:
        return replace(self, authenticated_at=now, address=address)

    def to_document(self) -> dict[str, Any]:
        return {
            "group_key": self.group_key,
            "created_at": to_iso(self.created_at),
            "modified_at": to_iso(self.modified_at),
            "authenticated_at": to_iso(self.authenticated_at),
            "is_remembered": self.is_remembered,
            "address": self.address,
            "name": self.name,
        }

    @classmethod
    def from_document(
        cls,
        document: Mapping[str, Any],
        *,
        pool_id: str,
        sub: str,
        key: str,
        verifier: Secret | None,
        version: int,
    ) -> Self:
        return cls(
            pool_id=pool_id,
            sub=sub,
            key=key,
            verifier=verifier,
            version=version,
            group_key=document["group_key"],
            created_at=from_iso(document["created_at"]),
            modified_at=from_iso(document["modified_at"]),
            authenticated_at=from_iso(document["authenticated_at"]),
            is_remembered=document["is_remembered"],
            address=document["address"],
            name=document["name"],
        )


def tracks_devices(pool: UserPool) -> bool:
    """Any value of DeviceConfiguration turns it on. Source: Cognito API reference, DeviceConfigurationType."""
    return "DeviceConfiguration" in pool.settings


def asks_before_remembering(pool: UserPool) -> bool:
    """DeviceOnlyRememberedOnUserPrompt: a confirmed device is remembered only once the person says so."""
    return bool(pool.settings.get("DeviceConfiguration", {}).get("DeviceOnlyRememberedOnUserPrompt"))


def replaces_factor(pool: UserPool) -> bool:
    """ChallengeRequiredOnNewDevice: a remembered device that proves itself stands for a second factor."""
    return bool(pool.settings.get("DeviceConfiguration", {}).get("ChallengeRequiredOnNewDevice"))


def new_device_key(random: Random, region: str) -> str:
    """`us-west-2_a1b2c3d4-5678-90ab-cdef-…`."""
    return f"{region}_{new_jti(random)}"


def device_group_key(key: bytes, pool_id: str, sub: str) -> str:
    """`-v7w9UcY6`: always the same for one person, so it need not be kept before a device is confirmed."""
    digest = hmac.digest(key, json.dumps([pool_id, sub]).encode(), hashlib.sha256)
    return "-" + "".join(ALPHANUMERIC[byte % len(ALPHANUMERIC)] for byte in digest[:8])


def parse_verifier(salt: str | None, verifier: str | None, modulus: int) -> DeviceVerifier:
    """What ConfirmDevice carries: both base64 of a number, big-endian.

    A verifier of 0, 1 or N - 1 would let anybody prove to be the device (RFC 5054 §2.5.4 has the like for A).

    Raises:
        InvalidParameterException: one is missing, no base64, or no number that SRP can use.
    """
    if salt is None or verifier is None:
        raise InvalidParameterException("DeviceSecretVerifierConfig needs both PasswordVerifier and Salt")
    numbers = DeviceVerifier(
        _number(salt, "Salt", LONGEST_SALT), _number(verifier, "PasswordVerifier", LONGEST_VERIFIER)
    )
    if not 1 < numbers.verifier < modulus - 1:
        raise InvalidParameterException("Invalid PasswordVerifier in DeviceSecretVerifierConfig")
    return numbers


def _number(text: str, name: str, longest: int) -> int:
    if len(text) <= 2 * longest:
        try:
            content = base64.b64decode(text, validate=True)
        except (binascii.Error, ValueError):
            content = b""
        if 0 < len(content) <= longest:
            return int.from_bytes(content)
    raise InvalidParameterException(f"Invalid {name} in DeviceSecretVerifierConfig")


def device_attributes(pool: UserPool, user: User, device: Device) -> list[tuple[str, str]]:
    """What DeviceAttributes lists, in Cognito's order.

    Source: Cognito API reference, GetDevice; the example outputs of the AWS CLI.
    """
    owner = f"{user.username}.{pool.id}"
    arn = f"arn:aws:cognito-idp:{pool.region}:{pool.account_id}:owner/{owner}/device/{device.key}"
    named = [] if device.name is None else [("device_name", device.name)]
    return [
        ("device_status", "valid"),
        *named,
        ("dev:device_arn", arn),
        ("dev:device_owner", owner),
        ("last_ip_used", device.address),
        ("dev:device_remembered_status", "remembered" if device.is_remembered else "not_remembered"),
        ("dev:device_sdk", "aws-sdk"),
    ]
