"""STS GetCallerIdentity: as boto3 asks it, and as everything else might."""

from __future__ import annotations

from dataclasses import replace
from xml.etree import ElementTree

import pytest
from botocore.parsers import QueryParser
from botocore.session import Session
from hypothesis import given
from hypothesis import strategies as st
from tests.aws.signed import KEY_ID, SECRET, later, received, signed_request
from tests.aws.stand import ROOT_ID, ROOT_SECRET, Stand

from poolhouse.core.errors import StoreUnavailable
from poolhouse.http import Request, Response

QUESTION = b"Action=GetCallerIdentity&Version=2011-06-15"
FORM = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}
OUTPUT = Session().get_service_model("sts").operation_model("GetCallerIdentity").output_shape


@pytest.fixture
def stand() -> Stand:
    return Stand()


def question(body: bytes = QUESTION, **signing: object) -> Request:
    given = {
        "key_id": ROOT_ID,
        "secret": ROOT_SECRET,
        "service": "sts",
        "headers": FORM,
        "body": body,
        **signing,
    }
    return signed_request(**given)


def understood(response: Response) -> dict[str, object]:
    """What botocore makes of an answer."""
    assert dict(response.headers)[b"content-type"] == b"text/xml"
    assert dict(response.headers)[b"access-control-allow-origin"] == b"*"
    headers = {name.decode(): value.decode() for name, value in response.headers}
    answer = {"body": response.body, "headers": headers, "status_code": response.status}
    parsed: dict[str, object] = QueryParser().parse(answer, OUTPUT)
    return parsed


def error(response: Response) -> tuple[int, str, str]:
    found = understood(response)["Error"]
    assert isinstance(found, dict)
    return response.status, found["Code"], found["Message"]


def test_the_root_is_told_who_it_is(stand):
    answer = understood(stand.ask(question()))

    assert answer["Arn"] == "arn:aws:iam::000000000000:root"
    assert answer["Account"] == answer["UserId"] == "000000000000"
    assert answer["ResponseMetadata"]["RequestId"] == "request-id"


def test_a_key_is_told_who_it_is_though_no_policy_allows_it_anything(stand):
    stand.has_key()
    answer = understood(stand.ask(question(key_id=KEY_ID, secret=SECRET)))

    assert answer["Arn"] == "arn:aws:iam::000000000000:user/ci"
    assert answer["UserId"] == KEY_ID


def test_a_presigned_question_is_answered(stand):
    url = f"http://localhost:9229/?{QUESTION.decode()}"
    answer = understood(stand.ask(question(b"", method="GET", url=url, headers={}, expires=60)))

    assert answer["Arn"] == "arn:aws:iam::000000000000:root"


@pytest.mark.parametrize(("minutes", "is_accepted"), [(-15, True), (15, True)])
def test_the_window_is_a_quarter_of_an_hour(stand, minutes, is_accepted):
    stand.now = later(minutes=minutes)
    assert stand.ask(question()).status == 200

    stand.now = later(minutes=minutes, seconds=1 if minutes > 0 else -1)
    assert error(stand.ask(question()))[:2] == (403, "SignatureDoesNotMatch")


def test_what_is_wrong_is_said_in_the_words_of_sts(stand):
    unsigned = received("POST", "http://localhost:9229/", FORM, QUESTION)

    assert error(stand.ask(unsigned)) == (403, "MissingAuthenticationToken", "Missing Authentication Token")
    assert error(stand.ask(question(key_id=KEY_ID))) == (
        403,
        "InvalidClientTokenId",
        "The security token included in the request is invalid.",
    )
    assert error(stand.ask(question(secret=SECRET)))[:2] == (403, "SignatureDoesNotMatch")
    assert error(stand.ask(question(service="cognito-idp")))[:2] == (403, "SignatureDoesNotMatch")
    assert error(stand.ask(question(token="a-token")))[:2] == (403, "InvalidClientTokenId")
    unsigned.headers.append((b"authorization", b"Bearer canary"))
    assert error(stand.ask(unsigned))[:2] == (400, "IncompleteSignature")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"Action=AssumeRole&Version=2011-06-15",
        b"Action=GetCallerIdentity",
        b"Action=GetCallerIdentity&Version=2012-01-01",
        b"Action=%3Cscript%3E&Version=2011-06-15",
        b"&".join([b"a=b"] * 1000),
        b"\xff\xfe",
    ],
)
def test_another_question_is_not_understood(stand, body):
    refused = error(stand.ask(question(body)))

    assert refused[:2] == (400, "InvalidAction")
    assert "script" not in refused[2]


def test_a_store_that_does_not_answer_is_said_to_be_unavailable(stand, monkeypatch):
    async def get(kind: str, key: str) -> object:
        raise StoreUnavailable("no connection")

    stand.get = get
    refused = error(stand.ask(question(key_id=KEY_ID)))

    assert refused[:2] == (503, "ServiceUnavailable")


@given(body=st.binary(max_size=200), authorization=st.binary(max_size=100))
def test_whatever_comes_is_answered_with_xml(body, authorization):
    for text in (body, QUESTION, QUESTION + b"&" + body):
        request = received("POST", "http://localhost/", {**FORM, "Authorization": authorization}, text)
        response = Stand().ask(replace(request))

        ElementTree.fromstring(response.body)
        assert response.status in (400, 403)
