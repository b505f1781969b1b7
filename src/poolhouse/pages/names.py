"""What people of a pool are called, as a field of a form."""

from __future__ import annotations

import unicodedata

from poolhouse.core.snapshots import AppSnapshot
from poolhouse.core.users import EMAIL, LONGEST_KEY, PHONE_NUMBER, User, username_attributes
from poolhouse.pages.attribute_fields import Field
from poolhouse.pages.flow import Flow
from poolhouse.pages.texts import N_

MISSING = N_("This has to be filled in.")
NO_EMAIL = N_("Type in your email address.")
WRONG_FORM = N_("This is not in the form that is expected.")
LONGEST = 128
"""Characters of a new person's name. An address that is another name of theirs may be longer."""
IN_NAMES = frozenset("LMSNP")
"""Letters, marks, symbols, numbers and punctuation: no white space, nothing that is not seen.

Source: Cognito API reference, UsernameType."""
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


def called(user: User) -> str:
    """What somebody who is signed in is called to their face."""
    return user.attributes.get(EMAIL) or user.username


def phone_number(text: str) -> str:
    """A number as people write it, as it is kept."""
    return text.translate(_AS_NUMBERS_ARE_WRITTEN)


def typed_name(app: AppSnapshot, text: str) -> str:
    """The name that was typed, without what people put around it."""
    name = text.strip()
    if name.startswith("+") and username_attributes(app.user_pool) & {PHONE_NUMBER}:
        return phone_number(name)
    return name


def fault_of(name: str, longest: int = LONGEST_KEY) -> str | None:
    """What is wrong with a name, whoever has it: the operations get none that the API's model does not allow."""
    if not name:
        return MISSING
    is_one = len(name) <= longest and all(unicodedata.category(letter)[0] in IN_NAMES for letter in name)
    return None if is_one else WRONG_FORM


def typed_again(flow: Flow, name: str) -> Flow:
    """The flow, where it is this person's; else a new one that knows what was typed."""
    return flow if name == flow.username else Flow(values={"username": shown(name)})


def shown(name: str) -> str:
    """As much of it as is shown again."""
    return name[:LONGEST_KEY]
