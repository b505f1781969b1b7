"""What an option is: a field of `Settings` with its kind, its help and the names it goes by."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from poolhouse.config.kinds import Kind
from poolhouse.config.settings import Settings


class ConfigurationError(Exception):
    """Settings that can't be used: one line a problem, each with its remedy."""

    def __init__(self, problems: Sequence[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(self.problems))


@dataclass(frozen=True, slots=True)
class Option:
    name: str
    """The field of `Settings`."""
    kind: Kind
    help: str
    section: str
    default: Any
    default_text: str
    is_secret: bool
    key: str
    """The key in the TOML file."""

    @property
    def environment(self) -> str:
        return f"POOLHOUSE_{self.key.upper()}"

    @property
    def environment_file(self) -> str | None:
        """The variable that names a file with the value: for secrets, which then stay out of the environment."""
        return f"{self.environment}_FILE" if self.is_secret else None

    @property
    def flag(self) -> str | None:
        """None for a secret: every user of the machine can read a process's arguments."""
        return None if self.is_secret else "--" + self.key.replace("_", "-")

    def show(self, value: Any) -> str:
        """The value for a person's eyes, secrets hidden."""
        if value is None or value == ():
            return ""
        return "(set, hidden)" if self.is_secret else self.kind.show(value)


def _options() -> tuple[Option, ...]:
    options = []
    for field in dataclasses.fields(Settings):
        about = field.metadata.get("option")
        if about is None:
            continue
        shown = "" if field.default in (None, ()) else about.kind.show(field.default)
        options.append(
            Option(
                name=field.name,
                kind=about.kind,
                help=about.help,
                section=about.section,
                default=field.default,
                default_text=about.default_text or shown,
                is_secret=about.is_secret,
                key=about.key or field.name,
            )
        )
    return tuple(options)


OPTIONS = _options()
BY_KEY = {option.key: option for option in OPTIONS}
