"""Which ways to sign in an app client permits, whichever of Cognito's two spellings its owner used."""

from __future__ import annotations

from collections.abc import Collection

BY_DEFAULT = frozenset({"ALLOW_REFRESH_TOKEN_AUTH", "ALLOW_USER_SRP_AUTH", "ALLOW_CUSTOM_AUTH"})
"""Of a client that names none. Source: Cognito API reference, CreateUserPoolClient (ExplicitAuthFlows)."""
OLD_SPELLINGS = {
    "ADMIN_NO_SRP_AUTH": "ALLOW_ADMIN_USER_PASSWORD_AUTH",
    "USER_PASSWORD_AUTH": "ALLOW_USER_PASSWORD_AUTH",
}
CUSTOM_ONLY = "CUSTOM_AUTH_FLOW_ONLY"
WITH_SRP = frozenset({"ALLOW_USER_SRP_AUTH", "ALLOW_USER_AUTH", "ALLOW_CUSTOM_AUTH"})
"""USER_AUTH offers PASSWORD_SRP, and custom authentication may begin with SRP_A."""


def permitted(flows: Collection[str]) -> frozenset[str]:
    """ExplicitAuthFlows in their ALLOW_ spelling.

    The old spellings add to what every client could do before there were others: SRP, custom authentication and
    refresh. CUSTOM_AUTH_FLOW_ONLY takes SRP away from that.
    """
    if not flows:
        return BY_DEFAULT
    if any(flow.startswith("ALLOW_") for flow in flows):
        return frozenset(flows)
    added = frozenset(OLD_SPELLINGS[flow] for flow in flows if flow in OLD_SPELLINGS)
    base = BY_DEFAULT - {"ALLOW_USER_SRP_AUTH"} if CUSTOM_ONLY in flows else BY_DEFAULT
    return base | added


def may_use_srp(flows: Collection[str]) -> bool:
    return not WITH_SRP.isdisjoint(permitted(flows))
