"""One GET of a JWKS document by the standard library: bounded in size and time, to exactly this address.

Loaded only when keys are fetched. The system's proxy and `SSL_CERT_FILE` settings hold, as in any other client.
"""

from __future__ import annotations

import http.client
import re
import time
import urllib.request
from urllib.parse import urlsplit

from poolhouse_verify.addresses import is_loopback, refuse_unsafe_address
from poolhouse_verify.fetched import Fetched

MAX_DOCUMENT_BYTES = 1024 * 1024
_MAX_AGE = re.compile(r"(?:^|[\s,])max-age\s*=\s*\"?([0-9]{1,9})", re.IGNORECASE)


class FetchFailed(OSError):
    """There was an answer, but not one that can be used."""


def fetch(
    uri: str, *, timeout_s: float = 5.0, max_bytes: int = MAX_DOCUMENT_BYTES, allow_http: bool = False
) -> Fetched:
    """The document at `uri`.

    Redirects are not followed: whoever answers for the issuer's address must not send us elsewhere.

    Raises:
        ValueError: an address that keys may not come from.
        OSError, http.client.HTTPException: no answer in time, or not 200 with at most `max_bytes`.
    """
    refuse_unsafe_address(uri, allow_http=allow_http)
    deadline = time.monotonic() + timeout_s
    request = urllib.request.Request(  # noqa: S310  # its scheme was checked above
        uri, headers={"Accept": "application/json", "User-Agent": "poolhouse-verify"}
    )
    with _opener(uri).open(request, timeout=timeout_s) as response:
        if response.status != http.client.OK:
            redirected = ", and redirects are not followed" if 300 <= response.status < 400 else ""
            raise FetchFailed(f"the answer is {response.status} {response.reason}{redirected}")
        body = bytearray()
        while chunk := response.read1(64 * 1024):
            body += chunk
            if len(body) > max_bytes:
                raise FetchFailed(f"the answer is larger than {max_bytes} bytes")
            # A socket's timeout counts from the last byte, so drops could go on for ever.
            if time.monotonic() > deadline:
                raise TimeoutError("the answer did not end in time")
        return Fetched(bytes(body), _max_age(response.headers.get("Cache-Control", "")))


def _opener(uri: str) -> urllib.request.OpenerDirector:
    """http and https alone: `build_opener` would add redirects, files, FTP and data."""
    opener = urllib.request.OpenerDirector()
    # No proxy can reach this machine's own loopback.
    proxies: dict[str, str] | None = {} if is_loopback(urlsplit(uri).hostname or "") else None
    for handler in (
        urllib.request.ProxyHandler(proxies),
        urllib.request.HTTPHandler(),
        urllib.request.HTTPSHandler(),
    ):
        opener.add_handler(handler)
    return opener


def _max_age(cache_control: str) -> float | None:
    """RFC 9111 §5.2.2. `no-store` and `no-cache` count as zero; the caller has a lower bound."""
    lowered = cache_control.lower()
    if "no-store" in lowered or "no-cache" in lowered:
        return 0.0
    match = _MAX_AGE.search(cache_control)
    return None if match is None else float(match[1])
