"""An ID token that an application shows again: about whom, and at which client, its person signed in.

It proves nothing about who shows it, so it opens nothing: it says whom the application means.
"""

from __future__ import annotations

from dataclasses import dataclass

from poolhouse.core.snapshots import PoolSnapshot
from poolhouse.operation import Parts
from poolhouse.userpools.person import is_signed_by
from poolhouse_verify.compact import parse, refuse_foreign_header
from poolhouse_verify.errors import TokenError

MAX_LENGTH = 8_192


@dataclass(frozen=True, slots=True)
class Hint:
    client_id: str
    sub: str


def read_hint(parts: Parts, pool: PoolSnapshot, token: str) -> Hint | None:
    """What an ID token of this pool says; None for any other text. An expired one is good too: an application keeps
    it for as long as it knows the person (OIDC RP-Initiated Logout §2)."""
    if len(token) > MAX_LENGTH:
        return None
    try:
        parsed = parse(token)
        refuse_foreign_header(parsed)
    except TokenError:
        return None
    claims = parsed.claims
    if not is_signed_by(pool.id_keys, parsed):
        return None
    client_id, sub = claims.get("aud"), claims.get("sub")
    if claims.get("iss") != parts.issuer_of(pool) or claims.get("token_use") != "id":
        return None
    return Hint(client_id, sub) if isinstance(client_id, str) and isinstance(sub, str) else None
