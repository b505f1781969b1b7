"""What a form brought, as text."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import parse_qsl

from poolhouse.http import FORM, Request

MAX_FIELDS = 100


class BadForm(Exception):
    """It is no form of ours."""


def read_form(request: Request) -> Mapping[str, str]:
    """The fields of a posted form; {} of any other request. Fields that were left empty are "".

    Raises:
        BadForm: another content type, a field there twice, or text that is not UTF-8.
    """
    if request.method != "POST":
        return {}
    if request.media_type != FORM and request.body:
        raise BadForm
    return _fields(request.body.decode("latin-1"))


def read_query(query: str) -> Mapping[str, str]:
    """The parameters of an address.

    Raises:
        BadForm: one is there twice, or is not UTF-8.
    """
    return _fields(query)


def _fields(text: str) -> Mapping[str, str]:
    try:
        pairs = parse_qsl(
            text, keep_blank_values=True, encoding="utf-8", errors="strict", max_num_fields=MAX_FIELDS
        )
    except ValueError:
        raise BadForm from None
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise BadForm
    return fields
