"""A pool's attribute schema: the twenty standard attributes, and the custom ones of its owner."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, cast

from poolhouse.core.errors import InvalidParameterException, LimitExceededException
from poolhouse.shapes.cognito_idp import SchemaAttributeType

MAX_CUSTOM_ATTRIBUTES = 50
"""Per pool. Source: Cognito quotas page."""
MAX_NAME_LENGTH = 20
CUSTOM = "custom:"
DEVELOPER = "dev:"


def name_of(attribute: SchemaAttributeType) -> str:
    """Every attribute of a pool has a name and a type, whatever the model says of a request's."""
    return attribute.get("Name", "")


def kind_of(attribute: SchemaAttributeType) -> str:
    return attribute.get("AttributeDataType", "String")


def _text(name: str, shortest: int = 0, longest: int = 2048, **extra: Any) -> SchemaAttributeType:
    return _standard(
        name,
        "String",
        StringAttributeConstraints={"MinLength": str(shortest), "MaxLength": str(longest)},
        **extra,
    )


def _standard(name: str, kind: str, **extra: Any) -> SchemaAttributeType:
    attribute: dict[str, Any] = {
        "Name": name,
        "AttributeDataType": kind,
        "DeveloperOnlyAttribute": False,
        "Mutable": True,
        "Required": False,
    }
    return cast(SchemaAttributeType, attribute | extra)


STANDARD_ATTRIBUTES: Sequence[SchemaAttributeType] = (
    _text("sub", 1, Mutable=False, Required=True),
    _text("name"),
    _text("given_name"),
    _text("family_name"),
    _text("middle_name"),
    _text("nickname"),
    _text("preferred_username"),
    _text("profile"),
    _text("picture"),
    _text("website"),
    _text("email"),
    _standard("email_verified", "Boolean"),
    _text("gender"),
    _text("birthdate", 10, 10),
    _text("zoneinfo"),
    _text("locale"),
    _text("phone_number"),
    _standard("phone_number_verified", "Boolean"),
    _text("address"),
    _standard("updated_at", "Number", NumberAttributeConstraints={"MinValue": "0"}),
)
"""In the order in which Cognito lists them. Source: CLI example output of describe-user-pool."""

NOT_WRITABLE = frozenset({"sub", "email_verified", "phone_number_verified", "identities"})


def schema_of(given: Iterable[SchemaAttributeType]) -> tuple[SchemaAttributeType, ...]:
    """The schema of a new pool: the standard attributes, changed as `given` says, and its custom ones.

    Raises:
        InvalidParameterException: a standard attribute is retyped, a custom one badly described or twice there.
    """
    standard = {name_of(attribute): attribute for attribute in STANDARD_ATTRIBUTES}
    custom: list[SchemaAttributeType] = []
    for position, attribute in enumerate(given, start=1):
        name = attribute.get("Name", "")
        if name in standard:
            standard[name] = _changed_standard(standard[name], attribute)
        else:
            custom.append(_custom(attribute, f"schema.{position}.member.name"))
    _refuse_duplicates(custom)
    return (*standard.values(), *custom)


def with_custom_attributes(
    schema: Sequence[SchemaAttributeType], given: Iterable[SchemaAttributeType]
) -> tuple[SchemaAttributeType, ...]:
    """The schema with further custom attributes; none can be changed or removed afterwards.

    Raises:
        InvalidParameterException: one is badly described, or its name is taken.
        LimitExceededException: the pool would have more than 50.
    """
    added = [
        _custom(attribute, f"customAttributes.{position}.member.name")
        for position, attribute in enumerate(given, start=1)
    ]
    _refuse_duplicates(added)
    taken = {name_of(attribute) for attribute in schema}
    for attribute in added:
        if name_of(attribute) in taken:
            name = name_of(attribute)
            raise InvalidParameterException(f"{name}: Existing attribute already has name {name}.")
    if sum(is_custom(name_of(a)) for a in schema) + len(added) > MAX_CUSTOM_ATTRIBUTES:
        raise LimitExceededException("Maximum number of custom attributes reached.")
    return (*schema, *added)


def is_custom(name: str) -> bool:
    return name.startswith((CUSTOM, DEVELOPER + CUSTOM))


def _changed_standard(standard: SchemaAttributeType, given: SchemaAttributeType) -> SchemaAttributeType:
    name = name_of(standard)
    retyped = given.get("AttributeDataType", kind_of(standard)) != kind_of(standard)
    if retyped or given.get("DeveloperOnlyAttribute"):
        raise InvalidParameterException(
            "You can not change AttributeDataType or set developerOnlyAttribute for standard schema attribute "
            + name
        )
    changed = standard.copy()
    if name != "sub":
        changed["Mutable"] = given.get("Mutable", changed.get("Mutable", True))
        changed["Required"] = given.get("Required", changed.get("Required", False))
    if "StringAttributeConstraints" in standard and "StringAttributeConstraints" in given:
        changed["StringAttributeConstraints"] = {
            **standard["StringAttributeConstraints"],
            **given["StringAttributeConstraints"],
        }
    if "NumberAttributeConstraints" in standard and "NumberAttributeConstraints" in given:
        changed["NumberAttributeConstraints"] = {
            **standard["NumberAttributeConstraints"],
            **given["NumberAttributeConstraints"],
        }
    _check_bounds(changed)
    return changed


def _custom(given: SchemaAttributeType, path: str) -> SchemaAttributeType:
    name = given.get("Name", "")
    if len(name) > MAX_NAME_LENGTH:
        raise InvalidParameterException(
            f"1 validation error detected: Value '{name}' at '{path}' failed to satisfy constraint: "
            f"Member must have length less than or equal to {MAX_NAME_LENGTH}"
        )
    if not name:
        raise InvalidParameterException(
            f"1 validation error detected: Value null at '{path}' failed to satisfy constraint: "
            "Member must not be null"
        )
    kind = given.get("AttributeDataType")
    if kind is None:
        raise InvalidParameterException(
            "Invalid AttributeDataType input, consider using the provided AttributeDataType enum."
        )
    if given.get("Required"):
        raise InvalidParameterException("Required custom attributes are not supported currently.")
    developer_only = given.get("DeveloperOnlyAttribute", False)
    attribute: SchemaAttributeType = {
        "Name": (DEVELOPER if developer_only else "") + CUSTOM + name,
        "AttributeDataType": kind,
        "DeveloperOnlyAttribute": developer_only,
        "Mutable": given.get("Mutable", True),
        "Required": False,
    }
    if kind == "String":
        attribute["StringAttributeConstraints"] = given.get("StringAttributeConstraints", {})
    elif kind == "Number":
        attribute["NumberAttributeConstraints"] = given.get("NumberAttributeConstraints", {})
    _check_bounds(attribute)
    return attribute


def _check_bounds(attribute: SchemaAttributeType) -> None:
    name = name_of(attribute)
    lengths = attribute.get("StringAttributeConstraints", {})
    shortest = _number(name, lengths.get("MinLength"))
    longest = _number(name, lengths.get("MaxLength"))
    if (shortest or 0) < 0 or (longest or 0) < 0:
        raise InvalidParameterException(f"Attribute {name} cannot have a negative length")
    if shortest is not None and longest is not None and shortest > longest:
        raise InvalidParameterException(
            f"Attribute {name} cannot have a max length shorter than it's min length"
        )
    values = attribute.get("NumberAttributeConstraints", {})
    least, most = _number(name, values.get("MinValue")), _number(name, values.get("MaxValue"))
    if least is not None and most is not None and least > most:
        raise InvalidParameterException(
            f"Attribute {name} cannot have a max value smaller than it's min value"
        )


def _number(name: str, text: str | None) -> int | None:
    """A bound, which the wire writes as text."""
    if text is None:
        return None
    digits = text.removeprefix("-")
    if not (digits.isascii() and digits.isdigit()) or len(digits) > 18:
        raise InvalidParameterException(f"Attribute {name} has an invalid constraint: {text[:40]}")
    return int(text)


def _refuse_duplicates(attributes: Iterable[SchemaAttributeType]) -> None:
    seen: set[str] = set()
    for attribute in attributes:
        name = name_of(attribute)
        if name in seen:
            raise InvalidParameterException(
                f"Duplicate custom attribute names {name} are not allowed in a user pool schema."
            )
        seen.add(name)
