"""base64url without padding (RFC 4648 §5, RFC 7515 §2)."""

from __future__ import annotations

from base64 import urlsafe_b64encode


def base64url(content: bytes) -> str:
    return urlsafe_b64encode(content).rstrip(b"=").decode("ascii")
