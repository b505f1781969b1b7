"""How risky a sign-in is: where the person comes from, against where they are known to come from.

Source: Cognito developer guide, "Working with adaptive authentication". How the service weighs what it sees is its
secret; this is a weighing that can be read.
"""

from __future__ import annotations

import hashlib
import ipaddress
import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from poolhouse.core.auth_events import AuthEvent, Origin
from poolhouse.core.risk_settings import LEVELS, Level, parse_address
from poolhouse.core.user_agents import OTHER

FAILURES = 5
FAILURES_WITHIN = timedelta(hours=1)
"""So many vain tries in so short a time make a sign-in one level riskier."""
LOOKED_AT = 20
"""That many events of the history are looked at for failures."""
KNOWN_FOR = timedelta(days=365)
"""How long a place that the person does not come from again is remembered."""
MOST_KNOWN = 30
"""Devices, networks and addresses that are remembered of a person, each, and as many again that are not trusted; the
oldest goes first."""


@dataclass(frozen=True, slots=True)
class Place:
    """Something by which a person is known again."""

    kind: str
    """`device`, `network` or `address`."""
    value: str


@dataclass(frozen=True, slots=True)
class Known:
    """A place that a person has come from."""

    place: Place
    is_trusted: bool
    """False: somebody said that what came from there was not the person."""


def device_of(origin: Origin) -> Place | None:
    """The device, by the id that its application has given it, else by what its browser says of itself; None where
    nothing is said. A browser is known again after its next version, too."""
    if origin.device_id:
        return Place("device", "id:" + origin.device_id)
    if not origin.user_agent:
        return None
    name = re.sub(r" \d+", "", origin.device)
    if name == f"{OTHER}, {OTHER}":
        name = re.split(r"[/\s(]", origin.user_agent.strip(), maxsplit=1)[0]
    return Place("device", "agent:" + digest(name))


def network_of(origin: Origin) -> Place | None:
    """The neighbourhood of the address: 256 addresses of IPv4, what one customer has of IPv6."""
    address = parse_address(origin.address)
    if address is None:
        return None
    length = 24 if isinstance(address, ipaddress.IPv4Address) else 48
    return Place("network", str(ipaddress.ip_network(f"{address}/{length}", strict=False)))


def address_of(origin: Origin) -> Place | None:
    address = parse_address(origin.address)
    return None if address is None else Place("address", str(address))


def places_of(origin: Origin) -> tuple[Place, ...]:
    found = (device_of(origin), network_of(origin), address_of(origin))
    return tuple(place for place in found if place is not None)


def places_to_distrust(origin: Origin) -> tuple[Place, ...]:
    """What is never trusted again after somebody said that it was not them. Browsers that call themselves alike, and
    neighbours in a network, are not to suffer for it."""
    device = device_of(origin)
    mine = () if device is None or not device.value.startswith("id:") else (device,)
    address = address_of(origin)
    return mine if address is None else (*mine, address)


def places_to_forget(event: AuthEvent) -> tuple[Place, ...]:
    """What is not known any more after somebody said that it was not them: the network in which this sign-in has made
    itself known, or its other addresses would be no risk. One in which the person is themselves is soon known again."""
    network = network_of(event.origin) if event.kind == "SignIn" and event.outcome == "Pass" else None
    return () if network is None else (network,)


def assess(origin: Origin, known: Collection[Known], failures: int) -> Level | None:
    """The level of risk; None for no risk. Who has never come from anywhere is compared with nothing."""
    places = places_of(origin)
    trusted = {one.place for one in known if one.is_trusted}
    if any(not one.is_trusted and one.place in places for one in known):
        return "High"
    unknown = 0
    if trusted:
        # What is not told is not known: who hides where they come from is no safer than who tells it.
        unknown = sum(
            place is None or place not in trusted for place in (device_of(origin), network_of(origin))
        )
    risk = unknown + (failures >= FAILURES)
    return None if risk == 0 else LEVELS[risk - 1]


def recent_failures(events: Iterable[AuthEvent], now: datetime, *, but: str) -> int:
    """How many of the events are sign-ins that failed lately. `but` is the id of the one that is under way."""
    return sum(
        event.kind == "SignIn"
        and event.outcome == "Fail"
        and event.id != but
        and event.created_at > now - FAILURES_WITHIN
        for event in events
    )


def digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]
