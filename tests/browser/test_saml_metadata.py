"""What a SAML provider's metadata say, and the messages that we send to it."""

from __future__ import annotations

import base64
import zlib
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from lxml import etree
from tests.browser.saml_provider import NS, Provider, key_pair

from poolhouse.core.saml_messages import NameId, authn_request, logout_request, redirect_address
from poolhouse.core.saml_metadata import Metadata, describe_metadata
from poolhouse.core.saml_xml import SamlRefused

NOW = datetime.now(UTC)
IDP = Provider()


def refused(document: str | bytes, now: datetime = NOW) -> str:
    with pytest.raises(SamlRefused) as why:
        describe_metadata(document, now)
    return str(why.value)


def test_metadata_are_read() -> None:
    found = describe_metadata(IDP.metadata(), NOW)
    assert found == Metadata(
        entity_id=IDP.entity_id,
        sso_redirect="https://idp.example.com/sso",
        slo_redirect="https://idp.example.com/slo",
        certificates=(IDP.keys.base64,),
    )
    assert Metadata.from_document(found.to_document()) == found


def test_several_certificates_are_kept_each_once_and_expired_ones_are_not() -> None:
    old, new = key_pair("old", days=-1), key_pair("new")
    document = IDP.metadata(IDP.keys.base64, new.base64, old.base64, new.base64)
    assert describe_metadata(document, NOW).certificates == (IDP.keys.base64, new.base64)
    assert refused(IDP.metadata(old.base64)) == "the signing certificate has expired"


def test_a_list_with_one_provider_is_its_metadata() -> None:
    entity = IDP.metadata().partition("-->")[2]
    around = (
        '<md:EntitiesDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata">{}</md:EntitiesDescriptor>'
    )
    assert describe_metadata(around.format(entity), NOW).entity_id == IDP.entity_id
    assert refused(around.format(entity * 2)) == "the metadata are not of exactly one identity provider"


def test_metadata_end_when_they_say() -> None:
    later = (NOW + timedelta(days=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    document = IDP.metadata(validUntil=later)
    until = describe_metadata(document, NOW).valid_until
    assert until is not None
    assert abs(until - NOW - timedelta(days=1)) < timedelta(seconds=1)
    assert "validUntil is past" in refused(document, NOW + timedelta(days=2))


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (("HTTP-Redirect", "HTTP-POST"), "no SingleSignOnService"),
        (("entityID=", "other="), "entityID is missing"),
        (("https://idp.example.com/sso", "javascript:alert(1)"), "no web address"),
        (("https://idp.example.com/sso", "https://idp.example.com/a b"), "no web address"),
        (("https://idp.example.com/sso", "https://idp.example.com/#x"), "has a fragment"),
        (('use="signing"', 'use="encryption"'), "no signing certificate"),
        (("SAML:2.0:protocol", "SAML:1.1:protocol"), "no IDPSSODescriptor"),
        (("md:EntityDescriptor", "md:Other"), "no SAML metadata"),
        ((IDP.keys.base64, "x" * 5000), "longer than 4096"),
        ((IDP.keys.base64, "AAAA"), "can't be read"),
        ((IDP.keys.base64, key_pair("weak", size=1024).base64), "shorter than 2048"),
        (("<md:EntityDescriptor", "<!DOCTYPE a><md:EntityDescriptor"), "DTD"),
    ],
)
def test_metadata_that_can_not_be_used_are_refused(change: tuple[str, str], reason: str) -> None:
    assert reason in refused(IDP.metadata().replace(*change))


def test_html_and_nothing_are_no_metadata() -> None:
    for document in ("", "<html><body>Sign in", "<html></html>", b"\xff\xfe", "\ud800"):
        refused(document)


def test_a_request_travels_in_an_address_signed_over_the_very_text() -> None:
    keys = key_pair("sp")
    message = authn_request("_1", "urn:us", "https://idp/sso?a=b", "https://we/acs", NOW, force_authn=True)
    address = redirect_address("https://idp/sso?a=b", message, "state&more", keys.key)
    query = urlsplit(address).query
    sent = parse_qs(query, strict_parsing=True)
    assert sent["a"] == ["b"]
    assert sent["RelayState"] == ["state&more"]
    signed = query.removeprefix("a=b&").partition("&Signature=")[0]
    assert [pair.partition("=")[0] for pair in signed.split("&")] == ["SAMLRequest", "RelayState", "SigAlg"]
    signature = base64.b64decode(sent["Signature"][0])
    keys.key.public_key().verify(signature, signed.encode(), PKCS1v15(), SHA256())

    root = etree.fromstring(zlib.decompress(base64.b64decode(sent["SAMLRequest"][0]), -15))
    assert root.tag == f"{{{NS['samlp']}}}AuthnRequest"
    assert root.attrib == {
        "ID": "_1",
        "Version": "2.0",
        "IssueInstant": NOW.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "Destination": "https://idp/sso?a=b",
        "AssertionConsumerServiceURL": "https://we/acs",
        "ProtocolBinding": "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST",
        "ForceAuthn": "true",
    }
    assert root.findtext("saml:Issuer", None, NS) == "urn:us"


def test_without_a_key_an_address_is_not_signed() -> None:
    message = authn_request("_1", "urn:us", "https://idp/sso", "https://we/acs", NOW)
    assert set(parse_qs(urlsplit(redirect_address("https://idp/sso", message, "s", None)).query)) == {
        "SAMLRequest",
        "RelayState",
    }


def test_a_logout_request_says_whom_as_the_provider_said_it() -> None:
    name = NameId("<bob>", "urn:format", "https://idp", "urn:us")
    root = etree.fromstring(logout_request("_1", "urn:us", "https://idp/slo", name, "_s", NOW))
    element = root.find("saml:NameID", NS)
    assert element.text == "<bob>"
    assert element.attrib == {
        "Format": "urn:format",
        "NameQualifier": "https://idp",
        "SPNameQualifier": "urn:us",
    }
    assert root.findtext("samlp:SessionIndex", None, NS) == "_s"
    assert NameId.from_document(name.to_document()) == name


def test_there_are_not_more_certificates_than_can_be_tried() -> None:
    many = [key_pair(f"one of many {number % 3}").base64 for number in range(3)]
    assert len(describe_metadata(IDP.metadata(*many * 10), NOW).certificates) == 3
