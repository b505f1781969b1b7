"""The page `/inbox/`: the messages of the local inbox, for the developer who sits at this machine.

It shows codes, so it is for this machine alone, and only while the server is this machine's own affair: its public
address is loopback, the caller's is, and so is the name in the Host header, which a page of another site that made
its own name mean 127.0.0.1 can't choose (DNS rebinding). A proxy's headers shut it.
"""

from __future__ import annotations

import base64
import hashlib
from html import escape
from urllib.parse import urlsplit

from poolhouse.core.errors import StoreUnavailable
from poolhouse.core.loopback import is_near, is_near_url
from poolhouse.core.messages import plain_text
from poolhouse.core.outgoing import Outgoing
from poolhouse.edge.health import SPOKEN_FOR
from poolhouse.http import Request, Response
from poolhouse.oauth.face import method_not_allowed, not_found
from poolhouse.operation import Parts

SHOWN = 100
STYLE = (
    "body{font:15px/1.5 system-ui,sans-serif;max-width:46rem;margin:2rem auto;padding:0 1rem;color:#1d2433;"
    "background:#fff}h1{font-size:1.3rem}article{border:1px solid #d5dae3;border-radius:8px;padding:.8rem 1rem;"
    "margin:1rem 0}header{display:flex;flex-wrap:wrap;gap:.2rem .8rem;color:#5a6478;font-size:.87rem}"
    "header b{color:#1d2433}pre{white-space:pre-wrap;overflow-wrap:anywhere;font:inherit;margin:.5rem 0 0}"
    "code{font:600 1.15rem ui-monospace,monospace}@media(prefers-color-scheme:dark){body{background:#12161f;"
    "color:#e6e9f0}article{border-color:#343c4d}header{color:#9aa4b8}header b{color:#e6e9f0}}"
)
_STYLE_HASH = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
HEADERS: tuple[tuple[bytes, bytes], ...] = (
    (b"content-type", b"text/html; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (
        b"content-security-policy",
        f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; form-action 'none';"
        " base-uri 'none'; frame-ancestors 'none'".encode(),
    ),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
)


class InboxPage:
    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        settings = parts.settings
        self._is_open = settings.local_inbox and is_near_url(settings.public_url)

    async def answer(self, request: Request) -> Response:
        if not (self._is_open and _is_from_here(request)):
            return not_found()
        if request.method not in ("GET", "HEAD"):
            return method_not_allowed("GET, HEAD")
        account_id = self._parts.settings.account_id
        try:
            messages = await self._parts.store.read(lambda tx: tx.inbox.page(account_id, size=SHOWN))
        except StoreUnavailable:
            return Response(503, b"The database does not answer.", [(b"content-type", b"text/plain")])
        return Response(200, render(messages).encode(), list(HEADERS))


def render(messages: list[Outgoing]) -> str:
    shown = "".join(_article(message) for message in messages)
    if not shown:
        shown = "<p>Nothing yet. What would be sent to users appears here, as long as nothing carries it.</p>"
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Inbox · Poolhouse</title>'
        '<meta name="viewport" content="width=device-width"><meta http-equiv="refresh" content="5">'
        f"<style>{STYLE}</style></head><body><h1>Local inbox</h1>{shown}</body></html>"
    )


def _article(message: Outgoing) -> str:
    # Bodies are HTML that somebody else wrote: shown as their words alone.
    text = plain_text(message.body) if message.medium == "EMAIL" else message.body
    code = f"<code>{escape(message.code)}</code>" if message.code else ""
    subject = f"<b>{escape(message.subject)}</b>" if message.subject else ""
    return (
        f"<article><header><b>{escape(message.destination)}</b>{subject}<span>{message.medium.lower()}, "
        f"{message.purpose.value.lower().replace('_', ' ')}</span><span>{escape(message.pool_id)}</span>"
        f"<time>{message.created_at:%Y-%m-%d %H:%M:%S} UTC</time></header><pre>{escape(text)}</pre>{code}</article>"
    )


def _is_from_here(request: Request) -> bool:
    if request.count(b"host") != 1 or not is_near(request.peer):
        return False
    try:
        host = urlsplit("//" + (request.header(b"host") or "")).hostname
    except ValueError:  # a bracket that nothing closes
        return False
    if host is None or not is_near(host):
        return False
    return not any(name in SPOKEN_FOR for name, _ in request.headers)
