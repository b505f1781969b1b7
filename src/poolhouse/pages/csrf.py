"""Only a form of ours may be posted: a cookie, a hidden field that follows from it, and where the browser says that
the form was. Before the sign-in too: else one could be signed in as somebody else without noticing.

Source: OWASP, "Cross-Site Request Forgery Prevention Cheat Sheet" (signed double submit); Fetch Metadata §2.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping
from enum import Enum, auto

from poolhouse.cookies import cookie_name, cookie_of
from poolhouse.core.ids import ALPHANUMERIC, Random, random_text
from poolhouse.http import Request

COOKIE = "XSRF-TOKEN"
FIELD = "_csrf"
LENGTH = 32
_FORM = re.compile(rf"[A-Za-z0-9]{{{LENGTH}}}", re.ASCII)


class Verdict(Enum):
    OURS = auto()
    NO_COOKIE = auto()
    """Blocked, or the page was open for long."""
    FOREIGN = auto()


def secret_of(request: Request) -> str | None:
    """What the browser's cookie says."""
    value = cookie_of(request, cookie_name(request, COOKIE))
    return value if value is not None and _FORM.fullmatch(value) else None


def new_secret(random: Random) -> str:
    return random_text(random, ALPHANUMERIC, LENGTH)


def token(key: bytes, secret: str, domain: str) -> str:
    """What the form carries. It is good at one domain."""
    return hmac.digest(key, f"{domain}/{secret}".encode(), hashlib.sha256).hex()


def check(request: Request, form: Mapping[str, str], key: bytes, domain: str) -> Verdict:
    if not _is_from_here(request):
        return Verdict.FOREIGN
    secret = secret_of(request)
    if secret is None:
        return Verdict.NO_COOKIE
    right = token(key, secret, domain)
    given = form.get(FIELD, "").encode("utf-8", "surrogatepass")
    return Verdict.OURS if hmac.compare_digest(right.encode(), given) else Verdict.FOREIGN


def _is_from_here(request: Request) -> bool:
    """What the browser says of the page that the form was on; nothing, where it is an old one or no browser."""
    site = request.header(b"sec-fetch-site")
    if site is not None and site not in ("same-origin", "none"):
        return False
    origin = request.header(b"origin")
    if origin is None:
        return True
    # Not the scheme: behind a proxy that is not trusted to say so, ours is not known.
    return origin.partition("://")[2].lower() == (request.header(b"host") or "").lower()
