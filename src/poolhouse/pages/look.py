"""How the pages of a client look."""

from __future__ import annotations

from dataclasses import dataclass

from poolhouse.core.snapshots import AppSnapshot
from poolhouse.operation import Call


@dataclass(frozen=True, slots=True)
class Look:
    """Addresses are below the domain's base."""

    title: str = ""
    """Of the window, after what the page is; "" for none."""
    stylesheets: tuple[str, ...] = ()
    """After the pages' own."""
    logo: str | None = None
    logo_text: str = ""
    dark_logo: str | None = None
    favicon: str | None = None
    color_scheme: str = "light dark"


async def look_of(call: Call, app: AppSnapshot, version: int) -> Look:
    """`version` is the domain's ManagedLoginVersion."""
    return Look()
