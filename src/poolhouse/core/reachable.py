"""Which addresses the server may call by itself, at the word of somebody else: those of the public internet.

An address that names another (IPv4 within IPv6) is judged by both: the inner one is where the packet may end.

Source: IANA's registries of special-purpose addresses (RFC 6890), as `ipaddress.is_global` has them; RFC 4291
§2.5.5.2, RFC 6052 §2.1, RFC 3056.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
NOT_PUBLIC = tuple(
    ipaddress.IPv6Network(network)
    for network in (
        "::/96",  # IPv4-compatible (RFC 4291 §2.5.5.1)
        "::ffff:0:0:0/96",  # IPv4-translated (RFC 2765 §2.1)
        "64:ff9b:1::/48",  # a network's own translation (RFC 8215)
        "5f00::/16",  # segment routing (RFC 9602)
        "3fff::/20",  # documentation (RFC 9637)
        "fec0::/10",  # site-local (RFC 3879)
    )
)
"""Which `is_global` lets through, or does in some versions of Python."""
_LAST_32_BITS = 0xFFFFFFFF


def may_reach(address: str, allowed: Iterable[Network]) -> bool:
    """Whether a request may go to this address; `allowed` are networks that are not public and may be reached all
    the same. What is no address may not."""
    try:
        outer = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    return is_allowed(outer, allowed) or all(
        _is_public(each) or is_allowed(each, allowed) for each in (outer, *_within(outer))
    )


def is_allowed(address: Address, allowed: Iterable[Network]) -> bool:
    return any(address.version == network.version and address in network for network in allowed)


def _is_public(address: Address) -> bool:
    is_named = any(address.version == network.version and address in network for network in NOT_PUBLIC)
    return address.is_global and not address.is_multicast and not address.is_unspecified and not is_named


def _within(address: Address) -> Iterator[ipaddress.IPv4Address]:
    if isinstance(address, ipaddress.IPv4Address):
        return
    if address.ipv4_mapped is not None:
        yield address.ipv4_mapped
    if address.sixtofour is not None:
        yield address.sixtofour
    if address.teredo is not None:
        yield from address.teredo
    if address in NAT64:
        yield ipaddress.IPv4Address(int(address) & _LAST_32_BITS)
