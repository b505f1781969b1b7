"""What a pool says of itself, and where."""

from __future__ import annotations

import pytest
from tests.browser.houses import House, a_house
from tests.harness import RunningServer

DOCUMENTS = ("openid-configuration", "oauth-authorization-server")


@pytest.fixture
def house(server: RunningServer) -> House:
    return a_house(server)


def test_it_says_the_same_at_the_issuer_behind_the_host_and_at_the_domain(house: House) -> None:
    base = house.server.base_url
    places = [
        place
        for document in DOCUMENTS
        for place in (
            f"{base}/{house.pool_id}/.well-known/{document}",
            f"{base}/.well-known/{document}/{house.pool_id}",
            f"{house.address}/.well-known/{document}",
        )
    ]
    answers = [house.browser.get(place) for place in places]
    assert {answer.status_code for answer in answers} == {200}
    assert {answer.headers["access-control-allow-origin"] for answer in answers} == {"*"}
    assert len({answer.content for answer in answers}) == 1
    assert answers[0].json()["issuer"] == house.issuer


def test_the_endpoints_are_the_domains(house: House) -> None:
    found = house.browser.get(f"{house.address}/.well-known/openid-configuration").json()
    domain = f"{house.server.settings.public_url}/domains/{house.domain}"
    assert found["authorization_endpoint"] == f"{domain}/oauth2/authorize"
    assert found["token_endpoint"] == f"{domain}/oauth2/token"
    assert found["userinfo_endpoint"] == f"{domain}/oauth2/userInfo"
    assert found["revocation_endpoint"] == f"{domain}/oauth2/revoke"
    assert found["end_session_endpoint"] == f"{domain}/logout"
    assert found["code_challenge_methods_supported"] == ["S256"]
    assert found["authorization_response_iss_parameter_supported"] is True
    assert found["request_uri_parameter_supported"] is False
    assert "none" in found["token_endpoint_auth_methods_supported"]


@pytest.mark.parametrize("pool_id", ["us-east-1_none", "x", "..", "a" * 60 + "_x"])
def test_a_pool_that_is_not_there_has_no_documents(house: House, pool_id: str) -> None:
    for document in DOCUMENTS:
        answer = house.browser.get(f"{house.server.base_url}/.well-known/{document}/{pool_id}")
        assert answer.status_code == 404
