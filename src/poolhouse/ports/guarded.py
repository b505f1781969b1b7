"""Requests to addresses that somebody else chose: an identity provider's endpoints, its keys, its metadata.

Whoever may configure a provider must not reach through the server what they can't reach themselves: its own
loopback, the neighbours in its network, the cloud's metadata service. So a name is resolved here, each address is
judged, and the connection goes to the very address that was (a second look-up could say something else). A redirect
is another request, judged again. No proxy is used: it would do the looking up. Plain HTTP is spoken within the
allowed networks alone.

An answer is bounded in size and in time, whatever it drips.
"""

from __future__ import annotations

import asyncio
import ipaddress
import json
import socket
import ssl
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin, urlsplit

from poolhouse import __version__
from poolhouse.core.reachable import Network, is_allowed, may_reach

if TYPE_CHECKING:
    import httpcore

MAX_ANSWER = 256 * 1024
"""Bytes of a body. One that is longer is no answer."""
WITHIN = 10.0
"""Seconds for the whole of a request, its redirects too."""
MAX_REDIRECTS = 5
REDIRECTS = frozenset({301, 302, 303, 307, 308})
USER_AGENT = f"poolhouse/{__version__}".encode()

Resolve = Callable[[str, int], Any]
"""Host and port to a sequence of IP addresses, awaited."""


class OutboundFailed(Exception):
    """There is no answer. The text says why without saying what is at the address."""


class OutboundTimeout(OutboundFailed):
    pass


class OutboundRefused(OutboundFailed):
    """The request was never made: its address is none that may be reached."""


@dataclass(frozen=True, slots=True)
class Reply:
    status: int
    body: bytes = field(repr=False)
    headers: Mapping[str, str]
    """Names in small letters; of repeated ones the last."""
    url: str
    """Where it came from in the end."""

    def json_object(self) -> dict[str, Any] | None:
        """The body as a JSON object; None where it is none."""
        try:
            document = json.loads(self.body)
        except (ValueError, RecursionError):
            return None
        return document if isinstance(document, dict) else None


class GuardedOutbound:
    """Each request has a connection of its own: people sign in by a provider now and then, and not by the thousand."""

    def __init__(self, allowed: Iterable[str] = (), resolve: Resolve | None = None) -> None:
        self._allowed = tuple(ipaddress.ip_network(network) for network in allowed)
        self._resolve = resolve or _look_up
        self._tls: ssl.SSLContext | None = None

    async def get(
        self,
        url: str,
        headers: Mapping[str, str] | None = None,
        *,
        max_size: int = MAX_ANSWER,
        redirects: int = MAX_REDIRECTS,
    ) -> Reply:
        """The answer, whatever its status. `redirects` is how many are followed; none with credentials in `headers`
        to another host.

        Raises:
            OutboundRefused, OutboundTimeout, OutboundFailed
        """
        try:
            async with asyncio.timeout(WITHIN):
                return await self._follow(url, dict(headers or {}), max_size, redirects)
        except TimeoutError:
            raise OutboundTimeout("no answer in time") from None

    async def post(
        self, url: str, body: bytes, headers: Mapping[str, str], *, max_size: int = MAX_ANSWER
    ) -> Reply:
        """The same for a post, which no redirect is followed of."""
        try:
            async with asyncio.timeout(WITHIN):
                return await self._ask("POST", url, dict(headers), body, max_size)
        except TimeoutError:
            raise OutboundTimeout("no answer in time") from None

    async def _follow(self, url: str, headers: dict[str, str], max_size: int, redirects: int) -> Reply:
        for _ in range(redirects + 1):
            reply = await self._ask("GET", url, headers, None, max_size)
            location = reply.headers.get("location")
            if reply.status not in REDIRECTS or not location or redirects == 0:
                return reply
            try:
                following = urljoin(url, location)
            except ValueError:
                raise OutboundRefused("no web address") from None
            if urlsplit(following)[:2] != urlsplit(url)[:2]:
                headers = {name: text for name, text in headers.items() if name.lower() != "authorization"}
            url = following
        raise OutboundFailed("too many redirects")

    async def _ask(
        self, method: str, url: str, headers: dict[str, str], body: bytes | None, max_size: int
    ) -> Reply:
        # Imported late: most processes never call anybody.
        import httpcore

        _check_form(url)
        backend = _backend(self._allowed, self._resolve, is_plain=urlsplit(url).scheme == "http")
        sent = [(b"user-agent", USER_AGENT), (b"accept-encoding", b"identity")]
        sent += [(name.encode(), text.encode()) for name, text in headers.items()]
        if body is not None:
            sent.append((b"content-length", str(len(body)).encode()))
        host = urlsplit(url).netloc.encode("ascii")
        try:
            async with (
                httpcore.AsyncConnectionPool(
                    ssl_context=self._context(), max_connections=1, network_backend=backend
                ) as pool,
                pool.stream(
                    method, url.encode("ascii"), headers=[(b"host", host), *sent], content=body
                ) as answer,
            ):
                content = await _read(answer, max_size)
                given = {
                    name.decode("latin-1").lower(): text.decode("latin-1") for name, text in answer.headers
                }
                return Reply(answer.status, content, given, url)
        except OutboundFailed:
            raise
        except httpcore.TimeoutException:
            raise OutboundTimeout("no answer in time") from None
        except (httpcore.NetworkError, httpcore.ProtocolError, ssl.SSLError, OSError) as failed:
            raise OutboundFailed(f"no answer: {type(failed).__name__}") from None

    def _context(self) -> ssl.SSLContext:
        if self._tls is None:
            self._tls = ssl.create_default_context()
        return self._tls


def _check_form(url: str) -> None:
    """Raises OutboundRefused: it is no web address, or has a password in it."""
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        raise OutboundRefused("no web address") from None
    is_clean = url.isascii() and url.isprintable() and " " not in url and "@" not in parts.netloc
    if parts.scheme not in ("http", "https") or not parts.hostname or not is_clean:
        raise OutboundRefused("no web address")


async def _read(answer: httpcore.Response, max_size: int) -> bytes:
    """Raises OutboundFailed: it is longer, or packed."""
    for name, text in answer.headers:
        if name.lower() == b"content-encoding" and text.lower() not in (b"", b"identity"):
            raise OutboundFailed("the answer is packed, though that was not asked for")
    content = bytearray()
    async for chunk in answer.aiter_stream():
        content += chunk
        if len(content) > max_size:
            raise OutboundFailed("the answer is too long")
    return bytes(content)


async def _look_up(host: str, port: int) -> Sequence[str]:
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(address[0]) for *_, address in found]


def _backend(allowed: Sequence[Network], resolve: Resolve, *, is_plain: bool) -> httpcore.AsyncNetworkBackend:
    import httpcore

    class Guarded(httpcore.AsyncNetworkBackend):
        """Connects to addresses that were judged, and to nothing else."""

        _inner = httpcore.AnyIOBackend()

        async def connect_tcp(
            self,
            host: str,
            port: int,
            timeout: float | None = None,  # noqa: ASYNC109  # httpcore's signature
            local_address: str | None = None,
            socket_options: Any = None,
        ) -> httpcore.AsyncNetworkStream:
            try:
                found = list(dict.fromkeys(await resolve(host.strip("[]"), port)))
            except (OSError, UnicodeError):
                raise OutboundFailed("no such host") from None
            good = [address for address in found if _may(address)]
            if not good:
                raise OutboundRefused("its address may not be reached: see allowed_outgoing_networks")
            failed: Exception | None = None
            for address in good[:4]:
                try:
                    return await self._inner.connect_tcp(address, port, timeout=timeout)
                except (httpcore.ConnectError, OSError) as error:
                    failed = error
            raise failed or OutboundFailed("no answer")

        async def connect_unix_socket(
            self,
            path: str,
            timeout: float | None = None,  # noqa: ASYNC109  # httpcore's signature
            socket_options: Any = None,
        ) -> httpcore.AsyncNetworkStream:
            raise OutboundRefused("no web address")

        async def sleep(self, seconds: float) -> None:
            await asyncio.sleep(seconds)

    def _may(address: str) -> bool:
        if not may_reach(address, allowed):
            return False
        return not is_plain or is_allowed(ipaddress.ip_address(address.partition("%")[0]), allowed)

    return Guarded()
