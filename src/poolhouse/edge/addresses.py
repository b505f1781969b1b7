"""Which face answers an address: the only code that knows the forms by host and by path.

POST {base}/                                    the AWS APIs (any base path that ends in a slash)
{base}/{poolId}/.well-known/…                   a pool's issuer
{base}/.well-known/{document}/{poolId}          the same, as RFC 8414 §3.1 writes it
{base}/domains/{domain}/…                       a domain, by path
http://{prefix}.localhost[:port]/…              a prefix domain, by host
https://{prefix}.{auth_domain}/…                the same, in production
https://{custom domain}/…                       a custom domain
{base}/inbox/                                   the local inbox, for this machine alone
{base}/healthz, /readyz, /metrics               the server itself
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from enum import Enum, auto
from urllib.parse import urlsplit

from poolhouse.config import Settings

BY_PATH = "/domains/"
POOL = re.compile(r"/(?=[^/]{1,55}/)([\w-]+_[0-9a-zA-Z]+)(/\.well-known/[a-z.-]+)", re.ASCII)
"""A pool's id has 55 characters at most, also where a tag chose it."""
INSERTED = re.compile(
    r"(/\.well-known/(?:openid-configuration|oauth-authorization-server))/(?=[^/]{1,55}$)([\w-]+_[0-9a-zA-Z]+)",
    re.ASCII,
)
MAX_NAME = 255
"""Of a domain (RFC 1123 §2.1). A longer one is none, and is neither looked up nor remembered."""
SERVER_PATHS = frozenset({"/healthz", "/readyz", "/metrics"})
INBOX_PATH = "/inbox/"
MAX_REMEMBERED_HOSTS = 1_024


class Kind(Enum):
    AWS = auto()
    POOL = auto()
    DOMAIN = auto()
    SERVER = auto()
    INBOX = auto()
    NOTHING = auto()


@dataclass(frozen=True, slots=True)
class Address:
    kind: Kind
    name: str = ""
    """The pool's id, or the domain."""
    path: str = ""
    """What is left of the path below it."""
    base: str = ""
    """Of a domain by path: what comes before that."""


NOTHING = Address(Kind.NOTHING)
AWS = Address(Kind.AWS)
INBOX = Address(Kind.INBOX)
OWN = ""


class Addresses:
    def __init__(self, settings: Settings) -> None:
        public = urlsplit(settings.public_url)
        self._public_url = settings.public_url
        self._scheme = public.scheme
        self._port = f":{public.port}" if public.port is not None else ""
        self._own_hosts = frozenset({"localhost", (public.hostname or "").lower(), *settings.allowed_hosts})
        self._suffixes = tuple(f".{host}" for host in ("localhost", settings.auth_domain) if host)
        self._auth_domain = settings.auth_domain
        self._by_host = settings.domain_form == "host"
        self._hosts: dict[str, str | None] = {}

    def of_domain(self, name: str, *, is_custom: bool) -> str:
        """The canonical base address of a domain, without a slash at its end."""
        if not self._by_host:
            return f"{self._public_url}{BY_PATH}{name}"
        if is_custom:
            return f"https://{name}"
        return f"{self._scheme}://{name}.{self._auth_domain or 'localhost'}{self._port}"

    def resolve(self, host: str, path: str) -> Address:
        """`host` is the Host header's value, `path` the raw path. Nothing else of a request counts."""
        owner = self._hosts.get(host)
        if owner is None:
            owner = self._remember(host) if len(host) <= MAX_NAME else self._owner(host)
        if owner != OWN:
            return Address(Kind.DOMAIN, owner, path) if len(owner) <= MAX_NAME else NOTHING
        if path.startswith(BY_PATH):
            name, slash, rest = path[len(BY_PATH) :].partition("/")
            if len(name) > MAX_NAME:
                return NOTHING
            return Address(Kind.DOMAIN, name, slash + rest, BY_PATH + name)
        if path in SERVER_PATHS:
            return Address(Kind.SERVER, path=path)
        if path == INBOX_PATH:
            return INBOX
        pool = POOL.fullmatch(path)
        if pool is not None:
            return Address(Kind.POOL, pool[1], pool[2])
        inserted = INSERTED.fullmatch(path)
        if inserted is not None:
            return Address(Kind.POOL, inserted[2], inserted[1])
        return AWS if path.endswith("/") else NOTHING

    def _remember(self, host: str) -> str:
        owner = self._owner(host)
        if len(self._hosts) >= MAX_REMEMBERED_HOSTS:
            self._hosts.clear()
        self._hosts[host] = owner
        return owner

    def _owner(self, host: str) -> str:
        """The domain that a host belongs to; "" for the server's own hosts.

        An address in numbers is the server's own: nobody's DNS can make it mean something else.
        """
        name = _without_port(host).lower()
        if not name or name in self._own_hosts or _is_ip(name):
            return OWN
        for suffix in self._suffixes:
            if name.endswith(suffix):
                return name.removesuffix(suffix)
        return name


def _without_port(host: str) -> str:
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.partition(":")[0]


def _is_ip(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
