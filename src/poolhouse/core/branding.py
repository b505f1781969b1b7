"""The style of a client's managed login: settings, kept as they were given, and images.

Source: Cognito API reference, CreateManagedLoginBranding and UpdateManagedLoginBranding.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Self

from poolhouse.core.documents import from_iso, to_iso
from poolhouse.core.errors import InvalidParameterException
from poolhouse.core.images import extension_of

MAX_ASSETS = 40
"""Images of a style, over all requests. Source: cognito-idp model, AssetListType."""

_GRAPHIC = frozenset({"PNG", "SVG", "JPEG", "WEBP"})
CATEGORIES: Mapping[str, frozenset[str]] = {
    "FAVICON_ICO": frozenset({"ICO"}),
    "FAVICON_SVG": frozenset({"SVG"}),
    "EMAIL_GRAPHIC": _GRAPHIC,
    "SMS_GRAPHIC": _GRAPHIC,
    "AUTH_APP_GRAPHIC": _GRAPHIC,
    "PASSWORD_GRAPHIC": _GRAPHIC,
    "PASSKEY_GRAPHIC": _GRAPHIC,
    "PAGE_HEADER_LOGO": _GRAPHIC,
    "PAGE_HEADER_BACKGROUND": _GRAPHIC,
    "PAGE_FOOTER_LOGO": _GRAPHIC,
    "PAGE_FOOTER_BACKGROUND": _GRAPHIC,
    "PAGE_BACKGROUND": _GRAPHIC,
    "FORM_BACKGROUND": _GRAPHIC,
    "FORM_LOGO": _GRAPHIC,
    "IDP_BUTTON_ICON": frozenset({"ICO", "SVG"}),
}
"""By category, the extensions that it takes. Source: Cognito developer guide, branding editor's assets."""

AssetKey = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Asset:
    """An image, without its bytes: what a page must know of it."""

    category: str
    color_mode: str
    extension: str
    resource_id: str
    """Tells apart two images of one category and mode, as the icons of two providers; "" for none."""
    hash: str

    @property
    def key(self) -> AssetKey:
        """What it takes the place of: the same kind of image for the same mode."""
        return self.category, self.color_mode, self.resource_id

    @property
    def file_name(self) -> str:
        """Holds the hash, so that an address never changes its meaning."""
        return f"image-{self.hash}.{self.extension.lower()}"


@dataclass(frozen=True, slots=True)
class Image:
    """An image with its bytes."""

    asset: Asset
    content: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class ManagedLoginBranding:
    pool_id: str
    id: str
    client_id: str
    uses_defaults: bool
    """UseCognitoProvidedValues: it has neither settings nor images of its own."""
    settings: Mapping[str, Any]
    created_at: datetime
    modified_at: datetime
    version: int = 1

    def to_document(self) -> dict[str, Any]:
        return {
            "uses_defaults": self.uses_defaults,
            "settings": self.settings,
            "created_at": to_iso(self.created_at),
            "modified_at": to_iso(self.modified_at),
        }

    @classmethod
    def from_document(
        cls, document: Mapping[str, Any], *, pool_id: str, id: str, client_id: str, version: int
    ) -> Self:
        return cls(
            pool_id=pool_id,
            id=id,
            client_id=client_id,
            uses_defaults=document["uses_defaults"],
            settings=document["settings"],
            created_at=from_iso(document["created_at"]),
            modified_at=from_iso(document["modified_at"]),
            version=version,
        )


def new_image(category: str, color_mode: str, extension: str, resource_id: str, content: bytes) -> Image:
    """An image that may be shown: its bytes are what its extension says, and an SVG's are cleaned.

    Raises:
        InvalidParameterException: the category takes no such images, or the bytes are none.
    """
    allowed = CATEGORIES[category]
    if extension not in allowed:
        raise InvalidParameterException(
            f"An asset of category {category} must be one of {', '.join(sorted(allowed))}."
        )
    if extension == "SVG":
        from poolhouse.core.svg import (
            clean_svg,
        )  # its parser takes a while to load, and few servers ever need it

        content = clean_svg(content)
    elif extension_of(content) != extension:
        raise InvalidParameterException(f"The asset of category {category} is not a valid {extension} file.")
    digest = hashlib.sha256(content).hexdigest()[:32]
    return Image(Asset(category, color_mode, extension, resource_id, digest), content)


def refuse_twice(keys: Iterable[AssetKey]) -> None:
    """Raises InvalidParameterException: two images are for the same place."""
    seen: set[AssetKey] = set()
    for key in keys:
        if key in seen:
            raise InvalidParameterException(
                f"There is more than one asset of category {key[0]} and color mode {key[1]}."
            )
        seen.add(key)
