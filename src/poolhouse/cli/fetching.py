"""One HTTP request of a command, without a client library: the standard one does."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import urlencode

from poolhouse.cli.failures import CommandFailed
from poolhouse.core.loopback import is_near_url

LARGEST = 1024 * 1024


class Answer(NamedTuple):
    status: int
    body: bytes

    def document(self) -> dict[str, Any]:
        """The body as a JSON object.

        Raises:
            CommandFailed: it is none.
        """
        try:
            found = json.loads(self.body)
        except ValueError:
            found = None
        if not isinstance(found, dict):
            raise CommandFailed(f"the answer (HTTP {self.status}) is no JSON object.")
        return found


def fetch(
    url: str,
    *,
    form: Mapping[str, str] | None = None,
    headers: Mapping[str, str] | None = None,
    timeout: float = 10,
) -> Answer:
    """GET `url`, or POST `form` to it. `url` is the server's that the user named.

    Raises:
        CommandFailed: nobody answers.
    """
    if not url.startswith(("http://", "https://")):
        raise CommandFailed(f"{url} is not an http or https address.")
    body = None if form is None else urlencode(form).encode()
    request = urllib.request.Request(url, data=body, headers=dict(headers or {}))  # noqa: S310 -- checked above
    # A proxy that the machine uses for the outside can't reach this machine's own server.
    proxies = urllib.request.ProxyHandler({} if is_near_url(url) else None)
    try:
        with urllib.request.build_opener(proxies).open(request, timeout=timeout) as answer:
            return Answer(answer.status, answer.read(LARGEST))
    except urllib.error.HTTPError as refused:
        with refused:
            return Answer(refused.code, refused.read(LARGEST))
    except OSError as failed:
        reason = failed.reason if isinstance(failed, urllib.error.URLError) else failed
        raise CommandFailed(f"no answer from {url}: {reason}.") from failed


def is_poolhouse(endpoint: str) -> bool:
    """Whether a server like this one answers there."""
    try:
        answer = fetch(f"{endpoint.rstrip('/')}/healthz", timeout=2)
    except CommandFailed:
        return False
    return answer.status == 200 and answer.body.startswith(b'{"status":')
