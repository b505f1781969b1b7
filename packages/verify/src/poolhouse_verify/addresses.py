"""Which addresses keys may be fetched from: https, and http where nobody can listen in."""

from __future__ import annotations

from ipaddress import ip_address
from urllib.parse import urlsplit


def jwks_address(issuer: str) -> str:
    """Where an issuer publishes its keys: Cognito's path, directly, without asking discovery first."""
    return issuer.rstrip("/") + "/.well-known/jwks.json"


def refuse_unsafe_address(address: str, *, allow_http: bool = False) -> None:
    """Keys that come over plain http can be replaced on the way, and with them every token.

    Raises:
        ValueError: not an absolute https address (or http, on loopback or if allowed) without user and fragment.
    """
    if not isinstance(address, str) or any(c <= " " or c == "\x7f" for c in address):
        raise ValueError(f"{address!r} is not an address.")
    parts = urlsplit(address)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError(f"{address!r} is not an http(s) address.")
    if parts.username is not None or parts.password is not None or parts.fragment:
        raise ValueError(f"{address!r} has a user name, a password or a fragment.")
    _ = parts.port  # raises ValueError where it is no number of a port
    if parts.scheme == "http" and not (allow_http or is_loopback(parts.hostname)):
        raise ValueError(
            f"{address!r} is plain http: keys fetched that way can be replaced on the way. "
            "Use https, or allow_http=True within a network that you trust."
        )


def is_loopback(host: str) -> bool:
    """This machine itself: 127.0.0.0/8, ::1, `localhost` and names under it (RFC 6761 §6.3)."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
