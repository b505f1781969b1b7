"""Terms of use and privacy policies by the API, and where a page links them."""

from __future__ import annotations

import re
from typing import Any

import pytest
from tests.admin import admin_client
from tests.conftest import a_pool
from tests.harness import RunningServer
from tests.people.people import an_app, refusal
from tests.security.conftest import allow, policy

from poolhouse.core.terms import LANGUAGES, PRIVACY_POLICY, TERMS_OF_USE, Terms, TermsLinks, links_of

LINK = {"TermsSource": "LINK", "Enforcement": "NONE"}
UUID = "[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"
OF_NOBODY = "00000000-0000-4000-8000-000000000000"


def a_client(cognito: Any) -> dict[str, str]:
    pool_id = a_pool(cognito)
    return {"UserPoolId": pool_id, "ClientId": an_app(cognito, pool_id)["ClientId"]}


def links(**by_language: str) -> dict[str, str]:
    return {f"cognito:{language}": url for language, url in by_language.items()}


def some_terms(cognito: Any, client: dict[str, str], name: str = TERMS_OF_USE, **more: Any) -> dict[str, Any]:
    options = {"Links": links(default="https://example.com/terms"), **more}
    answer: dict[str, Any] = cognito.create_terms(**client, TermsName=name, **LINK, **options)["Terms"]
    return answer


def test_terms_are_made_described_and_listed(cognito: Any) -> None:
    client = a_client(cognito)
    made = some_terms(cognito, client)
    assert re.fullmatch(UUID, made["TermsId"])
    assert made["CreationDate"] == made["LastModifiedDate"]
    expected = {
        **client,
        **LINK,
        "TermsId": made["TermsId"],
        "TermsName": "terms-of-use",
        "Links": {"cognito:default": "https://example.com/terms"},
        "CreationDate": made["CreationDate"],
        "LastModifiedDate": made["LastModifiedDate"],
    }
    assert made == expected
    ids = {"UserPoolId": client["UserPoolId"], "TermsId": made["TermsId"]}
    assert cognito.describe_terms(**ids)["Terms"] == expected
    by_client = cognito.describe_terms_by_client(**client, TermsName="terms-of-use")
    assert by_client["Terms"] == expected
    listed = cognito.list_terms(UserPoolId=client["UserPoolId"])["Terms"]
    assert listed == [
        {
            name: expected[name]
            for name in ("TermsId", "TermsName", "Enforcement", "CreationDate", "LastModifiedDate")
        }
    ]


def test_a_client_has_one_document_of_each_name(cognito: Any) -> None:
    client = a_client(cognito)
    some_terms(cognito, client)
    policy = some_terms(cognito, client, PRIVACY_POLICY)
    for call, arguments in (
        (cognito.create_terms, {**client, **LINK, "TermsName": TERMS_OF_USE, "Links": policy["Links"]}),
        (
            cognito.update_terms,
            {
                "UserPoolId": client["UserPoolId"],
                "TermsId": policy["TermsId"],
                "TermsName": TERMS_OF_USE,
            },
        ),
    ):
        assert refusal(call, **arguments)[0] == "TermsExistsException"
    names = [terms["TermsName"] for terms in cognito.list_terms(UserPoolId=client["UserPoolId"])["Terms"]]
    assert sorted(names) == [PRIVACY_POLICY, TERMS_OF_USE]


def test_an_update_changes_what_it_names_and_links_as_a_whole(cognito: Any) -> None:
    client = a_client(cognito)
    made = some_terms(
        cognito, client, Links=links(default="https://a.example/", french="https://a.example/fr")
    )
    ids = {"UserPoolId": client["UserPoolId"], "TermsId": made["TermsId"]}
    renamed = cognito.update_terms(**ids, TermsName=PRIVACY_POLICY)["Terms"]
    assert (renamed["TermsName"], renamed["Links"]) == (PRIVACY_POLICY, made["Links"])
    assert renamed["LastModifiedDate"] > made["LastModifiedDate"] == renamed["CreationDate"]
    changed = cognito.update_terms(**ids, **LINK, Links=links(dutch="https://b.example/"))["Terms"]
    assert changed["Links"] == {"cognito:dutch": "https://b.example/"}
    assert cognito.describe_terms(**ids)["Terms"] == changed
    gone = refusal(cognito.describe_terms_by_client, **client, TermsName=TERMS_OF_USE)
    assert gone == (
        "ResourceNotFoundException",
        f"Terms terms-of-use do not exist for client {client['ClientId']}.",
    )


def test_terms_are_deleted_and_go_with_their_client(cognito: Any) -> None:
    client = a_client(cognito)
    pool = {"UserPoolId": client["UserPoolId"]}
    terms = some_terms(cognito, client)
    cognito.delete_terms(**pool, TermsId=terms["TermsId"])
    for operation in (cognito.describe_terms, cognito.update_terms, cognito.delete_terms):
        code, message = refusal(operation, **pool, TermsId=terms["TermsId"])
        assert (code, message) == ("ResourceNotFoundException", f"Terms {terms['TermsId']} do not exist.")
    some_terms(cognito, client)
    cognito.delete_user_pool_client(**client)
    assert cognito.list_terms(**pool)["Terms"] == []


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "JavaScript:alert(1)",
        "data:text/html,x",
        "//example.com/terms",
        "/terms",
        "https:",
        "https://",
        "https:\\\\example.com",
        "http://[::1",
        "mailto:a@example.com",
    ],
)
def test_a_link_that_is_no_web_address_is_refused(cognito: Any, url: str) -> None:
    client = a_client(cognito)
    told = refusal(some_terms, cognito, client, Links=links(english=url))
    assert told == ("InvalidParameterException", "The link for cognito:english is not a valid URL.")
    terms = some_terms(cognito, client)
    ids = {"UserPoolId": client["UserPoolId"], "TermsId": terms["TermsId"]}
    assert refusal(cognito.update_terms, **ids, Links=links(english=url)) == told
    assert cognito.describe_terms(**ids)["Terms"] == terms


def test_links_are_needed_and_their_languages_are_the_pages(cognito: Any) -> None:
    client = a_client(cognito)
    told = refusal(cognito.create_terms, **client, **LINK, TermsName=TERMS_OF_USE)
    assert told == ("InvalidParameterException", "Links must be provided when TermsSource is LINK.")
    for wrong in ({"cognito:klingon": "https://a.example/"}, {}, {"cognito:english": "https://a b"}):
        assert refusal(some_terms, cognito, client, Links=wrong)[0] == "InvalidParameterException"
    everything = {"cognito:default": "https://a.example/", **dict.fromkeys(LANGUAGES.values(), "http://a.b/")}
    assert len(everything) == 13
    assert some_terms(cognito, client, Links=everything)["Links"] == everything


def test_terms_are_of_their_pool_alone(cognito: Any) -> None:
    client, other = a_client(cognito), a_client(cognito)
    terms = some_terms(cognito, client)
    for operation in (cognito.describe_terms, cognito.update_terms, cognito.delete_terms):
        code, _ = refusal(operation, UserPoolId=other["UserPoolId"], TermsId=terms["TermsId"])
        assert code == "ResourceNotFoundException"
    mixed = {"UserPoolId": other["UserPoolId"], "ClientId": client["ClientId"]}
    expected = ("ResourceNotFoundException", f"User pool client {client['ClientId']} does not exist.")
    assert refusal(some_terms, cognito, mixed) == expected
    assert refusal(cognito.describe_terms_by_client, **mixed, TermsName=TERMS_OF_USE) == expected
    nobody = {**client, "UserPoolId": "us-east-1_nobody999"}
    assert refusal(some_terms, cognito, nobody)[0] == "ResourceNotFoundException"
    assert refusal(cognito.list_terms, UserPoolId="us-east-1_nobody999")[0] == "ResourceNotFoundException"


def test_who_is_denied_to_describe_terms_is_denied_to_describe_them_by_client(
    server: RunningServer, cognito: Any
) -> None:
    """Cognito API reference, DescribeTermsByClient."""
    client = a_client(cognito)
    some_terms(cognito, client)
    by_client, by_id = "cognito-idp:DescribeTermsByClient", "cognito-idp:DescribeTerms"

    def ask(*statements: dict[str, Any]) -> Any:
        key = admin_client(server).create_access_key(UserName="reader", Policy=policy(*statements))
        made = key["AccessKey"]
        reader = server.client(
            aws_access_key_id=made["AccessKeyId"], aws_secret_access_key=made["SecretAccessKey"]
        )
        return reader.describe_terms_by_client(**client, TermsName=TERMS_OF_USE)

    assert ask(allow(by_client))["Terms"]["TermsName"] == TERMS_OF_USE, "it needs no leave for the other"
    denied = {**allow(by_id), "Effect": "Deny"}
    code, message = refusal(ask, allow("cognito-idp:*"), denied)
    assert code == "AccessDeniedException"
    assert f"not authorized to perform: {by_id} on" in message
    assert refusal(ask, allow(by_id))[0] == "AccessDeniedException"


def test_terms_are_listed_page_by_page(cognito: Any) -> None:
    client = a_client(cognito)
    pool = {"UserPoolId": client["UserPoolId"]}
    clients = [client, *({**pool, "ClientId": an_app(cognito, **_pool(pool))["ClientId"]} for _ in range(2))]
    made = {
        some_terms(cognito, c, name)["TermsId"] for c in clients for name in (TERMS_OF_USE, PRIVACY_POLICY)
    }
    seen: list[str] = []
    token: dict[str, str] = {}
    for _ in range(3):
        answer = cognito.list_terms(**pool, MaxResults=2, **token)
        assert len(answer["Terms"]) == 2
        seen += [terms["TermsId"] for terms in answer["Terms"]]
        token = {"NextToken": answer["NextToken"]} if "NextToken" in answer else {}
    assert not token
    assert set(seen) == made
    assert refusal(cognito.list_terms, **pool, NextToken="x")[0] == "InvalidParameterException"


def _pool(pool: dict[str, str]) -> dict[str, str]:
    return {"pool_id": pool["UserPoolId"]}


def test_a_page_has_both_links_or_none() -> None:
    use, policy = _terms(TERMS_OF_USE, default="https://d/"), _terms(PRIVACY_POLICY, german="https://g/")
    assert links_of({}, "de") is None
    assert links_of({TERMS_OF_USE: use}, "de") is None
    both = {TERMS_OF_USE: use, PRIVACY_POLICY: policy}
    assert links_of(both, "de") == TermsLinks("https://d/", "https://g/")
    assert links_of(both, "fr") is None, "the policy is there in German alone"
    translated = _terms(TERMS_OF_USE, default="https://d/", german="https://t/")
    assert links_of({**both, TERMS_OF_USE: translated}, "de") == TermsLinks("https://t/", "https://g/")


def _terms(name: str, **by_language: str) -> Terms:
    from datetime import UTC, datetime

    now = datetime(2026, 11, 1, tzinfo=UTC)
    return Terms("pool", OF_NOBODY, "client", name, links(**by_language), now, now)
