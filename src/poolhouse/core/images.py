"""Images that administrators upload: what kind their bytes are.

Source: the formats' own signatures (PNG: RFC 2083 §3.1; JPEG: ITU T.81 §B.1.1.3; WebP: RFC 9649 §2.4; ICO has
none of its own but its header, reserved 0 and type 1).
"""

from __future__ import annotations

from collections.abc import Mapping

SIGNATURES: Mapping[str, bytes] = {
    "PNG": b"\x89PNG\r\n\x1a\n",
    "JPEG": b"\xff\xd8\xff",
    "ICO": b"\x00\x00\x01\x00",
}
MEDIA_TYPES: Mapping[str, str] = {
    "PNG": "image/png",
    "JPEG": "image/jpeg",
    "ICO": "image/x-icon",
    "WEBP": "image/webp",
    "SVG": "image/svg+xml",
}


def extension_of(content: bytes) -> str | None:
    """PNG, JPEG, ICO or WEBP by the first bytes; None for anything else, SVG among it, which is a text."""
    for extension, signature in SIGNATURES.items():
        if content.startswith(signature):
            return extension
    return "WEBP" if content[:4] == b"RIFF" and content[8:12] == b"WEBP" else None
