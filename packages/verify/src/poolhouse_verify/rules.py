"""What a verifier insists on, put into one value and checked for sense once, when it is made."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

TokenUse = Literal["access", "id"]

DEFAULT_LEEWAY = timedelta(seconds=10)
MAX_LEEWAY = timedelta(seconds=60)

_SCOPE = re.compile(r"[\x21\x23-\x5B\x5D-\x7E]+")  # RFC 6749 §3.3, scope-token


@dataclass(frozen=True, slots=True)
class Rules:
    issuer: str
    client_ids: frozenset[str] | None
    scopes: frozenset[str]
    token_use: TokenUse
    audience: frozenset[str] | None
    leeway_s: float


def make_rules(
    issuer: str,
    *,
    client_ids: str | Collection[str] | None,
    scopes: str | Collection[str],
    token_use: TokenUse,
    audience: str | Collection[str] | None,
    leeway: timedelta,
) -> Rules:
    """Rules out of what a developer wrote.

    Raises:
        ValueError: they can't be meant so.
    """
    if not issuer:
        raise ValueError("The issuer is empty.")
    if token_use not in ("access", "id"):
        raise ValueError(f"token_use is 'access' or 'id', not {token_use!r}.")
    if not timedelta(0) <= leeway <= MAX_LEEWAY:
        raise ValueError(f"The leeway is 0 to {MAX_LEEWAY.seconds} seconds.")
    rules = Rules(
        issuer, _names(client_ids), scope_set(scopes), token_use, _names(audience), leeway.total_seconds()
    )
    if rules.client_ids is not None and not rules.client_ids:
        raise ValueError(
            "client_ids is empty, so no token could pass. None means every client of the issuer."
        )
    if rules.audience is not None and not rules.audience:
        raise ValueError("audience is empty, so no token could pass.")
    if token_use == "id":
        # OpenID Connect Core §3.1.3.7: without this check, an ID token for any other application signs in here.
        if rules.client_ids is None:
            raise ValueError("ID tokens are meant for one client: name it in client_ids.")
        if rules.audience is not None:
            raise ValueError("The audience of an ID token is its client: use client_ids.")
        if rules.scopes:
            raise ValueError("ID tokens carry no scopes.")
    return rules


def scope_set(scopes: str | Collection[str]) -> frozenset[str]:
    """Scopes from a list, or from OAuth's own form: one text, separated by spaces (RFC 6749 §3.3).

    Raises:
        ValueError: one that no token could hold. They are also written into an answer's header.
    """
    names = frozenset(scopes.split(" ") if isinstance(scopes, str) else scopes) - {""}
    for name in names:
        if _SCOPE.fullmatch(name) is None:
            raise ValueError(f"{name!r} is not a scope.")
    return names


def _names(names: str | Collection[str] | None) -> frozenset[str] | None:
    # A bare text is one name, not a collection of its letters.
    if names is None:
        return None
    return frozenset((names,) if isinstance(names, str) else names)
