"""The answer of a SAML identity provider: whom it signed in, if it really says so, to us, now, and because we asked.

First it is found which part is signed, then the signature is verified, and from there on only the tree that the
verifier gave back is read. Each rule of the Web Browser SSO profile is one function below.

Source: SAML Core §2, §3; SAML Profiles §4.1.4; Amazon Cognito developer guide, "Things to know about SAML IdPs".
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from cryptography.hazmat.primitives.asymmetric import rsa
from lxml import etree

from poolhouse.core import saml_encryption, saml_signatures
from poolhouse.core.saml_messages import SUCCESS, NameId
from poolhouse.core.saml_xml import (
    VERSION,
    SamlRefused,
    child,
    ds,
    instant_of,
    only_child,
    parse,
    saml,
    samlp,
    text_of,
)

BEARER = "urn:oasis:names:tc:SAML:2.0:cm:bearer"
ENTITY = "urn:oasis:names:tc:SAML:2.0:nameid-format:entity"
NIL = "{http://www.w3.org/2001/XMLSchema-instance}nil"
SKEW = timedelta(minutes=2)
"""How far the provider's clock may be off."""
UNASKED_WITHIN = timedelta(minutes=6)
"""How old an answer may be that nobody asked for. Source: developer guide, "Using SAML session initiation"."""
MAX_NAME = 512
"""Characters of a NameID."""
CONDITIONS = frozenset({saml("AudienceRestriction"), saml("OneTimeUse"), saml("ProxyRestriction")})
CODE_PREFIX = "urn:oasis:names:tc:SAML:2.0:status:"


@dataclass(frozen=True, slots=True)
class Expected:
    """What an answer is held against."""

    issuer: str
    """The provider's entity id, as its metadata say."""
    certificates: Sequence[str]
    audience: str
    """Our entity id."""
    acs: Collection[str]
    """Our addresses for answers; it must be sent to, and meant for, one of them."""
    in_response_to: str | None
    """The request that it answers; None: nobody asked, and it must not say so."""
    now: datetime
    keys: Sequence[rsa.RSAPrivateKey] = field(default=(), repr=False)
    """Ours that it may be encrypted for."""
    must_be_encrypted: bool = False


@dataclass(frozen=True, slots=True)
class Assertion:
    """What a provider vouches for."""

    id: str
    name: NameId
    attributes: Mapping[str, tuple[str, ...]] = field(repr=False)
    valid_until: datetime
    """Until then its id must be remembered: it is taken once."""
    session_index: str | None
    authn_context: str | None
    authn_instant: datetime | None


def read_response(message: bytes, expected: Expected) -> Assertion:
    """The assertion in a response, with every check but whether it came before.

    Raises:
        SamlRefused: it is not what was expected.
    """
    root = parse(message)
    if root.tag != samlp("Response"):
        raise SamlRefused("the message is no Response")
    _check_shape(root)
    is_signed = saml_signatures.is_signed(root)
    response = saml_signatures.verify(root, expected.certificates, expected.now) if is_signed else root
    _check_envelope(response, expected)
    assertion = _signed_assertion(response, expected, is_signed=is_signed)
    return _read_assertion(assertion, expected)


def _check_shape(root: etree._Element) -> None:
    """One assertion, plain or encrypted, in its place, and no signature but where they belong. So whatever is
    wrapped into extensions, objects or other elements has no second place to be found at."""
    plain = list(root.iter(saml("Assertion")))
    encrypted = list(root.iter(saml("EncryptedAssertion")))
    if len(plain) + len(encrypted) != 1:
        raise SamlRefused("there is not exactly one assertion")
    (assertion,) = plain or encrypted
    if assertion.getparent() is not root:
        raise SamlRefused("the assertion is not in its place")
    for signature in root.iter(ds("Signature")):
        if signature.getparent() is not root and (
            signature.getparent() is not assertion or assertion in encrypted
        ):
            raise SamlRefused("a signature is not in its place")
    if sum(1 for _ in root.iter(samlp("Response"))) != 1:
        raise SamlRefused("there is more than one response")


def _check_envelope(response: etree._Element, expected: Expected) -> None:
    if response.get("Version") != VERSION:
        raise SamlRefused("the version is not 2.0")
    issuer = child(response, saml("Issuer"))
    if issuer is not None:
        _check_issuer(issuer, expected)
    _check_status(only_child(response, samlp("Status")))
    if response.get("Destination") not in expected.acs:
        raise SamlRefused("Destination is not our address for answers")
    if response.get("InResponseTo") != expected.in_response_to:
        raise SamlRefused(
            "InResponseTo is not our request"
            if expected.in_response_to is not None
            else "nobody asked, but InResponseTo is there"
        )
    _check_issued(response, expected)


def _check_issuer(issuer: etree._Element, expected: Expected) -> None:
    if issuer.get("Format") not in (None, ENTITY) or text_of(issuer) != expected.issuer:
        raise SamlRefused("Issuer is not the provider's entity id")


def _check_status(status: etree._Element) -> None:
    code = only_child(status, samlp("StatusCode"))
    if code.get("Value") == SUCCESS:
        return
    inner = code.find(samlp("StatusCode"))
    codes = [element.get("Value", "") for element in (code, inner) if element is not None]
    known = [code.removeprefix(CODE_PREFIX) for code in codes if code.startswith(CODE_PREFIX)]
    words = " ".join(word for word in known if word.isalpha() and len(word) < 40)
    raise SamlRefused(f"the status is not Success but {words or 'another'}")


def _check_issued(element: etree._Element, expected: Expected) -> None:
    issued = instant_of(element, "IssueInstant")
    if issued is None:
        raise SamlRefused("IssueInstant is missing")
    if issued > expected.now + SKEW:
        raise SamlRefused("IssueInstant is in the future")
    if expected.in_response_to is None and issued < expected.now - UNASKED_WITHIN:
        raise SamlRefused("nobody asked, and it is older than six minutes")


def _signed_assertion(response: etree._Element, expected: Expected, *, is_signed: bool) -> etree._Element:
    """The assertion out of a tree that the provider signed."""
    plain = child(response, saml("Assertion"))
    if plain is not None:
        if expected.must_be_encrypted:
            raise SamlRefused("the assertion is not encrypted")
        return _verified(plain, expected, is_covered=is_signed)
    if not expected.keys:
        raise SamlRefused("the assertion is encrypted, which this provider is not set up for")
    opened = saml_encryption.open_assertion(only_child(response, saml("EncryptedAssertion")), expected.keys)
    if is_signed:
        return _verified(opened, expected, is_covered=True)
    try:
        # The same words as where it can't be opened: else whoever sends ciphertexts learns which of them can.
        return _verified(opened, expected, is_covered=False)
    except SamlRefused:
        raise SamlRefused(saml_encryption.UNREADABLE) from None


def _verified(assertion: etree._Element, expected: Expected, *, is_covered: bool) -> etree._Element:
    """A signature of its own is verified even where the one of the response covers it."""
    if is_covered and not saml_signatures.is_signed(assertion):
        return assertion
    return saml_signatures.verify(assertion, expected.certificates, expected.now)


def _read_assertion(assertion: etree._Element, expected: Expected) -> Assertion:
    if assertion.get("Version") != VERSION:
        raise SamlRefused("the assertion's version is not 2.0")
    id = assertion.get("ID", "")
    if not id or len(id) > MAX_NAME:
        raise SamlRefused("the assertion has no ID, or too long a one")
    _check_issuer(only_child(assertion, saml("Issuer")), expected)
    _check_issued(assertion, expected)
    subject = only_child(assertion, saml("Subject"))
    confirmed_until = _confirmed_until(subject, expected)
    _check_conditions(only_child(assertion, saml("Conditions")), expected)
    index, context, at = _authentication(assertion, expected)
    return Assertion(
        id=id,
        name=_name(subject),
        attributes=_attributes(assertion),
        valid_until=confirmed_until + SKEW,
        session_index=index,
        authn_context=context,
        authn_instant=at,
    )


def _name(subject: etree._Element) -> NameId:
    if subject.find(saml("EncryptedID")) is not None:
        raise SamlRefused("EncryptedID is not supported: encrypt the whole assertion")
    element = only_child(subject, saml("NameID"))
    value = text_of(element)
    if not value or len(value) > MAX_NAME:
        raise SamlRefused("NameID is empty or too long")
    return NameId(
        value,
        element.get("Format"),
        element.get("NameQualifier"),
        element.get("SPNameQualifier"),
    )


def _confirmed_until(subject: etree._Element, expected: Expected) -> datetime:
    """When the last confirmation of the bearer that holds ends: till then the assertion could come again. One is
    enough (SAML Profiles §4.1.4.2)."""
    reasons: list[str] = []
    ends: list[datetime] = []
    for confirmation in subject.findall(saml("SubjectConfirmation")):
        if confirmation.get("Method") != BEARER:
            continue
        try:
            data = only_child(confirmation, saml("SubjectConfirmationData"))
            ends.append(_bearer_until(data, expected))
        except SamlRefused as refused:
            reasons.append(str(refused))
    if ends:
        return max(ends)
    raise SamlRefused(reasons[0] if reasons else "there is no SubjectConfirmation by bearer")


def _bearer_until(data: etree._Element, expected: Expected) -> datetime:
    if data.get("Recipient") not in expected.acs:
        raise SamlRefused("Recipient is not our address for answers")
    until = instant_of(data, "NotOnOrAfter")
    if until is None:
        raise SamlRefused("SubjectConfirmationData has no NotOnOrAfter")
    _check_window(data, expected.now)
    if data.get("InResponseTo") != expected.in_response_to:
        raise SamlRefused(
            "the assertion's InResponseTo is not our request"
            if expected.in_response_to is not None
            else "nobody asked, but the assertion's InResponseTo is there"
        )
    return until


def _check_conditions(conditions: etree._Element, expected: Expected) -> None:
    _check_window(conditions, expected.now)
    if any(condition.tag not in CONDITIONS for condition in conditions):
        # SAML Core §2.5.1: a condition that is not understood makes the assertion invalid.
        raise SamlRefused("there is a condition that is not supported")
    restrictions = conditions.findall(saml("AudienceRestriction"))
    if not restrictions:
        raise SamlRefused("there is no AudienceRestriction")
    for restriction in restrictions:
        if expected.audience not in map(text_of, restriction.findall(saml("Audience"))):
            raise SamlRefused("Audience is not our entity id")


def _check_window(element: etree._Element, now: datetime) -> None:
    start, end = instant_of(element, "NotBefore"), instant_of(element, "NotOnOrAfter")
    if start is not None and now < start - SKEW:
        raise SamlRefused("NotBefore is in the future")
    if end is not None and now >= end + SKEW:
        raise SamlRefused("NotOnOrAfter is past")


def _authentication(
    assertion: etree._Element, expected: Expected
) -> tuple[str | None, str | None, datetime | None]:
    """(session index, class of the authentication, when it was)."""
    statements = assertion.findall(saml("AuthnStatement"))
    for statement in statements:
        end = instant_of(statement, "SessionNotOnOrAfter")
        if end is not None and expected.now >= end + SKEW:
            raise SamlRefused("SessionNotOnOrAfter is past")
    if not statements:
        return None, None, None
    first = statements[0]
    context = first.find(f"{saml('AuthnContext')}/{saml('AuthnContextClassRef')}")
    return (
        first.get("SessionIndex"),
        None if context is None else text_of(context),
        instant_of(first, "AuthnInstant"),
    )


def _attributes(assertion: etree._Element) -> dict[str, tuple[str, ...]]:
    """Values by the attribute's Name. One named twice has the values of both."""
    found: dict[str, tuple[str, ...]] = {}
    for attribute in assertion.iterfind(f"{saml('AttributeStatement')}/{saml('Attribute')}"):
        name = attribute.get("Name", "")
        values = tuple(
            str(value.xpath("string()")).strip()
            for value in attribute.findall(saml("AttributeValue"))
            if value.get(NIL) not in ("true", "1")
        )
        if name and values:
            found[name] = found.get(name, ()) + values
    return found
