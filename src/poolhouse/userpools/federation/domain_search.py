"""Providers that are found by the domain of an email address, so that people need not know what theirs is called.

Source: Cognito developer guide, "SAML identity provider names and identifiers".
"""

from __future__ import annotations

from collections.abc import Mapping

from poolhouse.core.clients import THIS_POOL
from poolhouse.core.identity_providers import SOCIAL
from poolhouse.core.snapshots import AppSnapshot
from poolhouse.operation import Call


def companies_of(app: AppSnapshot) -> frozenset[str]:
    """The client's providers of OpenID Connect and SAML. A social provider's people have addresses of any domain."""
    return frozenset(app.client.providers) - {THIS_POOL, *SOCIAL}


async def find_domains(call: Call, app: AppSnapshot) -> Mapping[str, str]:
    """Domain, in lower case, -> the name of the provider whose people have addresses there; empty where one of the
    client's companies has no identifier that is a domain: nobody of that one could be sent on by an address."""
    companies = companies_of(app)
    if not companies:
        return {}
    found = await call.store.look_up(lambda tx: tx.identity_providers.identifiers(app.pool.id, companies))
    # In lower case last: where two differ in case alone, that one counts.
    domains = {identifier.lower(): name for identifier, name in found if _is_domain(identifier)}
    return domains if set(domains.values()) == companies else {}


def domain_of(address: str) -> str:
    """Of an email address; "" where it is none."""
    local, at, domain = address.rpartition("@")
    return domain.lower() if local and at else ""


def _is_domain(identifier: str) -> bool:
    return "." in identifier and "@" not in identifier and " " not in identifier
