"""Which members of a request may be shown: in a validation message, in the audit record."""

from __future__ import annotations

from functools import cache
from typing import Any

from poolhouse.aws.model import service_model

_SHOWN = frozenset({"ClientIdType"})
"""Marked sensitive in the model, yet Cognito prints it, and a client id is no secret (RFC 6749 §2.2)."""

_SECRET_BESIDES = frozenset(
    {"ProviderDetailsType", "ConfirmationCodeType", "DeviceSecretVerifierConfigType", "ClientMetadataType"}
)
"""Not marked in the model: the first holds the secret of an identity provider, the second is a code, by the third a
device's secret can be tried out offline, and the fourth is what an application tells its functions, a password of
another system maybe."""

_SECRET_MEMBERS = frozenset({("ContextDataType", "HttpHeaders"), ("ContextDataType", "EncodedData")})
"""Members of shapes that say nothing: what a back end hands on of its user's request. Among the headers are the cookie
and the token by which the user is known there, and by the data a device is known again; the model itself hides all of
UserContextData, where users say the same themselves."""


@cache
def is_sensitive(service: str, shape: str) -> bool:
    """Whether a value of this shape, or anything in it, is a secret: then no message prints it."""
    document = service_model(service).shapes[shape]
    if shape in _SHOWN:
        return False
    if document.get("sensitive") or shape in _SECRET_BESIDES:
        return True
    if any((shape, member) in _SECRET_MEMBERS for member in document.get("members", {})):
        return True
    parts = [document[part]["shape"] for part in ("key", "value", "member") if part in document]
    parts += [member["shape"] for member in document.get("members", {}).values()]
    return any(is_sensitive(service, part) for part in parts)


def without_secrets(service: str, shape: str, value: Any) -> Any:
    """`value` as the audit record may keep it: sensitive members left out, however deep they stand, and images,
    which would fill it."""
    document = service_model(service).shapes[shape]
    match value:
        case dict() if "members" in document and not document.get("document"):
            shapes = {name: member["shape"] for name, member in document["members"].items()}
            return {
                name: without_secrets(service, shapes[name], item)
                for name, item in value.items()
                if (shape, name) not in _SECRET_MEMBERS
                and not (_is_secret(service, shapes[name]) or _is_image(service, shapes[name]))
            }
        case list():
            return [without_secrets(service, document["member"]["shape"], item) for item in value]
        case dict() if "value" in document:
            return {
                key: without_secrets(service, document["value"]["shape"], item) for key, item in value.items()
            }
        case _:
            return value


@cache
def _is_secret(service: str, shape: str) -> bool:
    """Whether a member of this shape is to be left out whole. A structure with a secret inside stays,
    without that member; a list or a map of secrets goes."""
    if shape in _SHOWN:
        return False
    document = service_model(service).shapes[shape]
    if document.get("sensitive") or shape in _SECRET_BESIDES:
        return True
    return any(
        _is_secret(service, document[part]["shape"])
        for part in ("key", "value", "member")
        if part in document
    )


def _is_image(service: str, shape: str) -> bool:
    kind: str = service_model(service).shapes[shape]["type"]
    return kind == "blob"
