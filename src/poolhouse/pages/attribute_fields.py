"""A pool's attributes as fields of a form."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from poolhouse.pages.texts import N_


@dataclass(frozen=True, slots=True)
class Field:
    name: str
    """The attribute's."""
    label: str
    """In English, to be translated; of a custom attribute its name."""
    type: str = "text"
    autocomplete: str = "off"
    hint: str = ""


STANDARD: Mapping[str, Field] = {
    field.name: field
    for field in (
        Field("address", N_("Address"), autocomplete="street-address"),
        Field("birthdate", N_("Date of birth"), "date", "bday"),
        Field("email", N_("Email"), "email", "email"),
        Field("family_name", N_("Family name"), autocomplete="family-name"),
        Field("gender", N_("Gender"), autocomplete="sex"),
        Field("given_name", N_("Given name"), autocomplete="given-name"),
        Field("locale", N_("Locale"), hint=N_("For example en-US")),
        Field("middle_name", N_("Middle name"), autocomplete="additional-name"),
        Field("name", N_("Name"), autocomplete="name"),
        Field("nickname", N_("Nickname"), autocomplete="nickname"),
        Field("phone_number", N_("Phone number"), "tel", "tel", N_("With the country code, as +14155550100")),
        Field("picture", N_("Address of a picture"), "url", "photo"),
        Field("preferred_username", N_("Preferred user name"), autocomplete="nickname"),
        Field("profile", N_("Address of a profile page"), "url", "url"),
        Field("website", N_("Website"), "url", "url"),
        Field("zoneinfo", N_("Time zone"), hint=N_("For example Europe/Berlin")),
    )
}


def fields_of(names: Iterable[str]) -> list[Field]:
    """One a name, in their order."""
    return [STANDARD.get(name) or Field(name, name.removeprefix("custom:")) for name in names]
