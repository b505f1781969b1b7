"""A SAML provider's metadata as a sign-in needs them: where they are published, not older than six hours.

Imported late, with what reads XML.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from poolhouse.core.documents import from_iso, to_iso
from poolhouse.core.errors import ConcurrentModificationException, InvalidParameterException
from poolhouse.core.federation import FederationFailed
from poolhouse.core.identity_providers import IdentityProvider
from poolhouse.core.saml_details import described
from poolhouse.core.saml_metadata import Metadata
from poolhouse.operation import Call
from poolhouse.store import Transaction
from poolhouse.userpools.provider_configuration import fetch_metadata, read_metadata

REFRESHED_AFTER = timedelta(hours=6)
"""Source: Cognito developer guide, "Things to know about SAML IdPs"."""
TRIED_AGAIN_AFTER = timedelta(minutes=1)


async def current_metadata(call: Call, provider: IdentityProvider) -> Metadata:
    """The provider's metadata, fetched again where they are six hours old, or over. Where that fails, the old ones
    serve until they are over: a provider whose metadata can't be had for a while signs people in all the same.

    Raises:
        FederationFailed: they are over, and there are no new ones.
    """
    kept = Metadata.from_document(provider.facts["metadata"])
    if provider.details.get("MetadataURL") and _is_due(call.now, provider.facts, kept):
        kept = await _refresh(call, provider) or kept
    if kept.valid_until is not None and kept.valid_until <= call.now:
        raise FederationFailed("The metadata of the identity provider are over")
    return kept


def _is_due(now: datetime, facts: Mapping[str, Any], kept: Metadata) -> bool:
    fetched = from_iso(facts["fetched_at"])
    tried = from_iso(facts["tried_at"]) if "tried_at" in facts else fetched
    is_over = kept.valid_until is not None and kept.valid_until <= now
    return (now >= fetched + REFRESHED_AFTER or is_over) and now >= tried + TRIED_AGAIN_AFTER


async def _refresh(call: Call, provider: IdentityProvider) -> Metadata | None:
    """The provider as it was configured stays as it was, also its time: a key that signs is chosen by that."""
    found: Metadata | None = None
    try:
        found = await read_metadata(call, await fetch_metadata(call, provider.details["MetadataURL"]))
    except InvalidParameterException:
        changed = replace(provider, facts={**provider.facts, "tried_at": to_iso(call.now)})
    else:
        changed = replace(
            provider,
            facts={"metadata": found.to_document(), "fetched_at": to_iso(call.now)},
            details=described(provider.details, found, provider.details.get("ActiveEncryptionCertificate")),
        )

    def keep(tx: Transaction) -> None:
        tx.identity_providers.replace(changed)

    try:
        await call.store.write(keep)
    except ConcurrentModificationException:
        pass  # it was configured anew meanwhile, or another sign-in has refreshed it
    return found
