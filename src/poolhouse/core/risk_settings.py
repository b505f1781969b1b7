"""What a pool, or one of its clients, wants done about risk: the settings of threat protection.

Source: Cognito API reference, SetRiskConfiguration, RiskConfigurationType.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, Self, cast

from poolhouse.core.documents import from_iso, to_iso
from poolhouse.core.errors import InvalidParameterException
from poolhouse.shapes.cognito_idp import (
    AccountTakeoverActionType,
    AccountTakeoverRiskConfigurationType,
    CompromisedCredentialsRiskConfigurationType,
    NotifyConfigurationType,
    RiskExceptionConfigurationType,
    UserPoolType,
)

Level = Literal["Low", "Medium", "High"]
Mode = Literal["OFF", "AUDIT", "ENFORCED"]
Filter = Literal["SIGN_IN", "PASSWORD_CHANGE", "SIGN_UP"]
EVERY_EVENT: tuple[Filter, ...] = ("SIGN_IN", "SIGN_UP", "PASSWORD_CHANGE")
LEVELS: tuple[Level, ...] = ("Low", "Medium", "High")
ACTIONS: Mapping[Level, Literal["LowAction", "MediumAction", "HighAction"]] = {
    "Low": "LowAction",
    "Medium": "MediumAction",
    "High": "HighAction",
}
Network = ipaddress.IPv4Network | ipaddress.IPv6Network


@dataclass(frozen=True, slots=True)
class RiskSettings:
    """As they were set; None is what was left out."""

    modified_at: datetime | None = None
    """None: nobody has set anything."""
    compromised: CompromisedCredentialsRiskConfigurationType | None = None
    takeover: AccountTakeoverRiskConfigurationType | None = None
    exceptions: RiskExceptionConfigurationType | None = None

    @property
    def is_default(self) -> bool:
        return self.compromised is None and self.takeover is None and self.exceptions is None

    def blocks_compromised(self, event: Filter) -> bool:
        """Whether a password that others know is refused at this event; else it is told of in the history alone."""
        set_to = self.compromised
        if set_to is None:
            return True
        return set_to["Actions"]["EventAction"] == "BLOCK" and self.looks_for_compromised(event)

    def looks_for_compromised(self, event: Filter) -> bool:
        wanted = () if self.compromised is None else self.compromised.get("EventFilter", ())
        return event in (wanted or EVERY_EVENT)

    def action(self, level: Level) -> AccountTakeoverActionType:
        """What is done about a sign-in of this level; nothing where nothing was set."""
        actions = {} if self.takeover is None else self.takeover["Actions"]
        return cast(AccountTakeoverActionType, actions.get(ACTIONS[level])) or {
            "Notify": False,
            "EventAction": "NO_ACTION",
        }

    @property
    def notify(self) -> NotifyConfigurationType | None:
        return None if self.takeover is None else self.takeover.get("NotifyConfiguration")

    def blocks_address(self, address: str) -> bool:
        return _is_within(address, (self.exceptions or {}).get("BlockedIPRangeList", ()))

    def skips_address(self, address: str) -> bool:
        """Whether no risk is looked for in what comes from there."""
        return _is_within(address, (self.exceptions or {}).get("SkippedIPRangeList", ()))

    def to_document(self) -> dict[str, Any]:
        return {
            "modified_at": None if self.modified_at is None else to_iso(self.modified_at),
            "compromised": self.compromised,
            "takeover": self.takeover,
            "exceptions": self.exceptions,
        }

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Self:
        at = document["modified_at"]
        return cls(
            modified_at=None if at is None else from_iso(at),
            compromised=document["compromised"],
            takeover=document["takeover"],
            exceptions=document["exceptions"],
        )


DEFAULT = RiskSettings()


def mode(settings: UserPoolType, *, is_custom: bool = False) -> Mode:
    """Whether threat protection watches a pool's sign-ins, and whether it acts; `is_custom` of those by CUSTOM_AUTH.

    Source: Cognito API reference, UserPoolAddOnsType, AdvancedSecurityAdditionalFlowsType.
    """
    addons = settings.get("UserPoolAddOns", {})
    whole: Mode = cast(Mode, addons.get("AdvancedSecurityMode", "OFF"))
    if whole == "OFF" or not is_custom:
        return whole
    return cast(Mode, addons.get("AdvancedSecurityAdditionalFlows", {}).get("CustomAuthMode", "OFF"))


def check_exceptions(exceptions: RiskExceptionConfigurationType) -> None:
    """Raises InvalidParameterException: a range is none in CIDR notation."""
    for name, ranges in (
        ("BlockedIPRangeList", exceptions.get("BlockedIPRangeList", ())),
        ("SkippedIPRangeList", exceptions.get("SkippedIPRangeList", ())),
    ):
        for given in ranges:
            if _network(given) is None:
                raise InvalidParameterException(f"Invalid CIDR range in {name}: {given[:64]}")


_CIDR = re.compile(r"[0-9A-Fa-f:.]{2,45}/[0-9]{1,3}")
"""Not a mask in place of the length, which may mean another range than its writer thinks, nor a zone of IPv6."""


def _network(given: str) -> Network | None:
    if _CIDR.fullmatch(given) is None:
        return None
    try:
        found = ipaddress.ip_network(given, strict=False)
    except ValueError:
        return None
    mapped = found.network_address.ipv4_mapped if isinstance(found, ipaddress.IPv6Network) else None
    # As addresses are compared: see parse_address.
    return found if mapped is None else ipaddress.IPv4Network((mapped, max(0, found.prefixlen - 96)))


def _is_within(address: str, ranges: Iterable[str]) -> bool:
    if not ranges:
        return False
    found = parse_address(address)
    return found is not None and any(
        network is not None and network.version == found.version and found in network
        for network in map(_network, ranges)
    )


def parse_address(address: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """The address that a text is; an IPv4 address written as an IPv6 one is the IPv4 address."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return None
    mapped = found.ipv4_mapped if isinstance(found, ipaddress.IPv6Address) else None
    return mapped or found
