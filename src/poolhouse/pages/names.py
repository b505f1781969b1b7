"""What people of a pool are called, as a field of a form."""

from __future__ import annotations

from poolhouse.core.snapshots import AppSnapshot
from poolhouse.core.users import PHONE_NUMBER, username_attributes
from poolhouse.pages.attribute_fields import Field
from poolhouse.pages.texts import N_

USER_NAME = Field("username", N_("User name"), autocomplete="username")
_AS_NUMBERS_ARE_WRITTEN = str.maketrans("", "", " ()-./\u00a0")


def field_of(app: AppSnapshot) -> Field:
    """What a new person is called by."""
    match sorted(username_attributes(app.user_pool)):
        case ["email"]:
            return Field("username", N_("Email address"), "email", "username")
        case ["phone_number"]:
            hint = N_("With the country code, as +14155550100")
            return Field("username", N_("Phone number"), "tel", "username", hint)
        case ["email", "phone_number"]:
            return Field("username", N_("Email address or phone number"), autocomplete="username")
    return USER_NAME


def phone_number(text: str) -> str:
    """A number as people write it, as it is kept."""
    return text.translate(_AS_NUMBERS_ARE_WRITTEN)


def typed_name(app: AppSnapshot, text: str) -> str:
    """The name that was typed, without what people put around it."""
    name = text.strip()
    if name.startswith("+") and username_attributes(app.user_pool) & {PHONE_NUMBER}:
        return phone_number(name)
    return name
