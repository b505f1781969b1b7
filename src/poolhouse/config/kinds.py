"""The kinds of values: each reads one from a flag's or variable's text or from TOML, and writes it back as text."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from poolhouse.core.secret import Secret


@dataclass(frozen=True, slots=True)
class Kind:
    """How one kind of value is read. `read` raises ValueError, whose text says what is expected and never
    repeats the value, which may be a secret."""

    name: str
    """What the documentation calls it, and the placeholder of the flag."""
    read: Callable[[Any], Any]
    show: Callable[[Any], str] = str


def _text(raw: Any) -> str:
    if not isinstance(raw, str):
        raise ValueError("must be text")
    return raw.strip()


def matching(name: str, pattern: str, expected: str) -> Kind:
    def read(raw: Any) -> str:
        value = _text(raw)
        if not re.fullmatch(pattern, value):
            raise ValueError(f"must be {expected}")
        return value

    return Kind(name, read)


def one_of(*choices: str) -> Kind:
    return matching("|".join(choices), "|".join(map(re.escape, choices)), f"one of {', '.join(choices)}")


def integer(low: int, high: int = 2**31 - 1) -> Kind:
    def read(raw: Any) -> int:
        expected = (
            f"must be a whole number from {low} to {high}" if high < 2**31 - 1 else f"must be {low} or more"
        )
        if isinstance(raw, str) and re.fullmatch(r"[0-9]{1,10}", raw.strip()):
            raw = int(raw)
        if not isinstance(raw, int) or isinstance(raw, bool) or not low <= raw <= high:
            raise ValueError(expected)
        return raw

    return Kind("integer", read)


def _rate(raw: Any) -> float:
    if isinstance(raw, str) and re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,9})?", raw.strip()):
        raw = float(raw)
    if isinstance(raw, bool) or not isinstance(raw, (int, float)) or not 0 <= raw < 1e9:
        raise ValueError("must be a number of requests a second, 0 for no limit")
    return float(raw)


def _boolean(raw: Any) -> bool:
    if isinstance(raw, bool):
        return raw
    truth = {
        "true": True,
        "1": True,
        "yes": True,
        "on": True,
        "false": False,
        "0": False,
        "no": False,
        "off": False,
    }
    if not isinstance(raw, str) or raw.strip().lower() not in truth:
        raise ValueError("must be true or false")
    return truth[raw.strip().lower()]


SECONDS = {"ms": 0.001, "s": 1, "": 1, "m": 60, "h": 3600, "d": 86400}


def _duration(raw: Any) -> timedelta:
    if isinstance(raw, (int, float)) and not isinstance(raw, bool) and 0 <= raw < 1e9:
        return timedelta(seconds=raw)
    found = re.fullmatch(
        r"([0-9]{1,9}(?:\.[0-9]{1,6})?)\s*(ms|s|m|h|d|)", _text(raw) if isinstance(raw, str) else ""
    )
    if not found:
        raise ValueError("must be a duration as 250ms, 30s, 5m, 1h or 2d, or a number of seconds")
    return timedelta(seconds=float(found[1]) * SECONDS[found[2]])


def show_duration(value: timedelta) -> str:
    """The shortest exact text: `5m`, not `300s`."""
    milliseconds = round(value / timedelta(milliseconds=1))
    for unit, size in (("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000)):
        if milliseconds and milliseconds % size == 0:
            return f"{milliseconds // size}{unit}"
    return f"{milliseconds}ms" if milliseconds else "0s"


def _path(raw: Any) -> Path:
    value = _text(raw)
    if not value or "\0" in value:
        raise ValueError("must be a path")
    return Path(value).expanduser()


def _list(each: Callable[[str], str]) -> Callable[[Any], tuple[str, ...]]:
    """A TOML array of texts, or one text with commas or line breaks between the items."""

    def read(raw: Any) -> tuple[str, ...]:
        items = re.split(r"[,\n]", raw) if isinstance(raw, str) else raw
        if not isinstance(items, list):
            raise ValueError("must be a list")
        return tuple(each(_text(item)) for item in items if _text(item))

    return read


def _network(value: str) -> str:
    try:
        return str(ipaddress.ip_network(value))
    except ValueError:
        raise ValueError("must be addresses or networks as 10.0.0.0/8, without host bits") from None


HOST_NAME = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)(\.(?!-)[a-z0-9_-]{1,63}(?<!-))*")


def _host_name(raw: Any) -> str:
    value = _text(raw).lower().rstrip(".")
    if len(value) > 253 or not HOST_NAME.fullmatch(value):
        raise ValueError("must be a host name, without scheme, port or path")
    return value


def _allowed_host(value: str) -> str:
    try:
        return str(ipaddress.ip_address(value.strip("[]")))
    except ValueError:
        return _host_name(value)


def _host(raw: Any) -> str:
    return _allowed_host(_text(raw))


def _url(raw: Any) -> str:
    value = _text(raw)
    try:
        parts = urlsplit(value)
        _ = parts.port
    except ValueError:
        raise ValueError("must be a URL as https://sms.example.com/send") from None
    has_more = parts.username or parts.password or parts.fragment
    if parts.scheme not in ("http", "https") or not parts.hostname or has_more or not value.isprintable():
        raise ValueError("must be http:// or https:// and a host, without a password in it")
    return value


def _mail_address(raw: Any) -> str:
    value = _text(raw)
    if not value.isprintable() or not re.fullmatch(r"[^@<>]+@[^@<>\s]+|[^<>]*<[^@<>\s]+@[^@<>\s]+>", value):
        raise ValueError("must be an e-mail address, perhaps with a name: Example <no-reply@example.com>")
    return value


def _listen_address(raw: Any) -> str:
    value = _text(raw).strip("[]")
    if value == "localhost":
        return value
    try:
        return str(ipaddress.ip_address(value))
    except ValueError:
        raise ValueError("must be an IP address, or localhost for both loopback addresses") from None


def _public_url(raw: Any) -> str:
    value = _text(raw).rstrip("/")
    try:
        parts = urlsplit(value)
        port = parts.port
    except ValueError:
        raise ValueError("must be a URL as https://login.example.com") from None
    plain = not (parts.path or parts.query or parts.fragment or parts.username or parts.password)
    if parts.scheme not in ("http", "https") or not parts.hostname or not plain:
        raise ValueError(
            "must be http:// or https://, a host and perhaps a port, with no path: the issuer is made from it"
        )
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return f"{parts.scheme}://{host}" + (f":{port}" if port is not None else "")


def _database_url(raw: Any) -> Secret:
    value = _text(raw)
    if not re.match(r"(postgresql(\+psycopg)?|postgres)://|sqlite:///", value):
        raise ValueError("must begin with postgresql:// or sqlite:///")
    return Secret(value)


def _secret(raw: Any) -> Secret:
    value = _text(raw)
    if not value:
        raise ValueError("must not be empty")
    return Secret(value)


def _plain(raw: Any) -> str:
    value = _text(raw)
    if not value or not value.isprintable():
        raise ValueError("must be text of one line")
    return value


def _secrets(raw: Any) -> tuple[Secret, ...]:
    return tuple(Secret(value) for value in _list(lambda item: item)(raw))


BOOLEAN = Kind("boolean", _boolean, lambda value: str(value).lower())
DURATION = Kind("duration", _duration, show_duration)
RATE = Kind("number", _rate, lambda value: f"{value:g}")
PATH = Kind("path", _path)
NETWORKS = Kind("networks", _list(_network), ", ".join)
HOST_NAMES = Kind("host names", _list(_allowed_host), ", ".join)
HOST_NAME_KIND = Kind("host name", _host_name)
HOST = Kind("host", _host)
URL = Kind("URL", _url)
MAIL_ADDRESS = Kind("address", _mail_address)
LISTEN_ADDRESS = Kind("address", _listen_address)
PUBLIC_URL = Kind("URL", _public_url)
DATABASE_URL = Kind("URL", _database_url)
TEXT = Kind("text", _plain)
SECRET = Kind("text", _secret)
SECRETS = Kind("texts", _secrets)
PORT = integer(1, 65535)
COUNT = integer(1)
ACCOUNT_ID = matching("12 digits", r"[0-9]{12}", "12 digits")
REGION = matching("region", r"[a-z]{2,}(-[a-z0-9]+)+-[0-9]{1,2}", "a region's name as us-east-1")
ACCESS_KEY_ID = matching("text", r"[A-Za-z0-9_]{16,128}", "16 to 128 letters, digits or _")
