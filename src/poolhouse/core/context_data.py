"""What Cognito's libraries collect of a device (EncodedData): read for the one thing that tells devices apart.

It is Base64 of a JSON object whose `payload` is a JSON text with `contextData`. Its signature is made with the client's
id, which is no secret, so it proves nothing and is not looked at: whoever can send one can sign one.

Source: Cognito developer guide, "Adding user device and session data to API requests"; the libraries themselves.
"""

from __future__ import annotations

import base64
import binascii
import json
from typing import Any

from poolhouse.core.risk import digest

LONGEST = 32 * 1024
"""Characters; the libraries send about two thousand."""


def device_id(encoded: str) -> str:
    """What stands for the device, of a fixed length; "" where nothing that is understood is said. Never raises: a
    sign-in does not fail of it."""
    if not encoded or len(encoded) > LONGEST:
        return ""
    try:
        payload = _object(base64.b64decode(encoded, validate=True)).get("payload")
        data = _object(payload).get("contextData") if isinstance(payload, str) else None
    except (binascii.Error, ValueError, RecursionError):
        return ""
    if not isinstance(data, dict):
        return ""
    # The one is made once for each browser or phone, the other is the same for all that are alike.
    found = data.get("DeviceId") or data.get("DeviceFingerprint")
    return digest(found) if isinstance(found, str) and found else ""


def _object(text: str | bytes) -> dict[str, Any]:
    """Raises ValueError: it is no JSON object."""
    found = json.loads(text)
    if not isinstance(found, dict):
        raise ValueError("no object")
    return found
