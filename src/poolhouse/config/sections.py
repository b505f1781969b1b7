"""What is said of each setting: the section of the reference page, its kind, its help."""

from __future__ import annotations

from dataclasses import field
from typing import Any, NamedTuple

from poolhouse.config.kinds import Kind


class About(NamedTuple):
    section: str
    kind: Kind
    help: str
    default_text: str
    is_secret: bool
    key: str


def section(section: str) -> Any:
    """A function that makes the fields of one section of the reference page."""

    def option(
        default: Any, kind: Kind, help: str, *, default_text: str = "", is_secret: bool = False, key: str = ""
    ) -> Any:
        return field(
            default=default, metadata={"option": About(section, kind, help, default_text, is_secret, key)}
        )

    return option
