"""Single logout: signed messages, from the provider, to us, now."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from lxml import etree
from tests.browser.saml_provider import NS, Provider, key_pair

from poolhouse.core.saml_logout import ExpectedLogout, read_logout_request, read_logout_response
from poolhouse.core.saml_xml import SamlRefused

NOW = datetime.now(UTC).replace(microsecond=0)
IDP = Provider(now=lambda: NOW)
HERE = "https://auth.example.com/saml2/logout"
EXPECTED = ExpectedLogout(
    issuer=IDP.entity_id, certificates=(IDP.keys.base64,), destinations=(HERE,), now=NOW
)


def refused(read: Any, *arguments: Any) -> str:
    with pytest.raises(SamlRefused) as why:
        read(*arguments)
    return str(why.value)


def test_a_signed_answer_is_taken() -> None:
    read_logout_response(IDP.logout_response("_1", HERE), EXPECTED, "_1")


def test_a_signed_request_is_read() -> None:
    asked = read_logout_request(IDP.logout_request("bob", HERE, session_index="_s1"), EXPECTED)
    assert (asked.name.value, asked.session_indexes) == ("bob", ("_s1",))
    assert asked.id
    assert read_logout_request(IDP.logout_request("bob", HERE), EXPECTED).session_indexes == ()


@pytest.mark.parametrize("kind", ["response", "request"])
def test_what_is_wrong_is_refused(kind: str) -> None:
    def message(destination: str = HERE, provider: Provider = IDP, **options: Any) -> bytes:
        if kind == "response":
            return provider.logout_response("_1", destination, **options)
        return provider.logout_request("bob", destination, **options)

    def reason(message: bytes, **changes: Any) -> str:
        expected = replace(EXPECTED, **changes)
        if kind == "response":
            return refused(read_logout_response, message, expected, "_1")
        return refused(read_logout_request, message, expected)

    assert reason(message(is_signed=False)) == "it is not signed"
    assert reason(message(keys=key_pair("stranger"))) == "the signature is not valid"
    assert reason(message("https://other.example.com/")) == "Destination is not our address for sign-out"
    assert reason(message(provider=Provider(entity_id="urn:evil", now=lambda: NOW))).startswith("Issuer")
    for by in (timedelta(minutes=10), -timedelta(minutes=5)):
        assert reason(message(), now=NOW + by).startswith("IssueInstant")
    assert reason(message().replace(b"_1", b"_2").replace(b"bob", b"eve")) == "the signature is not valid"
    assert "the message is no Logout" in reason(IDP.answer(signed="response"))


def test_an_answer_to_another_request_or_of_a_failure_is_refused() -> None:
    assert refused(read_logout_response, IDP.logout_response("_2", HERE), EXPECTED, "_1") == (
        "InResponseTo is not our request"
    )
    root = etree.fromstring(IDP.logout_response("_1", HERE, is_signed=False))
    root.find(".//samlp:StatusCode", NS).set("Value", "urn:oasis:names:tc:SAML:2.0:status:Responder")
    failed = etree.tostring(IDP.sign(root))
    assert refused(read_logout_response, failed, EXPECTED, "_1") == (
        "the provider could not sign the person out"
    )


def test_a_wrapped_request_is_not_read() -> None:
    signed = etree.fromstring(IDP.logout_request("bob", HERE))
    fake = etree.fromstring(IDP.logout_request("eve", HERE, is_signed=False))
    fake.set("ID", signed.get("ID"))
    fake.insert(1, signed.find("ds:Signature", NS))
    etree.SubElement(fake, f"{{{NS['samlp']}}}Extensions").append(signed)
    refused(read_logout_request, etree.tostring(fake), EXPECTED)


def test_each_bound_of_a_request_to_sign_out_holds() -> None:
    def edited(change: Any) -> bytes:
        root = etree.fromstring(IDP.logout_request("bob", HERE, is_signed=False))
        change(root)
        return etree.tostring(IDP.sign(root))

    past = (NOW - timedelta(minutes=3)).strftime("%Y-%m-%dT%H:%M:%SZ")
    over = edited(lambda root: root.set("NotOnOrAfter", past))
    assert refused(read_logout_request, over, EXPECTED) == "NotOnOrAfter is past"
    old = edited(lambda root: root.set("Version", "1.1"))
    assert refused(read_logout_request, old, EXPECTED) == "the version is not 2.0"
    name = f"{{{NS['samlp']}}}SessionIndex"
    many = edited(lambda root: [etree.SubElement(root, name) for _ in range(21)])
    assert refused(read_logout_request, many, EXPECTED) == "there are too many SessionIndex"


def test_a_provider_that_signed_out_all_but_some_is_believed() -> None:
    root = etree.fromstring(IDP.logout_response("_1", HERE, is_signed=False))
    code = root.find(".//samlp:StatusCode", NS)
    code.set("Value", "urn:oasis:names:tc:SAML:2.0:status:Responder")
    inner = etree.SubElement(code, code.tag)
    inner.set("Value", "urn:oasis:names:tc:SAML:2.0:status:PartialLogout")
    read_logout_response(etree.tostring(IDP.sign(root)), EXPECTED, "_1")
