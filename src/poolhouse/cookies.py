"""Cookies of a domain's pages: which are there, and how they are set.

A domain's cookies are seen by that domain alone: by host, because they name no Domain; by path, because Path is the
domain's. Where it can, a browser is told besides, by the prefix of the name, to take them from nobody else
(RFC 6265bis §4.1.3.2).
"""

from __future__ import annotations

from poolhouse.http import Request, Response

HOST_PREFIX = "__Host-"
SESSION = "cognito"
"""Cognito's own name for the cookie of a browser that is signed in."""


def cookie_name(request: Request, plain: str) -> str:
    """The name under which the cookie `plain` is kept at this address."""
    return f"{HOST_PREFIX}{plain}" if request.scheme == "https" and not request.base else plain


def session_cookie_name(request: Request) -> str:
    return cookie_name(request, SESSION)


def cookie_of(request: Request, name: str) -> str | None:
    """The value of a cookie; the first, where several have its name (RFC 6265 §5.4: the longest path's)."""
    for header, text in request.headers:
        if header != b"cookie":
            continue
        for pair in text.decode("latin-1").split(";"):
            found, equals, value = pair.strip().partition("=")
            if equals and found == name:
                return value
    return None


def set_cookie(
    response: Response, request: Request, name: str, value: str, max_age: int | None = None
) -> None:
    """Add a cookie to an answer; without `max_age` (seconds) it goes when the browser closes. `value` holds none of
    the characters that RFC 6265 §4.1.1 keeps out."""
    lasts = "" if max_age is None else f"; Max-Age={max_age}"
    secure = "; Secure" if request.scheme == "https" else ""
    text = f"{name}={value}; Path={request.base or '/'}{lasts}; HttpOnly; SameSite=Lax{secure}"
    response.headers.append((b"set-cookie", text.encode("ascii")))


def drop_cookie(response: Response, request: Request, name: str) -> None:
    set_cookie(response, request, name, "", max_age=0)
