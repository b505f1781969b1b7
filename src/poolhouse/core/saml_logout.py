"""Single logout: what a provider answers to our request to sign out, and what it asks itself.

Both are posted by the browser, and both count only when they are signed as a whole.

Source: SAML Core §3.7; SAML Profiles §4.4; Amazon Cognito developer guide, "SAML sign-out flow".
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from lxml import etree

from poolhouse.core import saml_signatures
from poolhouse.core.saml_messages import SUCCESS, NameId
from poolhouse.core.saml_xml import (
    VERSION,
    SamlRefused,
    instant_of,
    only_child,
    parse,
    saml,
    samlp,
    text_of,
)

SKEW = timedelta(minutes=2)
WITHIN = timedelta(minutes=6)
"""How old a message may be; so long a request's id is remembered."""
MAX_SESSIONS = 20
PARTIAL = "urn:oasis:names:tc:SAML:2.0:status:PartialLogout"


@dataclass(frozen=True, slots=True)
class ExpectedLogout:
    issuer: str
    certificates: Sequence[str]
    destinations: Collection[str]
    """Our addresses for it."""
    now: datetime


@dataclass(frozen=True, slots=True)
class LogoutRequest:
    id: str
    name: NameId
    session_indexes: tuple[str, ...]
    """Empty: every session of that person."""


def read_logout_response(message: bytes, expected: ExpectedLogout, in_response_to: str) -> None:
    """Raises SamlRefused: it is not the provider's word that the person is signed out there."""
    root = _signed(message, "LogoutResponse", expected)
    if root.get("InResponseTo") != in_response_to:
        raise SamlRefused("InResponseTo is not our request")
    code = only_child(only_child(root, samlp("Status")), samlp("StatusCode"))
    inner = code.find(samlp("StatusCode"))
    if code.get("Value") != SUCCESS and (inner is None or inner.get("Value") != PARTIAL):
        raise SamlRefused("the provider could not sign the person out")


def read_logout_request(message: bytes, expected: ExpectedLogout) -> LogoutRequest:
    """Raises SamlRefused: it is not the provider's wish, or not a new one."""
    root = _signed(message, "LogoutRequest", expected)
    end = instant_of(root, "NotOnOrAfter")
    if end is not None and expected.now >= end + SKEW:
        raise SamlRefused("NotOnOrAfter is past")
    element = only_child(root, saml("NameID"))
    indexes = tuple(text_of(index) for index in root.findall(samlp("SessionIndex")))
    if len(indexes) > MAX_SESSIONS:
        raise SamlRefused("there are too many SessionIndex")
    return LogoutRequest(
        id=root.get("ID", ""),
        name=NameId(
            text_of(element),
            element.get("Format"),
            element.get("NameQualifier"),
            element.get("SPNameQualifier"),
        ),
        session_indexes=indexes,
    )


def issuer_said(message: bytes) -> str:
    """Who a message says that it is from: whose keys to try, and nothing more. Raises SamlRefused."""
    return text_of(only_child(parse(message), saml("Issuer")))


def _signed(message: bytes, name: str, expected: ExpectedLogout) -> etree._Element:
    root = parse(message)
    if root.tag != samlp(name):
        raise SamlRefused(f"the message is no {name}")
    signed = saml_signatures.verify(root, expected.certificates, expected.now)
    if signed.get("Version") != VERSION:
        raise SamlRefused("the version is not 2.0")
    if text_of(only_child(signed, saml("Issuer"))) != expected.issuer:
        raise SamlRefused("Issuer is not the provider's entity id")
    if signed.get("Destination") not in expected.destinations:
        raise SamlRefused("Destination is not our address for sign-out")
    issued = instant_of(signed, "IssueInstant")
    if issued is None or not expected.now - WITHIN <= issued <= expected.now + SKEW:
        raise SamlRefused("IssueInstant is missing, in the future, or older than six minutes")
    return signed
