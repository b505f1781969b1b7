"""The look of the classic pages: a style sheet of few classes, and a logo.

Source: Cognito developer guide, "Hosted UI (classic) branding"; API reference, SetUICustomization.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Self

from poolhouse.core.documents import from_iso, to_iso
from poolhouse.core.errors import InvalidParameterException
from poolhouse.core.images import extension_of

ALL = "ALL"
"""What stands for the client where a look is for all clients that have none of their own."""
MAX_IMAGE = 100 * 1024
"""Bytes of a logo. Source: the same page of the developer guide."""

CLASSES = frozenset(
    f"{name}-customizable"
    for name in (
        *("background", "banner", "errorMessage", "idpButton", "idpDescription", "inputField", "label"),
        *("legalText", "logo", "passwordCheck-valid", "passwordCheck-notValid", "redirect", "socialButton"),
        *("submitButton", "textDescription"),
    )
)

_SELECTOR = re.compile(r"\.([A-Za-z-]+)(?::(?:hover|focus|active))?")
_PROPERTY = re.compile(r"(?:--)?[a-z-]+", re.IGNORECASE)
_HARMFUL = re.compile(r"(url|image-set|image|src|expression)\s*\(|(behavior|-moz-binding)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class UiCustomization:
    """The look of one client, or of all that have none of their own."""

    pool_id: str
    client_id: str
    css: str | None
    image: bytes | None
    created_at: datetime
    modified_at: datetime
    version: int = 1

    @property
    def css_version(self) -> str:
        """`20250115191928`: when it was set."""
        return self.modified_at.astimezone(UTC).strftime("%Y%m%d%H%M%S")

    @property
    def image_name(self) -> str | None:
        """The file name of the logo: it holds the image's hash, so that an address never changes its meaning."""
        if self.image is None:
            return None
        extension = (extension_of(self.image) or "png").lower()
        return f"logo-{self.client_id}-{hashlib.sha256(self.image).hexdigest()[:32]}.{extension}"

    def to_document(self) -> dict[str, Any]:
        return {
            "css": self.css,
            "image": None if self.image is None else base64.b64encode(self.image).decode(),
            "created_at": to_iso(self.created_at),
            "modified_at": to_iso(self.modified_at),
        }

    @classmethod
    def from_document(
        cls, document: Mapping[str, Any], *, pool_id: str, client_id: str, version: int
    ) -> Self:
        image = document["image"]
        return cls(
            pool_id=pool_id,
            client_id=client_id,
            css=document["css"],
            image=None if image is None else base64.b64decode(image),
            created_at=from_iso(document["created_at"]),
            modified_at=from_iso(document["modified_at"]),
            version=version,
        )


def check_css(css: str) -> None:
    """Refuse all but rules for the classes that may be styled.

    A page is of the pool's own domain, but where domains are told apart by path, pools share an origin: so a
    style sheet can neither load anything nor reach what is not its own. Backslashes are refused, for escapes
    would hide words from this check.

    Raises:
        InvalidParameterException: the message says at what.
    """
    rest = _without_comments(css)
    for mark in ("@", "<", "\\"):
        if mark in rest:
            raise _invalid(f"it must not contain {mark}")
    harmful = _HARMFUL.search(rest)
    if harmful:
        raise _invalid(f"it must not contain {harmful[1] or harmful[2]}")
    *rules, after = rest.split("}")
    if after.strip():
        raise _invalid("it is not a list of rules")
    for rule in rules:
        selectors, brace, declarations = rule.partition("{")
        if not brace or "{" in declarations:
            raise _invalid("it is not a list of rules")
        for selector in selectors.split(","):
            _check_selector(selector.strip())
        for declaration in declarations.split(";"):
            _check_declaration(declaration.strip())


def check_image(image: bytes) -> None:
    """Raises InvalidParameterException: a logo that is too large, or neither PNG nor JPEG."""
    if len(image) > MAX_IMAGE:
        raise InvalidParameterException("The image file must not be larger than 100 KB.")
    if extension_of(image) not in ("PNG", "JPEG"):
        raise InvalidParameterException("The image file must be a PNG or JPEG.")


def _without_comments(css: str) -> str:
    parts: list[str] = []
    at = 0
    while (begin := css.find("/*", at)) >= 0:
        end = css.find("*/", begin + 2)
        if end < 0:
            raise _invalid("a comment has no end")
        parts.append(css[at:begin])
        at = end + 2
    return " ".join((*parts, css[at:]))


def _check_selector(selector: str) -> None:
    match = _SELECTOR.fullmatch(selector)
    if match is None or match[1] not in CLASSES:
        shown = selector if len(selector) <= 128 and selector.isprintable() else "a selector"
        raise _invalid(f"{shown or 'a rule without a selector'} can not be customized")


def _check_declaration(declaration: str) -> None:
    if not declaration:
        return
    name, _, value = declaration.partition(":")
    is_one = _PROPERTY.fullmatch(name.strip()) and value.strip() and ":" not in value
    if not is_one or any(value.count(quote) % 2 for quote in "\"'"):
        shown = declaration if len(declaration) <= 128 and declaration.isprintable() else "a declaration"
        raise _invalid(f"{shown} is not a declaration")


def _invalid(why: str) -> InvalidParameterException:
    return InvalidParameterException(f"The CSS is invalid: {why}.")
