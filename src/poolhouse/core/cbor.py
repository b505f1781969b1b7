"""CBOR, as far as authenticators write it (RFC 8949; CTAP2 §8, "Message Encoding").

Whole numbers, bytes, texts, lists, maps with different keys, true, false and null, each with its length in front.
No tags and nothing of unknown length: what is read is never larger than what was sent, and a stranger's bytes
can't ask for anything but to be read.
"""

from __future__ import annotations

from typing import TypeAlias

Value: TypeAlias = "int | bytes | str | bool | list[Value] | dict[int | str | bytes, Value] | None"

MAX_DEPTH = 8
"""CTAP2 allows four levels; the statements of authenticators that are older than it may be deeper."""
_WORDS = {20: False, 21: True, 22: None}


class NotCbor(ValueError):
    """The bytes are not what an authenticator may write."""


def read(data: bytes) -> Value:
    """The one value that `data` holds. Raises NotCbor."""
    value, end = read_at(data, 0)
    if end != len(data):
        raise NotCbor("something follows the value")
    return value


def read_at(data: bytes, at: int, depth: int = MAX_DEPTH) -> tuple[Value, int]:
    """The value that begins at `at`, and where it ends. Raises NotCbor."""
    if depth == 0:
        raise NotCbor("nested too deep")
    kind, number, at = _head(data, at)
    match kind:
        case 0:
            return number, at
        case 1:
            return -1 - number, at
        case 2:
            return _take(data, at, number)
        case 3:
            text, at = _take(data, at, number)
            try:
                return text.decode(), at
            except UnicodeDecodeError as error:
                raise NotCbor("a text that is not UTF-8") from error
        case 4:
            return _list(data, at, number, depth)
        case 5:
            return _map(data, at, number, depth)
        case 7 if number in _WORDS:
            return _WORDS[number], at
    raise NotCbor("a kind of value that no authenticator needs")


def _head(data: bytes, at: int) -> tuple[int, int, int]:
    """Kind, number, and where the content begins (RFC 8949 §3)."""
    first, at = _take(data, at, 1)
    kind, number = first[0] >> 5, first[0] & 31
    if number < 24:
        return kind, number, at
    # Kind 7 has numbers with a fraction here, and 28 to 31 have no length: neither is read.
    if kind == 7 or number > 27:
        raise NotCbor("a number with a fraction, or a value of unknown length")
    following, at = _take(data, at, 1 << (number - 24))
    return kind, int.from_bytes(following), at


def _take(data: bytes, at: int, size: int) -> tuple[bytes, int]:
    end = at + size
    if end > len(data):
        raise NotCbor("the bytes end too early")
    return data[at:end], end


def _list(data: bytes, at: int, size: int, depth: int) -> tuple[list[Value], int]:
    items: list[Value] = []
    # No longer than the bytes: each item takes one at least, and the first that is missing ends it.
    for _ in range(size):
        item, at = read_at(data, at, depth - 1)
        items.append(item)
    return items, at


def _map(data: bytes, at: int, size: int, depth: int) -> tuple[dict[int | str | bytes, Value], int]:
    items: dict[int | str | bytes, Value] = {}
    for _ in range(size):
        key, at = read_at(data, at, depth - 1)
        if isinstance(key, bool) or not isinstance(key, int | str | bytes) or key in items:
            raise NotCbor("a key that is none, or comes twice")
        items[key], at = read_at(data, at, depth - 1)
    return items, at
