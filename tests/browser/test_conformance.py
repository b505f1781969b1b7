"""Cases of the OpenID Foundation's conformance suite that no other test has; docs/conformance.md lists all of them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from tests.browser.houses import House, a_house, answer_of
from tests.browser.pages import visit
from tests.harness import RunningServer
from tests.people.tokens import claims_of

ROOT = Path(__file__).parents[2]


@pytest.fixture
def house(server: RunningServer) -> House:
    house = a_house(server, client={"GenerateSecret": True})
    house.sign_in()
    return house


@pytest.mark.parametrize(
    "more",
    [
        {"display": "page"},
        {"display": "popup"},
        {"ui_locales": "se"},
        {"claims_locales": "se"},
        {"extra": "foobar"},
        {"acr_values": "1 2"},
        {"claims": '{"userinfo":{"name":{"essential":true}}}'},
        {"nonce": None},
        {"max_age": "10000"},
        {"prompt": "none"},
    ],
    ids=lambda more: next(iter(more)) + "-" + str(next(iter(more.values())))[:8],
)
def test_what_a_client_may_send_is_no_error(house: House, more: dict[str, str | None]) -> None:
    tokens = house.tokens(**more)
    assert claims_of(tokens["id_token"])["sub"] == house.sub


def test_max_age_tells_when_the_person_signed_in(house: House) -> None:
    claims = claims_of(house.tokens(max_age="10000")["id_token"])
    assert isinstance(claims["auth_time"], int)
    assert claims["auth_time"] <= claims["iat"]


def test_a_hint_of_who_is_signed_in_needs_no_page(house: House) -> None:
    first = house.tokens()
    assert "code" in answer_of(house.authorize(prompt="none", id_token_hint=first["id_token"]))


def test_the_client_authenticates_by_post_as_well(house: House) -> None:
    answer = house.browser.post(
        f"{house.address}/oauth2/token",
        data={
            "grant_type": "authorization_code",
            "code": house.code(),
            "redirect_uri": "https://app.example/callback",
            "code_verifier": house.verifier,
            "client_id": house.client_id,
            "client_secret": house.client["ClientSecret"],
        },
    )
    assert answer.status_code == 200


def test_a_code_is_good_without_pkce_for_a_client_with_a_secret(house: House) -> None:
    code = house.code(code_challenge=None, code_challenge_method=None)
    assert house.redeem(code, code_verifier=None).status_code == 200


@pytest.mark.parametrize("name", ["request", "request_uri"])
def test_request_objects_are_refused_by_name(house: House, name: str) -> None:
    answer = answer_of(house.authorize(**{name: "https://app.example/object"}))
    assert answer["error"] == f"{name}_not_supported"


def test_a_sign_in_page_speaks_the_language_that_is_asked_for(house: House) -> None:
    house.browser.cookies.clear()
    page = visit(house.browser, str(house.authorize(lang="de").url))
    assert 'lang="de"' in page.response.text


def test_every_test_that_the_table_names_is_there() -> None:
    """docs/conformance.md says `file::test`, and `test` of the same file."""
    text = (ROOT / "docs" / "conformance.md").read_text()
    named = re.findall(r"`(test_\w+)::(test_\w+)`", text)
    assert len(named) > 40
    missing = [
        f"{file}::{test}"
        for file, test in named
        if f"def {test}(" not in (ROOT / "tests" / "browser" / f"{file}.py").read_text()
    ]
    assert missing == []
