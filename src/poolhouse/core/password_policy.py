"""What a pool asks of a password."""

from __future__ import annotations

from poolhouse.core.errors import InvalidPasswordException
from poolhouse.core.ids import Random, random_text
from poolhouse.shapes.cognito_idp import PasswordPolicyType

UPPERCASE = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
LOWERCASE = "abcdefghijklmnopqrstuvwxyz"
NUMBERS = "0123456789"
SYMBOLS = "^$*.[]{}()?\"!@#%&/\\,><':;|_~`=+-"
"""Source: Cognito developer guide, "Password policy": these, and a space that is neither first nor last."""
LONGEST = 256
"""Characters. Source: the model, PasswordType."""
TEMPORARY_LENGTH = 14
EASILY_TYPED = "!#%*+-.=?@_"
"""Symbols of a temporary password: those that an e-mail or SMS shows as they are, and that no shell or form eats."""


def check_password(policy: PasswordPolicyType, password: str) -> None:
    """Refuse a password that the policy does not allow; the first rule that it breaks is named.

    Letters count by Basic Latin alone.

    Raises:
        InvalidPasswordException

    Source: Cognito developer guide, "Adding user pool password requirements".
    """
    if len(password) < policy.get("MinimumLength", 8):
        raise _refused("Password not long enough")
    if len(password) > LONGEST:
        raise _refused("Password too long")
    for required, alphabet, complaint in (
        (policy.get("RequireUppercase"), UPPERCASE, "Password must have uppercase characters"),
        (policy.get("RequireLowercase"), LOWERCASE, "Password must have lowercase characters"),
        (policy.get("RequireNumbers"), NUMBERS, "Password must have numeric characters"),
    ):
        if required and not set(alphabet) & set(password):
            raise _refused(complaint)
    if policy.get("RequireSymbols") and not (set(SYMBOLS) & set(password) or " " in password.strip(" ")):
        raise _refused("Password must have symbol characters")


def new_password(policy: PasswordPolicyType, random: Random) -> str:
    """A temporary password that the policy allows, with at least 80 bits that nobody can guess.

    It has one of each kind of characters, whether the policy asks for it or not, each kind in its place by chance.
    """
    length = max(TEMPORARY_LENGTH, policy.get("MinimumLength", 8))
    kinds = (UPPERCASE, LOWERCASE, NUMBERS, EASILY_TYPED)
    # One of each kind drawn, then the rest from all; the first ones are then dealt to places drawn as well.
    letters = list(random_text(random, "".join(kinds), length))
    for place, kind in zip(_places(random, length, len(kinds)), kinds, strict=True):
        letters[place] = random_text(random, kind, 1)
    return "".join(letters)


def _places(random: Random, length: int, count: int) -> list[int]:
    """`count` different places below `length` (at most 128), each as likely as another."""
    alphabet = "".join(map(chr, range(length)))
    places: list[int] = []
    while len(places) < count:
        place = ord(random_text(random, alphabet, 1))
        if place not in places:
            places.append(place)
    return places


def _refused(complaint: str) -> InvalidPasswordException:
    return InvalidPasswordException(f"Password did not conform with policy: {complaint}")
