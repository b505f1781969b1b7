"""Policy documents, checked when they are stored: what the evaluation would not understand is refused, for
a statement that is silently ignored may be the Deny that somebody relies on.

Source: IAM user guide, "Grammar of the IAM JSON policy language".
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from typing import Any, NoReturn

import orjson

from poolhouse.core import conditions
from poolhouse.core.errors import InvalidParameterException

_VERSIONS = ("2012-10-17", "2008-10-17")
_ELEMENTS = {"Sid", "Effect", "Action", "NotAction", "Resource", "NotResource", "Condition"}
_SID = re.compile("[A-Za-z0-9]*")
_ACTION = re.compile(r"\*|[A-Za-z0-9*?-]+:[A-Za-z0-9*?]+", re.ASCII)
_RESOURCE = re.compile(r"\*|arn:[!-~]*", re.ASCII)


def parse_policy(text: str) -> dict[str, Any]:
    """The document in a request's JSON text.

    Raises:
        InvalidParameterException: it is no policy that can be enforced; the message says why.
    """
    try:
        document = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise InvalidParameterException("Invalid policy: the text is not JSON.", detail=str(error)) from error
    check_policy(document)
    policy: dict[str, Any] = document
    return policy


def check_policy(document: object) -> None:
    """Refuse a document that is malformed, or says what is not understood here.

    Raises:
        InvalidParameterException: the message says where and why.
    """
    if not isinstance(document, dict):
        _refuse("the document is not a JSON object")
    unknown = document.keys() - {"Version", "Id", "Statement"}
    if unknown:
        _refuse(f"unknown element {_quoted(min(unknown))}")
    if document.get("Version", _VERSIONS[0]) not in _VERSIONS:
        _refuse(f"Version must be one of {', '.join(_VERSIONS)}")
    if not isinstance(document.get("Id", ""), str):
        _refuse("Id is not a text")
    found = document.get("Statement")
    listed = found if isinstance(found, list) else [found]
    if not listed or found is None:
        _refuse("there is no Statement")
    for number, statement in enumerate(listed, 1):
        _check_statement(statement, f"statement {number}")


def _check_statement(statement: object, where: str) -> None:
    if not isinstance(statement, dict):
        _refuse(f"{where} is not an object")
    unknown = statement.keys() - _ELEMENTS
    if unknown:
        _refuse(f"{where} has the unknown element {_quoted(min(unknown))}")
    sid = statement.get("Sid", "")
    if not isinstance(sid, str) or not _SID.fullmatch(sid):
        _refuse(f"Sid of {where} must be letters and digits")
    if statement.get("Effect") not in ("Allow", "Deny"):
        _refuse(f"Effect of {where} must be Allow or Deny")
    _check_patterns(
        statement, "Action", _ACTION, where, "'service:Operation', with * and ? as wildcards, or *"
    )
    _check_patterns(statement, "Resource", _RESOURCE, where, "an ARN, with * and ? as wildcards, or *")
    _check_condition(statement.get("Condition", {}), where)


def _check_patterns(
    statement: Mapping[str, Any], element: str, form: re.Pattern[str], where: str, wanted: str
) -> None:
    named = [name for name in (element, f"Not{element}") if name in statement]
    if len(named) != 1:
        _refuse(f"{where} must have either {element} or Not{element}")
    found = statement[named[0]]
    listed = found if isinstance(found, list) else [found]
    if not listed:
        _refuse(f"{named[0]} of {where} is empty")
    for pattern in listed:
        if not isinstance(pattern, str) or not form.fullmatch(pattern):
            _refuse(f"{named[0]} of {where} must be {wanted}, not {_quoted(pattern)}")
        _refuse_variables(pattern, where)


def _check_condition(condition: object, where: str) -> None:
    if not isinstance(condition, dict):
        _refuse(f"Condition of {where} is not an object")
    for written, keys in condition.items():
        quantifier, name, if_exists = conditions.split_operator(written)
        is_null = name == conditions.NULL and not quantifier and not if_exists
        if name not in conditions.OPERATORS and not is_null:
            _refuse(f"{where} has the unknown condition operator {_quoted(written)}")
        if not isinstance(keys, dict) or not keys:
            _refuse(f"{written} of {where} must be an object of condition keys")
        for key, wanted in keys.items():
            lower = key.lower()
            if lower not in conditions.KEYS and not lower.startswith(conditions.KEY_PREFIXES):
                _refuse(f"{where} has the unknown condition key {_quoted(key)}")
            listed = wanted if isinstance(wanted, list) else [wanted]
            if not listed:
                _refuse(f"{key} of {where} has no value")
            for value in listed:
                _check_value(name, value, f"{key} of {where}")


def _check_value(operator: str, value: object, where: str) -> None:
    is_truth = isinstance(value, bool) or value in ("true", "false")
    if operator in ("Bool", conditions.NULL):
        if not is_truth:
            _refuse(f"{where} must be true or false")
        return
    if not isinstance(value, str):
        _refuse(f"{where} must be a text")
    _refuse_variables(value, where)
    if operator in ("IpAddress", "NotIpAddress"):
        try:
            ipaddress.ip_network(value, strict=False)
        except ValueError:
            _refuse(f"{where} must be an address or a network in CIDR notation")


def _refuse_variables(text: str, where: str) -> None:
    if "${" in text:
        _refuse(f"{where} has a policy variable; they are not available")


def _quoted(value: object) -> str:
    # No lists and objects: one of a thousand levels has no text.
    text = str(value) if isinstance(value, (str, int, float)) else ""
    return f"'{text}'" if text and len(text) <= 128 and text.isprintable() else "that one"


def _refuse(why: str) -> NoReturn:
    raise InvalidParameterException(f"Invalid policy: {why}.")
