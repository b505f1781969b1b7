"""Requests that the server makes by itself: guarded, so that a slow or hostile answer costs little.

No redirect is followed, an answer is read up to a limit and never unpacked, and TLS is checked against the machine's
authorities.
"""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from poolhouse import __version__
from poolhouse.core.loopback import is_near_url
from poolhouse.ports.carriers import Unavailable

if TYPE_CHECKING:
    import httpx

MAX_ANSWER = 64 * 1024
"""Bytes; more is not read."""
ANSWERS_WITHIN = 15.0
"""Seconds without a byte."""
MAX_CONNECTIONS = 20


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    body: bytes = field(repr=False)
    """Of a KMS it is a key in the clear."""


class Outbound:
    """A client that lives as long as the server. Belongs to one event loop."""

    def __init__(self) -> None:
        self._clients: dict[bool, httpx.AsyncClient] = {}

    async def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        """The answer, whatever its status.

        Raises:
            Unavailable: there was none.
        """
        import httpx

        try:
            async with self._client(url).stream("POST", url, content=body, headers=dict(headers)) as answer:
                read = b""
                async for chunk in answer.aiter_raw():  # unpacked, a few bytes may be a gigabyte
                    read += chunk
                    if len(read) >= MAX_ANSWER:
                        break
                return Answer(answer.status_code, read[:MAX_ANSWER])
        except httpx.HTTPError as failed:
            raise Unavailable(f"{type(failed).__name__} at {urlsplit(url).hostname}") from None

    async def aclose(self) -> None:
        for client in self._clients.values():
            await client.aclose()
        self._clients.clear()

    def _client(self, url: str) -> httpx.AsyncClient:
        # Imported late: most processes never call anybody.
        import httpx

        near = is_near_url(url)
        if near not in self._clients:
            self._clients[near] = httpx.AsyncClient(
                verify=ssl.create_default_context(),
                timeout=ANSWERS_WITHIN,
                follow_redirects=False,
                limits=httpx.Limits(max_connections=MAX_CONNECTIONS, keepalive_expiry=30),
                headers={"user-agent": f"poolhouse/{__version__}", "accept-encoding": "identity"},
                # A proxy that the machine uses for the outside can't reach this machine's own services.
                trust_env=not near,
            )
        return self._clients[near]
