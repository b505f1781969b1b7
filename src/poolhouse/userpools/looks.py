"""How the pages of a client look: its style, or its classic look, and its terms; and the images of both."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from poolhouse.core.branding import Asset, Image, ManagedLoginBranding
from poolhouse.core.terms import Terms
from poolhouse.core.ui_customizations import UiCustomization
from poolhouse.operation import Parts
from poolhouse.store import Transaction

MANAGED_LOGIN = 2
"""ManagedLoginVersion of a domain; 1 is the classic hosted UI."""


@dataclass(frozen=True, slots=True)
class ClientLook:
    """All None and empty where nobody has set anything."""

    style: ManagedLoginBranding | None = None
    assets: Sequence[Asset] = ()
    classic: UiCustomization | None = None
    terms: Mapping[str, Terms] = field(default_factory=dict)
    """By name."""


async def find_look(parts: Parts, pool_id: str, client_id: str, version: int) -> ClientLook:
    """What is in force at a domain of this version. The two versions know nothing of each other: the classic pages
    have neither styles nor terms, as in Cognito.

    Source: Cognito developer guide, "User pool managed login"; API reference, CreateTerms.
    """

    def managed(tx: Transaction) -> ClientLook:
        style = tx.branding.find_of_client(pool_id, client_id)
        return ClientLook(
            style=style,
            assets=() if style is None else tx.branding.assets(pool_id, style.id),
            terms=tx.terms.of_client(pool_id, client_id),
        )

    def classic(tx: Transaction) -> ClientLook:
        return ClientLook(classic=tx.ui_customizations.in_force(pool_id, client_id))

    return await parts.store.look_up(managed if version == MANAGED_LOGIN else classic)


async def find_image(parts: Parts, pool_id: str, hash: str) -> Image | None:
    """An image of any style of the pool."""
    return await parts.store.look_up(lambda tx: tx.branding.find_image(pool_id, hash))


async def find_classic_look(parts: Parts, pool_id: str, owner: str) -> UiCustomization | None:
    """The look of a client, or of all that have none of their own (`ALL`)."""
    return await parts.store.look_up(lambda tx: tx.ui_customizations.find(pool_id, owner))
