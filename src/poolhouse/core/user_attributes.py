"""What a person's attributes may be: a pool's schema, and who may read and write them."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from datetime import datetime
from decimal import Decimal

from poolhouse.core.attributes import NOT_WRITABLE, is_custom, kind_of, name_of
from poolhouse.core.clients import UserPoolClient
from poolhouse.core.errors import InvalidParameterException, NotAuthorizedException
from poolhouse.core.pools import UserPool
from poolhouse.core.users import (
    EMAIL,
    PHONE_NUMBER,
    PREFERRED_USERNAME,
    VERIFIED,
    User,
    alias_attributes,
    username_attributes,
)
from poolhouse.shapes.cognito_idp import AttributeType, SchemaAttributeType

UNAUTHORIZED = "A client attempted to write unauthorized attribute"
VERIFIED_BY = {verified: attribute for attribute, verified in VERIFIED.items()}
NOT_THEIRS = frozenset({"sub", "identities"})
"""Attributes that nobody sets: the pool gives them."""
NEEDED_TO_VERIFY = {
    EMAIL: "Email is required to verify/un-verify an email",
    PHONE_NUMBER: "Phone Number is required to verify/un-verify a phone number",
}

# Of RFC 5322's addresses those that mail systems agree on: no quoted local part, no comment, ASCII alone (SES,
# which Cognito sends with, takes no other). None of these characters can end a header or begin another address.
EMAIL_FORM = re.compile(
    r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
    r"@([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
)
LONGEST_LOCAL_PART, LONGEST_EMAIL = 64, 254
"""Source: RFC 5321 §4.5.3.1."""
PHONE_FORM = re.compile(r"\+[1-9][0-9]{1,14}")
"""Source: ITU-T E.164; Cognito developer guide, "User pool attributes" (a plus sign, then digits alone)."""
NUMBER_FORM = re.compile(r"-?[0-9]{1,64}(\.[0-9]{1,64})?")
EPOCH_FORM = re.compile(r"[0-9]{1,15}(\.[0-9]{1,9})?")


def parse_attributes(given: Iterable[AttributeType]) -> dict[str, str]:
    """The names and values of a request; an attribute without a value is the empty text.

    Raises:
        InvalidParameterException: one is there twice.
    """
    values: dict[str, str] = {}
    for attribute in given:
        name = attribute["Name"]
        if name in values:
            raise InvalidParameterException(f"Duplicate attribute {name} in the request.")
        values[name] = attribute.get("Value", "")
    return values


def check_new(
    pool: UserPool, values: Mapping[str, str], *, writable: Collection[str] | None, required: bool
) -> dict[str, str]:
    """The attributes of a new person as they are kept: booleans in small letters, empty ones left out.

    `writable` are the attributes that the asking client may write; None for an administrator. `required` says
    whether the attributes that the pool requires must all be there.

    Raises:
        InvalidParameterException: one is not of the schema, or not as the schema says; one is missing.
        NotAuthorizedException: the client may not write one of them.

    Source: Cognito API reference, SignUp and AdminCreateUser (UserAttributes).
    """
    _check_permission(values, writable)
    _raise_if_any(_faults(pool, values, is_new=True))
    if writable is not None and PREFERRED_USERNAME in values and PREFERRED_USERNAME in alias_attributes(pool):
        # Source: Cognito developer guide, "Customizing sign-in attributes": only after the confirmation.
        raise InvalidParameterException("preferred_username can not be provided during sign-up as an alias.")
    kept = {name: _normal(pool, name, value) for name, value in values.items() if value}
    if required:
        _raise_if_any(_missing(pool, kept))
    _check_verified(kept, kept)
    return kept


def check_changes(
    pool: UserPool, user: User, changes: Mapping[str, str], *, writable: Collection[str] | None
) -> dict[str, str | None]:
    """What becomes of a person's attributes: the values as they are kept, None for one that goes.

    An empty value removes an attribute. A new email or phone_number is not verified, unless an administrator
    says so in the same request; one that goes takes its verification with it.

    Raises:
        InvalidParameterException: one is not of the schema, not as the schema says, immutable, or required
            and would go.
        NotAuthorizedException: the client may not write one of them.

    Source: Cognito API reference, AdminUpdateUserAttributes and UpdateUserAttributes.
    """
    _check_permission(changes, writable)
    _raise_if_any(_faults(pool, changes, is_new=False))
    kept: dict[str, str | None] = {
        name: _normal(pool, name, value) if value else None for name, value in changes.items()
    }
    after = {name: value for name, value in {**user.attributes, **kept}.items() if value is not None}
    gone = [name for name, value in kept.items() if value is None]
    _raise_if_any(fault for name, fault in _each_missing(pool, after) if name in gone)
    _check_verified({name: value for name, value in kept.items() if value is not None}, after)
    for attribute, verified in VERIFIED.items():
        if attribute in kept and kept[attribute] is None:
            kept[verified] = None
        elif attribute in kept and kept[attribute] != user.attributes.get(attribute):
            kept.setdefault(verified, "false")
    return kept


def client_readable(pool: UserPool, client: UserPoolClient) -> frozenset[str]:
    """The attributes that this client's tokens and answers may show, `sub` always among them.

    Source: Cognito API reference, CreateUserPoolClient (ReadAttributes: without it, the standard ones).
    """
    chosen = client.settings.get("ReadAttributes")
    names = frozenset(chosen) if chosen else _standard(pool)
    return names | {"sub"}


def client_writable(pool: UserPool, client: UserPoolClient) -> frozenset[str] | None:
    """The attributes that this client may set for a person.

    Source: Cognito API reference, CreateUserPoolClient (WriteAttributes: without it, the standard ones).
    """
    chosen = client.settings.get("WriteAttributes")
    return (frozenset(chosen) if chosen else _standard(pool)) - NOT_WRITABLE


def is_email(text: str) -> bool:
    local, _, _ = text.rpartition("@")
    fits = len(local) <= LONGEST_LOCAL_PART and len(text) <= LONGEST_EMAIL
    return fits and EMAIL_FORM.fullmatch(text) is not None


def is_phone_number(text: str) -> bool:
    return PHONE_FORM.fullmatch(text) is not None


def sign_in_attribute(pool: UserPool, username: str) -> str | None:
    """The attribute whose value a new person's name is to be; None where the name is a name.

    Raises:
        InvalidParameterException: the pool's people have no names of their own and this is none of the
            attributes that stand for them; or it is one that the pool takes for another's alias.

    Source: Cognito developer guide, "Customizing sign-in attributes".
    """
    kinds = username_attributes(pool)
    if not kinds:
        _refuse_look_alikes(pool, "Username", username)
        return None
    if EMAIL in kinds and is_email(username):
        return EMAIL
    if PHONE_NUMBER in kinds and is_phone_number(username):
        return PHONE_NUMBER
    if kinds == {EMAIL}:
        raise InvalidParameterException("Username should be an email.")
    if kinds == {PHONE_NUMBER}:
        raise InvalidParameterException("Username should be a phone number.")
    raise InvalidParameterException("Username should be either an email or a phone number.")


def _refuse_look_alikes(pool: UserPool, what: str, name: str) -> None:
    # Else a name could be chosen that is another's email: who signs in with it would meet the wrong person, or nobody.
    kinds = alias_attributes(pool)
    if EMAIL in kinds and is_email(name):
        raise InvalidParameterException(
            f"{what} cannot be of email format, since user pool is configured for email alias."
        )
    if PHONE_NUMBER in kinds and is_phone_number(name):
        raise InvalidParameterException(
            f"{what} cannot be of phone number format, since user pool is configured for phone number alias."
        )


def _standard(pool: UserPool) -> frozenset[str]:
    return frozenset(name for name in map(name_of, pool.attributes) if not is_custom(name))


def _check_permission(values: Mapping[str, str], writable: Collection[str] | None) -> None:
    if writable is not None and any(name not in writable for name in values):
        raise NotAuthorizedException(UNAUTHORIZED)


def _raise_if_any(faults: Iterable[str]) -> None:
    found = list(faults)
    if found:
        raise InvalidParameterException("Attributes did not conform to the schema: " + " ".join(found))


def _missing(pool: UserPool, values: Mapping[str, str]) -> Iterator[str]:
    return (fault for _, fault in _each_missing(pool, values))


def _each_missing(pool: UserPool, values: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for attribute in pool.attributes:
        name = name_of(attribute)
        if attribute.get("Required") and name not in NOT_THEIRS and not values.get(name):
            yield name, f"{name}: The attribute is required"


def _check_verified(given: Mapping[str, str], after: Mapping[str, str]) -> None:
    """A verification is of something."""
    for verified, attribute in VERIFIED_BY.items():
        if verified in given and not after.get(attribute):
            raise InvalidParameterException(NEEDED_TO_VERIFY[attribute])


def _faults(pool: UserPool, values: Mapping[str, str], *, is_new: bool) -> Iterator[str]:
    schema = {name_of(attribute): attribute for attribute in pool.attributes}
    for name, value in values.items():
        attribute = schema.get(name)
        if attribute is None:
            yield f"{name}: Attribute does not exist in the schema."
        elif name in NOT_THEIRS or not (is_new or attribute.get("Mutable", True)):
            yield f"{name}: Attribute cannot be updated."
        elif value and (fault := CHECKS[kind_of(attribute)](attribute, value)):
            yield f"{name}: {fault}"
    # Cognito says these without the schema's preamble.
    if values.get(EMAIL) and not is_email(values[EMAIL]):
        raise InvalidParameterException("Invalid email address format.")
    if values.get(PHONE_NUMBER) and not is_phone_number(values[PHONE_NUMBER]):
        raise InvalidParameterException("Invalid phone number format.")
    if PREFERRED_USERNAME in alias_attributes(pool):
        _refuse_look_alikes(pool, "Preferred username", values.get(PREFERRED_USERNAME, ""))


def _text_fault(attribute: SchemaAttributeType, value: str) -> str | None:
    bounds = attribute.get("StringAttributeConstraints", {})
    shortest = int(bounds.get("MinLength") or 0)
    if len(value) < shortest:
        return f"String must be at least {shortest} characters long"
    longest = bounds.get("MaxLength")
    if longest and len(value) > int(longest):
        return f"String must be no longer than {longest} characters"
    return None


def _number_fault(attribute: SchemaAttributeType, value: str) -> str | None:
    if not NUMBER_FORM.fullmatch(value):
        return "Value is not a number"
    bounds = attribute.get("NumberAttributeConstraints", {})
    least, most = bounds.get("MinValue"), bounds.get("MaxValue")
    if least and Decimal(value) < Decimal(least):
        return f"Number must be at least {least}"
    if most and Decimal(value) > Decimal(most):
        return f"Number must be no more than {most}"
    return None


def _boolean_fault(_: SchemaAttributeType, value: str) -> str | None:
    # "True" too: what Python's str(True) gives is in many people's scripts.
    return None if value.lower() in ("true", "false") else "Value must be true or false"


def _time_fault(_: SchemaAttributeType, value: str) -> str | None:
    if EPOCH_FORM.fullmatch(value):
        return None
    try:
        datetime.fromisoformat(value)
    except ValueError:
        return "Value is not a date: ISO 8601 or seconds since 1970"
    return None


CHECKS: Mapping[str, Callable[[SchemaAttributeType, str], str | None]] = {
    "String": _text_fault,
    "Number": _number_fault,
    "Boolean": _boolean_fault,
    "DateTime": _time_fault,
}


def _normal(pool: UserPool, name: str, value: str) -> str:
    kind = next((kind_of(a) for a in pool.attributes if name_of(a) == name), "String")
    return value.lower() if kind == "Boolean" else value
