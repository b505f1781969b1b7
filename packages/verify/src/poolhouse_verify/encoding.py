"""base64url and JSON, read strictly: one text for each value, and nothing that two readers could read in two ways.

Errors are ValueErrors that say what is wrong; the callers say of which part.
"""

from __future__ import annotations

import json
import math
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from typing import Any


def decode_base64url(text: bytes) -> bytes:
    """RFC 7515 §2: URL-safe alphabet, no padding, and no stray bits in the last character (RFC 4648 §3.5)."""
    try:
        data = urlsafe_b64decode(text + b"=" * (-len(text) % 4))
    except ValueError as error:
        raise ValueError("is not base64url") from error
    # Python's decoder skips foreign characters and ignores trailing bits: writing it again shows both.
    if encode_base64url(data) != text:
        raise ValueError("is not canonical base64url without padding")
    return data


def encode_base64url(data: bytes) -> bytes:
    return urlsafe_b64encode(data).rstrip(b"=")


def decode_integer(text: object) -> int:
    """RFC 7518 §2, Base64urlUInt: big-endian, without leading zero octets."""
    if not isinstance(text, str) or not text.isascii():
        raise ValueError("is not base64url text")
    data = decode_base64url(text.encode("ascii"))
    if not data or data[0] == 0:
        raise ValueError("is not the shortest form of a number")
    return int.from_bytes(data, "big")


def encode_integer(number: int) -> str:
    return encode_base64url(number.to_bytes((number.bit_length() + 7) // 8, "big")).decode("ascii")


def decode_object(data: bytes) -> dict[str, Any]:
    """A JSON object in UTF-8 (RFC 8259, and I-JSON's bans of RFC 7493 §2: no name twice, no lone surrogates)."""
    try:
        value = _DECODER.decode(data.decode("utf-8"))
        if b"\\u" in data:
            json.dumps(value, ensure_ascii=False).encode("utf-8")
    except RecursionError as error:
        raise ValueError("is nested too deeply") from error
    except UnicodeError as error:
        raise ValueError("is not Unicode text") from error
    except json.JSONDecodeError as error:
        raise ValueError("is not JSON") from error
    if not isinstance(value, dict):
        raise ValueError("is not a JSON object")
    return value


def encode_object(value: Mapping[str, Any]) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode("ascii")


def _object_of_unique_names(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    # RFC 7519 §4, RFC 8725 §2.4: with a name twice, two readers may each take another value.
    value = dict(pairs)
    if len(value) != len(pairs):
        raise ValueError("has a name twice")
    return value


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError("has a number that is too large")
    return number


def _refuse_constant(name: str) -> None:
    raise ValueError(f"has {name}, which is not JSON")


_DECODER = json.JSONDecoder(
    object_pairs_hook=_object_of_unique_names, parse_float=_finite, parse_constant=_refuse_constant
)
