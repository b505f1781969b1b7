"""What a SAML provider answers: taken when all is right, refused for each single thing that is not."""

from __future__ import annotations

import json
import time
import zlib
from base64 import b64encode
from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree
from tests.browser.saml_provider import DS, NS, SAML, SAMLP, XENC, XENC11, Provider, instant, key_pair

from poolhouse.core.saml_encryption import UNREADABLE
from poolhouse.core.saml_messages import inflate, posted_message
from poolhouse.core.saml_responses import Assertion, Expected, read_response
from poolhouse.core.saml_xml import MAX_SIZE, SamlRefused, parse

NOW = datetime.now(UTC).replace(microsecond=0)
IDP = Provider(now=lambda: NOW)
EXPECTED = Expected(
    issuer=IDP.entity_id,
    certificates=(IDP.keys.base64,),
    audience=IDP.audience,
    acs=(IDP.acs,),
    in_response_to="_request",
    now=NOW,
)
OURS = key_pair("sp")
ENCRYPTED = replace(EXPECTED, keys=(OURS.key,), must_be_encrypted=True)


def read(message: bytes, expected: Expected = EXPECTED, **changes: Any) -> Assertion:
    return read_response(message, replace(expected, **changes))


def refused(message: bytes, expected: Expected = EXPECTED, **changes: Any) -> str:
    with pytest.raises(SamlRefused) as why:
        read(message, expected, **changes)
    return str(why.value)


def at(path: str, change: Callable[[Any], object]) -> Callable[[Any], None]:
    """An edit of the first element at a path."""

    def edit(root: Any) -> None:
        change(root if path == "." else root.find(path, NS))

    return edit


def sets(name: str, value: str) -> Callable[[Any], None]:
    return lambda element: element.set(name, value)


def drops(name: str) -> Callable[[Any], None]:
    return lambda element: element.attrib.pop(name)


def text(value: str) -> Callable[[Any], None]:
    return lambda element: setattr(element, "text", value)


def removed(element: Any) -> None:
    element.getparent().remove(element)


# --- what is right ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("signed", ["assertion", "response", "both"])
def test_a_signed_answer_is_read(signed: str) -> None:
    found = read(IDP.answer(signed=signed, attributes={"email": "bob@example.com", "role": ["a", "b&amp;c"]}))
    assert found.name.value == "bob@example.com"
    assert found.attributes == {"email": ("bob@example.com",), "role": ("a", "b&c")}
    assert found.session_index == "_s1"
    assert found.authn_context is not None
    assert found.authn_context.endswith(":PasswordProtectedTransport")


@pytest.mark.parametrize("method", ["rsa-sha256", "rsa-sha384", "rsa-sha512", "sha256-rsa-MGF1"])
def test_rsa_with_sha_2_in_each_form_is_taken(method: str) -> None:
    message = IDP.response(IDP.sign(IDP.assertion(), signature_algorithm=method))
    assert read(etree.tostring(message)).name.value == "bob@example.com"


def test_any_of_the_metadatas_certificates_may_have_signed() -> None:
    read(IDP.answer(), certificates=(key_pair("other").base64, IDP.keys.base64))


def test_an_expired_certificate_still_verifies_what_was_configured_with_it() -> None:
    later = NOW + timedelta(days=4000)
    read(Provider(now=lambda: later).answer(), now=later)


def test_characters_beyond_the_basic_plane_are_taken() -> None:
    found = read(IDP.answer(subject="bob😀@example.com", attributes={"name": "Bob 🏡"}))
    assert (found.name.value, found.attributes["name"]) == ("bob😀@example.com", ("Bob 🏡",))


def test_one_confirmation_that_holds_is_enough() -> None:
    def double(subject: Any) -> None:
        confirmation = subject.find("saml:SubjectConfirmation", NS)
        other = deepcopy(confirmation)
        other[0].set("Recipient", "https://elsewhere.example.com")
        confirmation.addprevious(other)

    read(IDP.answer(edit_assertion=at("saml:Subject", double)))


# --- one thing wrong ------------------------------------------------------------------------------------------

DATA = "saml:Subject/saml:SubjectConfirmation/saml:SubjectConfirmationData"
PAST = instant(NOW - timedelta(minutes=3))
FUTURE = instant(NOW + timedelta(minutes=3))
ASSERTION_FAULTS: dict[str, tuple[Callable[[Any], None], str]] = {
    "another audience": (at(".//saml:Audience", text("urn:other")), "Audience is not our entity id"),
    "a longer audience": (at(".//saml:Audience", text(IDP.audience + "x")), "Audience is not our entity id"),
    "no audience": (at(".//saml:AudienceRestriction", removed), "there is no AudienceRestriction"),
    "two restrictions, one not ours": (
        at(
            "saml:Conditions",
            lambda c: c.append(
                etree.fromstring(
                    f'<saml:AudienceRestriction xmlns:saml="{SAML}"><saml:Audience>x</saml:Audience>'
                    "</saml:AudienceRestriction>"
                )
            ),
        ),
        "Audience is not our entity id",
    ),
    "no conditions": (at("saml:Conditions", removed), "Conditions is missing"),
    "an unknown condition": (
        at("saml:Conditions", lambda c: etree.SubElement(c, f"{{{SAML}}}Condition")),
        "there is a condition that is not supported",
    ),
    "another recipient": (
        at(DATA, sets("Recipient", IDP.acs + "/")),
        "Recipient is not our address for answers",
    ),
    "no recipient": (at(DATA, drops("Recipient")), "Recipient is not our address for answers"),
    "confirmation over": (at(DATA, sets("NotOnOrAfter", PAST)), "NotOnOrAfter is past"),
    "confirmation without an end": (
        at(DATA, drops("NotOnOrAfter")),
        "SubjectConfirmationData has no NotOnOrAfter",
    ),
    "confirmation not begun": (at(DATA, sets("NotBefore", FUTURE)), "NotBefore is in the future"),
    "answers another request": (
        at(DATA, sets("InResponseTo", "_other")),
        "the assertion's InResponseTo is not our request",
    ),
    "answers no request": (
        at(DATA, drops("InResponseTo")),
        "the assertion's InResponseTo is not our request",
    ),
    "not by bearer": (
        at("saml:Subject/saml:SubjectConfirmation", sets("Method", "urn:other")),
        "there is no SubjectConfirmation by bearer",
    ),
    "conditions over": (at("saml:Conditions", sets("NotOnOrAfter", PAST)), "NotOnOrAfter is past"),
    "conditions not begun": (at("saml:Conditions", sets("NotBefore", FUTURE)), "NotBefore is in the future"),
    "a time that is none": (at("saml:Conditions", sets("NotOnOrAfter", "soon")), "NotOnOrAfter is no time"),
    "issued in the future": (at(".", sets("IssueInstant", FUTURE)), "IssueInstant is in the future"),
    "issued never": (at(".", drops("IssueInstant")), "IssueInstant is missing"),
    "another issuer": (at("saml:Issuer", text("https://evil")), "Issuer is not the provider's entity id"),
    "no issuer": (at("saml:Issuer", removed), "Issuer is missing"),
    "no subject": (at("saml:Subject", removed), "Subject is missing"),
    "no name": (at("saml:Subject/saml:NameID", removed), "NameID is missing"),
    "an empty name": (at("saml:Subject/saml:NameID", text(" ")), "NameID is empty or too long"),
    "two names": (
        at("saml:Subject", lambda s: s.insert(0, deepcopy(s[0]))),
        "NameID is there more than once",
    ),
    "an element in the name": (
        at("saml:Subject/saml:NameID", lambda n: etree.SubElement(n, "b")),
        "an element that must hold text alone holds more",
    ),
    "another version": (at(".", sets("Version", "1.1")), "the assertion's version is not 2.0"),
    "a session that is over": (
        at("saml:AuthnStatement", sets("SessionNotOnOrAfter", PAST)),
        "SessionNotOnOrAfter is past",
    ),
}


@pytest.mark.parametrize("signed", ["assertion", "response"])
@pytest.mark.parametrize("fault", ASSERTION_FAULTS)
def test_an_assertion_with_one_fault_is_refused(fault: str, signed: str) -> None:
    edit, reason = ASSERTION_FAULTS[fault]
    assert refused(IDP.answer(signed=signed, edit_assertion=edit)) == reason


RESPONSE_FAULTS: dict[str, tuple[Callable[[Any], None], str]] = {
    "another destination": (
        at(".", sets("Destination", "https://other.example.com/saml2/idpresponse")),
        "Destination is not our address for answers",
    ),
    "no destination": (at(".", drops("Destination")), "Destination is not our address for answers"),
    "answers another request": (at(".", sets("InResponseTo", "_x")), "InResponseTo is not our request"),
    "answers no request": (at(".", drops("InResponseTo")), "InResponseTo is not our request"),
    "another issuer": (at("saml:Issuer", text("https://evil")), "Issuer is not the provider's entity id"),
    "no success": (
        at(".//samlp:StatusCode", sets("Value", "urn:oasis:names:tc:SAML:2.0:status:Responder")),
        "the status is not Success but Responder",
    ),
    "a status of its own": (
        at(".//samlp:StatusCode", sets("Value", "<script>")),
        "the status is not Success but another",
    ),
    "no status": (at("samlp:Status", removed), "Status is missing"),
    "another version": (at(".", sets("Version", "1.1")), "the version is not 2.0"),
    "issued in the future": (at(".", sets("IssueInstant", FUTURE)), "IssueInstant is in the future"),
    "another message": (
        lambda r: setattr(r, "tag", f"{{{SAMLP}}}ArtifactResponse"),
        "the message is no Response",
    ),
    "no assertion": (at("saml:Assertion", removed), "there is not exactly one assertion"),
}


@pytest.mark.parametrize("signed", ["assertion", "response"])
@pytest.mark.parametrize("fault", RESPONSE_FAULTS)
def test_a_response_with_one_fault_is_refused(fault: str, signed: str) -> None:
    edit, reason = RESPONSE_FAULTS[fault]
    assert refused(IDP.answer(signed=signed, edit_response=edit)) == reason


def test_an_answer_that_nobody_asked_for_is_new_and_names_no_request() -> None:
    assert read(IDP.answer(None), in_response_to=None).name.value == "bob@example.com"
    assert refused(IDP.answer(), in_response_to=None) == "nobody asked, but InResponseTo is there"
    only_inside = IDP.answer(edit_response=at(".", drops("InResponseTo")))
    assert (
        refused(only_inside, in_response_to=None) == "nobody asked, but the assertion's InResponseTo is there"
    )
    old = IDP.answer(None, edit_assertion=at(".", sets("IssueInstant", instant(NOW - timedelta(minutes=7)))))
    assert refused(old, in_response_to=None) == "nobody asked, and it is older than six minutes"


# --- signatures -------------------------------------------------------------------------------------------


def test_what_nobody_signed_is_refused() -> None:
    assert refused(IDP.answer(signed="nothing")) == "it is not signed"


def test_another_key_is_refused_also_when_the_message_brings_its_certificate() -> None:
    stranger = Provider(keys=key_pair("stranger"), now=lambda: NOW)
    for signed in ("assertion", "response", "both"):
        assert refused(stranger.answer(signed=signed)) == "the signature is not valid"


def test_each_signature_that_is_there_must_be_right() -> None:
    stranger = Provider(keys=key_pair("stranger"), now=lambda: NOW)
    mixed = IDP.sign(IDP.response(stranger.sign(IDP.assertion())))
    assert refused(etree.tostring(mixed)) == "the signature is not valid"
    mixed = stranger.sign(IDP.response(IDP.sign(IDP.assertion())))
    assert refused(etree.tostring(mixed)) == "the signature is not valid"


@pytest.mark.parametrize("signed", ["assertion", "response"])
def test_what_was_changed_after_signing_is_refused(signed: str) -> None:
    message = IDP.answer(signed=signed)
    assert refused(message.replace(b"bob@", b"eve@")) == "the signature is not valid"


def test_a_weak_signature_is_refused() -> None:
    signed = etree.tostring(IDP.response(IDP.sign(IDP.assertion())))
    for strong, weak, reason in (
        (
            b"http://www.w3.org/2001/04/xmldsig-more#rsa-sha256",
            b"http://www.w3.org/2000/09/xmldsig#rsa-sha1",
            "the signature method is not RSA or ECDSA with SHA-256 or better",
        ),
        (
            b"http://www.w3.org/2001/04/xmldsig-more#rsa-sha256",
            b"http://www.w3.org/2001/04/xmldsig-more#hmac-sha256",
            "the signature method is not RSA or ECDSA with SHA-256 or better",
        ),
        (
            b"http://www.w3.org/2001/04/xmlenc#sha256",
            b"http://www.w3.org/2000/09/xmldsig#sha1",
            "the digest is not SHA-256 or better",
        ),
    ):
        assert strong in signed
        assert refused(signed.replace(strong, weak)) == reason


def test_only_enveloped_and_exclusive_canonical_form_are_transforms() -> None:
    signed = etree.tostring(IDP.response(IDP.sign(IDP.assertion())))
    enveloped = b'<ds:Transform Algorithm="http://www.w3.org/2000/09/xmldsig#enveloped-signature"/>'
    assert enveloped in signed
    reason = "the signature uses transforms other than enveloped and exclusive canonical form"
    for other in (
        b"http://www.w3.org/TR/1999/REC-xslt-19991116",
        b"http://www.w3.org/TR/1999/REC-xpath-19991116",
        b"http://www.w3.org/2000/09/xmldsig#base64",
        b"http://www.w3.org/TR/2001/REC-xml-c14n-20010315",
    ):
        more = enveloped + b'<ds:Transform Algorithm="' + other + b'"/>'
        assert refused(signed.replace(enveloped, more)) == reason
    assert refused(signed.replace(enveloped, b"")) == reason


@pytest.mark.parametrize(
    "method",
    [
        "http://www.w3.org/TR/2001/REC-xml-c14n-20010315",
        "http://www.w3.org/2001/10/xml-exc-c14n#WithComments",
    ],
)
def test_another_canonical_form_is_refused(method: str) -> None:
    message = IDP.response(IDP.sign(IDP.assertion(), c14n_algorithm=method))
    assert "canonical form" in refused(etree.tostring(message))


def test_a_second_reference_an_object_or_a_comment_in_the_signature_is_refused() -> None:
    def edited(change: Callable[[Any], None]) -> bytes:
        message = IDP.response(IDP.sign(IDP.assertion()))
        change(message.find(".//ds:Signature", NS))
        return etree.tostring(message)

    info = "ds:SignedInfo"
    twice = edited(lambda s: s.find(info, NS).append(deepcopy(s.find(f"{info}/ds:Reference", NS))))
    assert refused(twice) == "Reference is there more than once"
    for node in (etree.Element(f"{{{DS}}}Object"), etree.Comment("hello")):
        assert refused(edited(lambda s, node=node: s.append(node))) == "the signature is not valid"  # type: ignore[misc]


@pytest.mark.parametrize("uri", ["", "#_other", "#xpointer(/)", "https://example.com/", None])
def test_a_reference_to_anything_but_the_signed_element_is_refused(uri: str | None) -> None:
    message = IDP.response(IDP.sign(IDP.assertion()))
    reference = message.find(".//ds:Reference", NS)
    if uri is None:
        del reference.attrib["URI"]
    else:
        reference.set("URI", uri)
    assert refused(etree.tostring(message)) == "the signature is not over the element that it stands in"


# --- wrapping: a valid signature stays somewhere, and something else is to be read -----------------------------


def evil(assertion: Any, *, same_id: bool) -> Any:
    """The attacker's copy of a signed assertion."""
    copy = deepcopy(assertion)
    copy.remove(copy.find("ds:Signature", NS))
    copy.find("saml:Subject/saml:NameID", NS).text = "admin@example.com"
    if not same_id:
        copy.set("ID", "_evil")
    return copy


def wrap_beside_before(response: Any, signed: Any, copy: Any) -> None:
    signed.addprevious(copy)


def wrap_beside_after(response: Any, signed: Any, copy: Any) -> None:
    signed.addnext(copy)


def wrap_signed_in_evil(response: Any, signed: Any, copy: Any) -> None:
    response.replace(signed, copy)
    copy.append(signed)


def wrap_signature_in_evil_assertion_in_object(response: Any, signed: Any, copy: Any) -> None:
    signature = signed.find("ds:Signature", NS)
    response.replace(signed, copy)
    signed.remove(signature)
    copy.insert(1, signature)
    etree.SubElement(signature, f"{{{DS}}}Object").append(signed)


def wrap_signed_in_extensions(response: Any, signed: Any, copy: Any) -> None:
    response.replace(signed, copy)
    extensions = etree.Element(f"{{{SAMLP}}}Extensions")
    response.insert(1, extensions)
    extensions.append(signed)


def wrap_signature_moved_up(response: Any, signed: Any, copy: Any) -> None:
    signature = signed.find("ds:Signature", NS)
    response.replace(signed, copy)
    response.insert(1, signature)
    signed.remove(signature) if signature.getparent() is signed else None
    etree.SubElement(signature, f"{{{DS}}}Object").append(signed)


def wrap_signature_moved_to_evil(response: Any, signed: Any, copy: Any) -> None:
    copy.insert(1, signed.find("ds:Signature", NS))
    signed.addnext(copy)


def wrap_evil_in_signed(response: Any, signed: Any, copy: Any) -> None:
    signed.append(copy)


def wrap_evil_in_subject_advice(response: Any, signed: Any, copy: Any) -> None:
    etree.SubElement(signed, f"{{{SAML}}}Advice").append(copy)


def wrap_evil_in_signatures_key_info(response: Any, signed: Any, copy: Any) -> None:
    signed.find("ds:Signature/ds:KeyInfo", NS).append(copy)


def wrap_swapped_body(response: Any, signed: Any, copy: Any) -> None:
    """The evil one takes the signature of the signed one, whose ID it has too."""
    copy.insert(1, deepcopy(signed.find("ds:Signature", NS)))
    response.replace(signed, copy)


WRAPPINGS = [value for name, value in sorted(globals().items()) if name.startswith("wrap_")]


@pytest.mark.parametrize("same_id", [True, False])
@pytest.mark.parametrize("wrap", WRAPPINGS, ids=lambda wrap: wrap.__name__)
def test_a_wrapped_assertion_is_never_read(wrap: Any, same_id: bool) -> None:
    response = etree.fromstring(IDP.answer())
    signed = response.find("saml:Assertion", NS)
    wrap(response, signed, evil(signed, same_id=same_id))
    try:
        found = read(etree.tostring(response))
    except SamlRefused:
        return
    assert found.name.value == "bob@example.com"
    raise AssertionError("a message that was tampered with was taken")


@pytest.mark.parametrize("same_id", [True, False])
def test_a_wrapped_response_is_never_read(same_id: bool) -> None:
    signed = etree.fromstring(IDP.answer(signed="response"))
    signature = signed.find("ds:Signature", NS)
    fake = deepcopy(signed)
    fake.remove(fake.find("ds:Signature", NS))
    fake.find(".//saml:NameID", NS).text = "admin@example.com"
    if not same_id:
        fake.set("ID", "_evil")
    inner = deepcopy(signature)
    fake.insert(1, inner)
    etree.SubElement(inner, f"{{{DS}}}Object").append(deepcopy(signed))
    refused(etree.tostring(fake))
    extended = deepcopy(fake)
    extended.remove(extended.find("ds:Signature", NS))
    etree.SubElement(extended, f"{{{SAMLP}}}Extensions").append(signed)
    refused(etree.tostring(extended))


# --- tricks with XML -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("signed", ["assertion", "response"])
def test_a_comment_in_the_name_does_not_end_it(signed: str) -> None:
    """CVE-2017-11427 and its kin: the signature leaves comments out, the reader must not stop at one."""
    message = IDP.answer(signed=signed, subject="admin@example.com.evil.example")
    split = message.replace(b"admin@example.com.evil", b"admin@example.com<!-- -->.evil")
    assert split != message
    assert read(split).name.value == "admin@example.com.evil.example"


def test_cdata_and_references_mean_what_was_signed() -> None:
    message = IDP.answer(subject="a&amp;b@example.com")
    assert read(message).name.value == "a&b@example.com"
    assert read(message.replace(b"a&amp;b@", b"<![CDATA[a&]]>&#98;@")).name.value == "a&b@example.com"


@pytest.mark.parametrize(
    "prefix",
    [
        b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;&a;">]>',
        b'<!DOCTYPE x SYSTEM "file:///etc/passwd">',
        b'<!DOCTYPE x [<!ENTITY a SYSTEM "http://127.0.0.1:1/">]>',
        b"<!doctype x>",
    ],
)
def test_a_dtd_is_refused(prefix: bytes) -> None:
    assert refused(prefix + IDP.answer()) == "the document has a DTD"


def test_a_processing_instruction_is_refused() -> None:
    for message in (
        b"<?evil x?>" + IDP.answer(),
        IDP.answer() + b"<?evil x?>",
        IDP.answer().replace(b"bob@", b"bob<?evil x?>@"),
    ):
        assert refused(message) == "the document has a processing instruction"


def test_another_encoding_is_refused_whatever_it_hides() -> None:
    hidden = '<!DOCTYPE x [<!ENTITY a "b">]><x/>'
    for encoding in ("utf-16", "utf-16-le", "utf-32"):
        with pytest.raises(SamlRefused):
            parse(hidden.encode(encoding))
    with pytest.raises(SamlRefused):
        parse(b'<?xml version="1.0" encoding="UTF-7"?>+ADw-x/+AD4-')


def test_bombs_are_refused_at_once() -> None:
    began = time.perf_counter()
    for document in (
        b"<a>" * 100_000,
        b"<a>" + b"<b/>" * 100_000 + b"</a>",
        b"<a " + b" ".join(b'a%d="x"' % n for n in range(10_000)) + b"/>",
        b"<a " + b" ".join(b'xmlns:a%d="x"' % n for n in range(10_000)) + b"/>",
        b"<a>" + b"x" * MAX_SIZE + b"</a>",
    ):
        with pytest.raises(SamlRefused):
            parse(document)
    with pytest.raises(SamlRefused):
        inflate(_deflated(b"<a>" + b"\0" * 100_000_000))
    assert time.perf_counter() - began < 3


def _deflated(content: bytes) -> bytes:
    compressor = zlib.compressobj(wbits=-15)
    return compressor.compress(content) + compressor.flush()


def test_a_posted_message_may_be_deflated_and_broken_in_lines() -> None:
    message = IDP.answer()
    lines = b64encode(message).decode()
    assert posted_message("\r\n".join([lines[:60], lines[60:]])) == message
    assert posted_message(b64encode(_deflated(message)).decode()) == message
    for wrong in ("", "%%%", "YWJj", b64encode(_deflated(message)[:-9]).decode()):
        with pytest.raises(SamlRefused):
            posted_message(wrong)


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_a_message_with_any_byte_changed_is_refused_or_says_the_same(data: st.DataObject) -> None:
    """Only what is not signed may change without a refusal, and nothing that is read may be that."""
    place = data.draw(st.integers(0, len(MESSAGE) - 1))
    byte = data.draw(st.binary(min_size=1, max_size=3))
    message = MESSAGE[:place] + byte + MESSAGE[place + 1 :]
    try:
        found = read(message)
    except SamlRefused:
        return
    assert found == READ


MESSAGE = IDP.answer()
READ = read(MESSAGE)


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=200) | st.text(max_size=200).map(lambda text: f"<a>{text}</a>".encode()))
def test_any_bytes_are_read_or_refused(message: bytes) -> None:
    refused(message)


# --- encryption ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("signed", ["assertion", "response", "both"])
@pytest.mark.parametrize("is_beside", [False, True])
@pytest.mark.parametrize(
    "method", [f"{XENC11}aes128-gcm", f"{XENC11}aes256-gcm", f"{XENC}aes128-cbc", f"{XENC}aes256-cbc"]
)
def test_an_encrypted_assertion_is_read(method: str, is_beside: bool, signed: str) -> None:
    message = IDP.answer(signed=signed, encrypt_for=OURS.base64, method=method, is_beside=is_beside)
    assert b"bob@" not in message
    assert read(message, ENCRYPTED, keys=(key_pair("old").key, OURS.key)).name.value == "bob@example.com"


def test_where_encryption_is_asked_for_a_plain_assertion_is_refused() -> None:
    assert refused(IDP.answer(), ENCRYPTED) == "the assertion is not encrypted"


def test_an_encrypted_assertion_must_be_signed_inside_or_around() -> None:
    assert refused(IDP.answer(signed="nothing", encrypt_for=OURS.base64), ENCRYPTED) == UNREADABLE
    stranger = Provider(keys=key_pair("stranger"), now=lambda: NOW)
    assert refused(stranger.answer(encrypt_for=OURS.base64), ENCRYPTED) == UNREADABLE
    assert refused(stranger.answer(signed="response", encrypt_for=OURS.base64), ENCRYPTED) == (
        "the signature is not valid"
    )


@pytest.mark.parametrize("method", [f"{XENC11}aes256-gcm", f"{XENC}aes256-cbc"])
def test_failures_to_open_an_assertion_can_not_be_told_apart(method: str) -> None:
    """No oracle: a wrong key, wrong padding, wrong XML, a wrong signature inside all read the same."""
    reasons = set()
    for content in (b"", b"<", b"<a/>", b"\xff" * 40, etree.tostring(IDP.assertion())):
        message = IDP.answer(signed="nothing", encrypt_for=OURS.base64, method=method, content=content)
        reasons.add(refused(message, ENCRYPTED))
    reasons.add(refused(IDP.answer(encrypt_for=key_pair("stranger").base64, method=method), ENCRYPTED))
    message = IDP.answer(encrypt_for=OURS.base64, method=method)
    root = etree.fromstring(message)
    for value in root.iter(f"{{{XENC}}}CipherValue"):
        kept = value.text
        for place in (3, 30, len(kept) - 30):
            value.text = kept[:place] + ("A" if kept[place] != "A" else "B") + kept[place + 1 :]
            reasons.add(refused(etree.tostring(root), ENCRYPTED))
        value.text = "%%"
        reasons.add(refused(etree.tostring(root), ENCRYPTED))
        value.text = kept
    assert reasons == {UNREADABLE}


def test_other_key_transport_and_ciphers_are_refused() -> None:
    old = IDP.answer(encrypt_for=OURS.base64, key_method=f"{XENC}rsa-1_5")
    assert refused(old, ENCRYPTED) == "the assertion's key is encrypted by another method than RSA-OAEP"
    message = IDP.answer(encrypt_for=OURS.base64, method=f"{XENC}aes256-cbc")
    other = message.replace(b"xmlenc#aes256-cbc", b"xmlenc#tripledes-cbc")
    assert "another method than AES" in refused(other, ENCRYPTED)


def test_a_provider_without_encryption_can_not_send_encrypted() -> None:
    assert "not set up for" in refused(IDP.answer(encrypt_for=OURS.base64))


def test_what_is_encrypted_is_held_against_the_same_rules() -> None:
    edit, reason = ASSERTION_FAULTS["another audience"]
    assert refused(IDP.answer(encrypt_for=OURS.base64, edit_assertion=edit), ENCRYPTED) == reason


# --- each bound by itself ---------------------------------------------------------------------------------------


def test_a_signature_over_another_canonical_form_of_itself_is_refused() -> None:
    message = IDP.response(IDP.sign(IDP.assertion()))
    info = message.find(".//ds:SignedInfo", NS)
    method = info.find("ds:CanonicalizationMethod", NS)
    method.set("Algorithm", "http://www.w3.org/TR/2001/REC-xml-c14n-20010315")
    alone = etree.fromstring(etree.tostring(info))
    signed = IDP.keys.key.sign(etree.tostring(alone, method="c14n"), PKCS1v15(), SHA256())
    message.find(".//ds:SignatureValue", NS).text = b64encode(signed).decode()
    assert refused(etree.tostring(message)) == (
        "the signature uses another canonical form than the exclusive one"
    )


def test_the_signed_element_alone_has_its_id() -> None:
    root = etree.fromstring(IDP.answer())
    assertion = root.find("saml:Assertion", NS)
    assertion.find("saml:Subject", NS).set("ID", assertion.get("ID"))
    assert refused(etree.tostring(root)) == "the signed element has no ID of its own"


def test_an_assertion_or_a_response_in_another_place_is_refused() -> None:
    root = etree.fromstring(IDP.answer(signed="nothing"))
    etree.SubElement(root, f"{{{SAMLP}}}Extensions").append(root.find("saml:Assertion", NS))
    assert refused(etree.tostring(IDP.sign(root))) == "the assertion is not in its place"
    inner = etree.fromstring(IDP.answer(signed="nothing"))
    inner.remove(inner.find("saml:Assertion", NS))
    root = etree.fromstring(IDP.answer(signed="nothing"))
    etree.SubElement(root, f"{{{SAMLP}}}Extensions").append(inner)
    assert refused(etree.tostring(IDP.sign(root))) == "there is more than one response"


def test_an_assertion_that_only_the_response_covers_needs_an_id_too() -> None:
    for edit in (at(".", drops("ID")), at(".", sets("ID", "_" + "x" * 600))):
        assert "has no ID" in refused(IDP.answer(signed="response", edit_assertion=edit))


def test_an_encrypted_name_is_refused_by_name() -> None:
    def hide(subject: Any) -> None:
        subject.replace(subject[0], etree.Element(f"{{{SAML}}}EncryptedID"))

    assert "EncryptedID" in refused(IDP.answer(edit_assertion=at("saml:Subject", hide)))


def test_an_assertion_without_a_word_on_the_authentication_is_taken() -> None:
    found = read(IDP.answer(edit_assertion=at("saml:AuthnStatement", removed)))
    assert (found.session_index, found.authn_context, found.authn_instant) == (None, None, None)


@pytest.mark.parametrize("time", ["2026-W48-6", "20261128T000000Z", "2026-11-28", "2026-13-01T00:00:00Z"])
def test_a_time_in_another_form_is_refused(time: str) -> None:
    edit = at("saml:Conditions", sets("NotOnOrAfter", time))
    assert refused(IDP.answer(edit_assertion=edit)) == "NotOnOrAfter is no time"


def test_encryption_in_ways_that_are_not_supported_is_refused_by_name() -> None:
    def edited(change: Callable[[Any], None]) -> str:
        root = etree.fromstring(IDP.answer(encrypt_for=OURS.base64))
        change(root.find(".//xenc:EncryptedKey", {"xenc": XENC}))
        return refused(etree.tostring(root), ENCRYPTED)

    assert "exactly one EncryptedKey" in edited(lambda key: key.addnext(deepcopy(key)))
    assert "exactly one EncryptedKey" in edited(removed)
    assert "OAEPparams" in edited(lambda key: etree.SubElement(key[0], f"{{{XENC}}}OAEPparams"))
    assert "unknown digest" in edited(
        lambda key: etree.SubElement(key[0], f"{{{DS}}}DigestMethod", Algorithm="urn:md5")
    )


@pytest.mark.parametrize("size", [0, 8, 16, 17, 31])
def test_a_ciphertext_of_any_length_can_not_be_opened(size: int) -> None:
    root = etree.fromstring(IDP.answer(encrypt_for=OURS.base64, method=f"{XENC}aes256-cbc"))
    value = root.findall(".//xenc:CipherValue", {"xenc": XENC})[-1]
    value.text = b64encode(b"x" * size).decode()
    assert refused(etree.tostring(root), ENCRYPTED) == UNREADABLE


def test_messages_that_are_too_large_are_not_even_decoded() -> None:
    for read_it, message in (
        (posted_message, "A" * (MAX_SIZE * 2)),
        (inflate, _deflated(b"a" * (MAX_SIZE + 1))),
    ):
        with pytest.raises(SamlRefused, match="too large"):
            read_it(message)  # type: ignore[arg-type]


# --- another implementation ------------------------------------------------------------------------------------------

VECTORS = json.loads((Path(__file__).parent / "saml_vectors.json").read_text())


@pytest.mark.parametrize("name", VECTORS["messages"])
def test_what_xmlsec_signed_and_encrypted_is_read(name: str) -> None:
    """Messages of python-xmlsec 1.3.17: another canonical form, signer and cipher than the tests' own."""
    then = datetime(2026, 11, 28, 12, 1, tzinfo=UTC)
    key: Any = load_pem_private_key(VECTORS["private_key"].encode(), None)
    found = read(
        VECTORS["messages"][name].encode(),
        certificates=(VECTORS["certificate"],),
        now=then,
        keys=(key,) if "encrypted" in name else (),
    )
    assert found.name.value == "bob@example.com"
    assert found.attributes == {"email": ("bob@example.com",)}
