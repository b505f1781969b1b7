"""Whose address a request comes from: the socket's, or what a trusted proxy says."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, MutableMapping
from typing import Any

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class ClientAddress:
    """`X-Forwarded-For` and `X-Forwarded-Proto` count only from the proxies that are named, and only back to
    the first address that is none of them: what stands before it, anyone can have written."""

    def __init__(self, trusted_proxies: Iterable[str]) -> None:
        self._trusted: tuple[Network, ...] = tuple(
            ipaddress.ip_network(proxy, strict=False) for proxy in trusted_proxies
        )

    def of(self, scope: MutableMapping[str, Any], headers: list[tuple[bytes, bytes]]) -> tuple[str, str]:
        """(address, scheme)."""
        client = scope["client"]
        peer: str = client[0] if client is not None else ""
        scheme: str = scope["scheme"]
        if not self._trusted:
            return peer, scheme
        hop = _parse(peer)
        if hop is None or not self._is_trusted(hop):
            return peer, scheme
        forwarded = [value for name, value in headers if name == b"x-forwarded-for"]
        protocols = [value for name, value in headers if name == b"x-forwarded-proto"]
        if protocols and protocols[-1].strip().lower() in (b"http", b"https"):
            scheme = protocols[-1].strip().lower().decode()
        for text in reversed(b",".join(forwarded).decode("latin-1").split(",")):
            hop = _parse(text.strip())
            if hop is None:
                break  # malformed: what is left of it is not believed
            peer = str(hop)
            if not self._is_trusted(hop):
                break
        return peer, scheme

    def _is_trusted(self, address: Address) -> bool:
        return any(address in network for network in self._trusted)


def _parse(text: str) -> Address | None:
    try:
        # A zone of IPv6 is a name that its own host gave to an interface; in a header it is any text of any length.
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return address
