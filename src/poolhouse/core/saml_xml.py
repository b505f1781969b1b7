"""XML as SAML needs it: read strictly and within bounds, by one parser, so that check and use see one document.

Nothing here expands an entity, loads a DTD or opens an address. Processing instructions are refused, since a text
with one in it would end there for some readers; comments are left, for a signature does not cover them and what is
read is the canonical form without them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from lxml import etree

ASSERTION = "urn:oasis:names:tc:SAML:2.0:assertion"
PROTOCOL = "urn:oasis:names:tc:SAML:2.0:protocol"
METADATA = "urn:oasis:names:tc:SAML:2.0:metadata"
SIGNATURE = "http://www.w3.org/2000/09/xmldsig#"
ENCRYPTION = "http://www.w3.org/2001/04/xmlenc#"

REDIRECT_BINDING = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"
POST_BINDING = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"
VERSION = "2.0"

MAX_SIZE = 1_000_000
"""Bytes of a document."""
MAX_DEPTH = 48
MAX_ELEMENTS = 20_000
MAX_ATTRIBUTES = 64
"""Of one element."""
MAX_NAMESPACES = 64
"""In force at one element: the canonical form looks at each of them for each element."""

EARLIEST = datetime.min.replace(tzinfo=UTC) + timedelta(days=1)
LATEST = datetime.max.replace(tzinfo=UTC) - timedelta(days=1)
"""Times are kept so far from where the calendar ends that a clock's error may be added: some write "never" as
9999-12-31."""

_DATE_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,12})?(Z|[+-]\d\d:\d\d)?", re.ASCII)
_DTD = re.compile(r"<!\s*(DOCTYPE|ENTITY)", re.IGNORECASE)


class SamlRefused(Exception):
    """A SAML message or document is not what it must be. The text says why, in words for the developer who connects
    the two parties; it repeats nothing of the message."""


def ds(name: str) -> str:
    return f"{{{SIGNATURE}}}{name}"


def saml(name: str) -> str:
    return f"{{{ASSERTION}}}{name}"


def samlp(name: str) -> str:
    return f"{{{PROTOCOL}}}{name}"


def md(name: str) -> str:
    return f"{{{METADATA}}}{name}"


def xenc(name: str) -> str:
    return f"{{{ENCRYPTION}}}{name}"


def parse(document: bytes) -> etree._Element:
    """The root of a document in UTF-8.

    Raises:
        SamlRefused: no well-formed XML, too large, too deep, with a DTD, an entity or a processing instruction.
    """
    if len(document) > MAX_SIZE:
        raise SamlRefused("the document is too large")
    try:
        text = document.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise SamlRefused("the document is not UTF-8") from None
    # Before the parser sees it: entities in attributes are expanded whatever it is told.
    if _DTD.search(text):
        raise SamlRefused("the document has a DTD")
    parser = etree.XMLParser(
        encoding="utf-8", resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False
    )
    try:
        root = etree.fromstring(text.encode(), parser)
    except (etree.LxmlError, ValueError):
        raise SamlRefused("the document is not well-formed XML") from None
    _check_bounds(root)
    return root


def _check_bounds(root: etree._Element) -> None:
    if any(isinstance(node, etree._ProcessingInstruction) for node in _beside(root)):
        raise SamlRefused("the document has a processing instruction")
    depth = elements = 0
    for event, node in etree.iterwalk(root, events=("start", "end", "pi")):
        match event:
            case "start":
                depth += 1
                elements += 1
                if depth > MAX_DEPTH or elements > MAX_ELEMENTS:
                    raise SamlRefused("the document is too deep or has too many elements")
                if len(node.attrib) > MAX_ATTRIBUTES or len(node.nsmap) > MAX_NAMESPACES:
                    raise SamlRefused("an element has too many attributes or namespaces")
            case "end":
                depth -= 1
            case _:
                raise SamlRefused("the document has a processing instruction")


def _beside(root: etree._Element) -> Iterator[etree._Element]:
    yield from root.itersiblings(preceding=True)
    yield from root.itersiblings()


def text_of(element: etree._Element) -> str:
    """The text of an element that has nothing but text, without white space around it.

    Raises:
        SamlRefused: something else is in it; a comment too, where it is read before its signature is verified.
    """
    if len(element):
        raise SamlRefused("an element that must hold text alone holds more")
    return (element.text or "").strip()


def only_child(element: etree._Element, tag: str) -> etree._Element:
    """Raises SamlRefused: there is none, or more than one."""
    found = child(element, tag)
    if found is None:
        raise SamlRefused(f"{_local(tag)} is missing")
    return found


def child(element: etree._Element, tag: str) -> etree._Element | None:
    """The child of this name, if there is one. Raises SamlRefused: there are more."""
    found = element.findall(tag)
    if len(found) > 1:
        raise SamlRefused(f"{_local(tag)} is there more than once")
    return found[0] if found else None


def instant_of(element: etree._Element, name: str) -> datetime | None:
    """A time in an attribute; without a zone it is UTC (SAML Core §1.3.3). None: the attribute is not there.

    Raises:
        SamlRefused: it is no xs:dateTime.
    """
    text = element.get(name)
    if text is None:
        return None
    try:
        if not _DATE_TIME.fullmatch(text):
            raise ValueError
        found = datetime.fromisoformat(text)
        at = found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError):
        raise SamlRefused(f"{name} is no time") from None
    return min(max(at, EARLIEST), LATEST)


def instant(at: datetime) -> str:
    """A time as SAML writes it, to the millisecond."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"


def serialize(element: etree._Element) -> bytes:
    """The element alone, with the namespaces that it stands in, and not what follows it."""
    content: bytes = etree.tostring(element, with_tail=False)
    return content


def _local(tag: str) -> str:
    return tag.rpartition("}")[2]
