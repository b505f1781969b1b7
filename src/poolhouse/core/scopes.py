"""Scopes as OAuth writes them: words between spaces."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

from poolhouse.core.errors import InvalidScope

DCR_SCOPE = "aws.cognito/dcr/register"
"""May register clients. It is there while the pool lets any be registered, and belongs to no resource server.
Source: Cognito API reference, DcrConfigurationType."""
MAX_SCOPES = 50
"""Of a client, and so of a token. Source: Cognito quotas page."""
SCOPE = re.compile(r"[\x21\x23-\x5B\x5D-\x7E]+(?: [\x21\x23-\x5B\x5D-\x7E]+)*")
"""RFC 6749 §3.3: `scope-token *( SP scope-token )`."""


def parse_scope(text: str) -> tuple[str, ...]:
    """The scopes that `text` names, each once, in its order.

    Raises:
        InvalidScope: not the syntax of RFC 6749 §3.3, or more scopes than any client has.
    """
    if not SCOPE.fullmatch(text):
        raise InvalidScope(detail="malformed scope")
    scopes = tuple(dict.fromkeys(text.split(" ")))
    if len(scopes) > MAX_SCOPES:
        raise InvalidScope(detail="too many scopes")
    return scopes


def render_scope(scopes: Sequence[str]) -> str:
    return " ".join(scopes)


def granted(asked: Sequence[str], allowed: Sequence[str], declared: Collection[str]) -> tuple[str, ...]:
    """The scopes of a machine's token: those asked for, or all that the client is allowed.

    A scope that the client has but whose resource server no longer declares it is left out silently, as
    Cognito does; one that the client lacks is refused.

    Raises:
        InvalidScope: a scope that the client lacks, or nothing is left to grant.
    """
    for scope in asked:
        if scope not in allowed:
            raise InvalidScope(detail="a scope that the client is not allowed")
    scopes = tuple(scope for scope in asked or allowed if scope in declared)
    if not scopes:
        raise InvalidScope(detail="no scope is left to grant")
    return scopes
