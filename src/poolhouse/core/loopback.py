"""Which addresses are this machine's own."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit


def is_near(host: str) -> bool:
    """Whether a host is this machine's own, as far as its name says (RFC 6761 §6.3)."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False  # a name


def is_near_url(url: str) -> bool:
    return is_near(urlsplit(url).hostname or "")
