"""Devices that a person signs in from: the keys that they are given, and what is kept of those that they confirm.

Nothing is kept of a device before it is confirmed: its key is bound to the sign-in that it was given out in, and
its group key is a keyed hash of whose it is.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Self

from poolhouse.core.documents import from_iso, to_iso
from poolhouse.core.ids import ALPHANUMERIC, Random, new_jti
from poolhouse.core.pools import UserPool
from poolhouse.core.srp import Verifier
from poolhouse.core.users import User

MAX_DEVICES = 100
"""A person's devices that are kept; one more, and the one not seen for longest is forgotten. Our own limit: each
sign-in without a DEVICE_KEY may add one."""


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
    verifier: Verifier | None = None
    """Made by the device; None where it was confirmed without one: it can't prove itself."""
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
        verifier: Verifier | None,
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
