"""The authorization endpoint: who is sent where, and who nowhere."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.admin import admin_client
from tests.browser.houses import CALLBACK, House, a_house, answer_of
from tests.harness import RunningServer
from tests.people.authenticator_app import AuthenticatorApp, the_clock_goes_back
from tests.people.people import a_person, sign_in
from tests.people.tokens import claims_of

from poolhouse.core.authorize_request import redirect_address, render_query
from poolhouse.oauth.answers import redirect
from poolhouse.oauth.authorize import read_parameters


@pytest.fixture(scope="module")
def house(server: RunningServer) -> House:
    """One for all that only ask."""
    found = a_house(
        server, client={"CallbackURLs": [CALLBACK, "myapp://back", "http://localhost:3000/cb?x=1"]}
    )
    found.sign_in()
    return found


def where(response: httpx.Response) -> str:
    assert response.status_code == 302
    return str(response.headers["location"])


def the_error(response: httpx.Response) -> str:
    return answer_of(response)["error"]


def nobody(house: House) -> House:
    """The same house, seen by a browser that is not signed in."""
    return House(house.server, house.cognito, house.pool_id, house.domain, house.client, house.sub)


def test_a_browser_that_is_not_signed_in_is_sent_to_the_sign_in_page_with_the_whole_request(
    house: House,
) -> None:
    stranger = nobody(house)
    location = where(stranger.authorize(lang="de", login_hint="ada+1@example.com", unheard_of="&?#é"))
    path, _, query = location.partition("?")
    assert path == f"/domains/{house.domain}/login"
    asked = stranger.asking(lang="de", login_hint="ada+1@example.com", unheard_of="&?#é")
    assert dict(parse_qsl(query, strict_parsing=True)) == asked


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"response_type": None}, "invalid_request"),
        ({"response_type": "id_token"}, "unsupported_response_type"),
        ({"response_type": "code token"}, "unsupported_response_type"),
        ({"response_type": "token"}, "unauthorized_client"),
        ({"scope": "openid unknown/scope"}, "invalid_scope"),
        ({"scope": "openid  email"}, "invalid_scope"),
        ({"scope": "email"}, "invalid_scope"),
        ({"scope": " ".join(f"s{n}" for n in range(60))}, "invalid_scope"),
        ({"code_challenge_method": None}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge": None}, "invalid_request"),
        ({"code_challenge": "short"}, "invalid_request"),
        ({"code_challenge": "é" * 43}, "invalid_request"),
        ({"max_age": "-1"}, "invalid_request"),
        ({"max_age": "soon"}, "invalid_request"),
        ({"max_age": "9" * 400}, "invalid_request"),
        ({"prompt": "none login"}, "invalid_request"),
        ({"response_mode": "form_post"}, "invalid_request"),
        ({"resource": "http://api.example"}, "invalid_target"),
        ({"resource": "https://api.example/#part"}, "invalid_target"),
        ({"resource": "https://[api"}, "invalid_target"),
        ({"resource": "api"}, "invalid_target"),
        ({"resource": "https://api.example/\n"}, "invalid_target"),
        ({"request": "eyJhbGciOiJub25lIn0.e30."}, "request_not_supported"),
        ({"request_uri": "https://app.example/request"}, "request_uri_not_supported"),
    ],
)
def test_what_is_wrong_goes_back_to_the_application_with_its_state(
    house: House, changes: dict[str, str | None], error: str
) -> None:
    answer = answer_of(house.authorize(**changes))
    assert answer["error"] == error
    assert answer["state"] == "a state"
    assert answer["iss"] == house.issuer
    assert "code" not in answer


def test_errors_of_the_implicit_grant_stand_behind_the_hash(house: House) -> None:
    assert "#error=unauthorized_client&" in where(house.authorize(response_type="token"))


@pytest.mark.parametrize(
    "address",
    [
        None,
        "https://app.example/callback/",
        "https://app.example/Callback",
        "https://APP.example/callback",
        "https://app.example/callback?",
        "https://app.example/callback?x=1",
        "https://app.example/callback#",
        "https://app.example/callback/..;/callback",
        "https://app.example/%63allback",
        "https://app.example:443/callback",
        "https://evil.example@app.example/callback",
        "https://app.example\\@evil.example/callback",
        "https://app.example/callback\t",
        " https://app.example/callback",
        "https://app.example.evil.example/callback",
        "http://app.example/callback",
        "//app.example/callback",
        "https://аpp.example/callback",
        "http://localhost:3001/cb?x=1",
        "http://127.0.0.1:3000/cb?x=1",
        "myapp://back/",
        "javascript:alert(1)",
    ],
)
def test_an_address_that_is_not_registered_to_the_byte_is_never_gone_to(
    house: House, address: str | None
) -> None:
    location = where(house.authorize(redirect_uri=address))
    assert location.startswith(f"/domains/{house.domain}/error?error=redirect_mismatch")
    assert "evil" not in location


@pytest.mark.parametrize("client_id", [None, "unknown", "x" * 26, "../..", "a" * 5_000, "é"])
def test_an_unknown_client_is_shown_an_error_and_sent_nowhere(house: House, client_id: str | None) -> None:
    location = where(house.authorize(client_id=client_id))
    assert location == f"/domains/{house.domain}/error?error=unknown_client"


def test_a_client_of_another_pool_is_unknown_at_this_domain(house: House, server: RunningServer) -> None:
    other = a_house(server)
    assert "error=unknown_client" in where(house.authorize(client_id=other.client_id))


@pytest.mark.parametrize("address", ["myapp://back", "http://localhost:3000/cb?x=1"])
def test_apps_and_this_machine_may_be_gone_back_to(house: House, address: str) -> None:
    location = where(house.authorize(redirect_uri=address))
    assert location.startswith(f"{address}{'&' if '?' in address else '?'}code=")


@pytest.mark.parametrize(
    "name", ["scope", "state", "nonce", "response_type", "code_challenge", "resource", "anything"]
)
def test_a_parameter_that_is_there_twice_is_refused(house: House, name: str) -> None:
    query = urlencode(
        [*house.asking(nonce="n", resource="https://a.example", anything="1").items(), (name, "x")]
    )
    answer = answer_of(house.browser.get(f"{house.address}/oauth2/authorize?{query}"))
    assert answer["error"] == "invalid_request"
    assert ("state" in answer) is (name != "state")


@pytest.mark.parametrize("name", ["client_id", "redirect_uri"])
def test_two_clients_or_addresses_are_sent_nowhere(house: House, name: str) -> None:
    for value in (house.asking()[name], "https://evil.example"):
        query = urlencode([*house.asking().items(), (name, value)])
        location = where(house.browser.get(f"{house.address}/oauth2/authorize?{query}"))
        assert location.startswith(f"/domains/{house.domain}/error?error=")


def test_a_request_may_be_posted(house: House) -> None:
    answer = house.browser.post(f"{house.address}/oauth2/authorize", data=house.asking())
    assert "code" in answer_of(answer)


@pytest.mark.parametrize("query", ["%ff=%fe", "é", "a" * 20_000, "&".join(f"p{n}=1" for n in range(200))])
def test_what_can_not_be_read_is_an_error_page(house: House, query: str) -> None:
    answer = house.browser.get(f"{house.address}/oauth2/authorize?{query}")
    assert "/error?error=" in where(answer)


STATES = [
    '{"a":"b","c":[1,2]}',
    "a b+c%20d",
    "é漢字😀",
    "\u00a0\u3000",
    "line\nfeed\r\nSet-Cookie: x=y",
    "'\"><script>alert(1)</script>",
    "&code=stolen#fragment",
]


@pytest.mark.parametrize("state", STATES)
def test_the_state_comes_back_as_it_was(house: House, state: str) -> None:
    answer = house.authorize(state=state)
    assert answer_of(answer)["state"] == state
    assert "set-cookie" not in answer.headers


@given(st.text(min_size=1))
def test_any_text_survives_the_pages_and_the_way_back(text: str) -> None:
    if not _is_unicode(text):
        return
    read, repeated = read_parameters(render_query([("state", text)]))
    assert (read, repeated) == ({"state": text}, frozenset())
    back = redirect_address("https://app.example/cb", {"state": text}, in_fragment=False)
    assert back.isascii()
    assert dict(parse_qsl(urlsplit(back).query, strict_parsing=True)) == {"state": text}


NAMES = [
    *("client_id", "redirect_uri", "response_type", "response_mode", "scope", "state", "nonce", "prompt"),
    *("code_challenge", "code_challenge_method", "resource", "max_age", "acr_values", "id_token_hint"),
    *("identity_provider", "idp_identifier", "login_hint", "lang", "request", "anything"),
]


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.dictionaries(st.sampled_from(NAMES), st.text(max_size=40), max_size=8))
def test_whatever_is_asked_somebody_is_told_what_is_wrong(house: House, changes: dict[str, str]) -> None:
    asked = {name: value for name, value in {**house.asking(), **changes}.items() if _is_unicode(value)}
    answer = house.browser.get(f"{house.address}/oauth2/authorize?{urlencode(asked)}")
    location = where(answer)
    home = f"/domains/{house.domain}/"
    assert location.startswith((f"{CALLBACK}?", f"{CALLBACK}#", f"{home}error?", f"{home}login?"))


def test_an_address_of_another_script_stands_in_the_header_as_ascii() -> None:
    answer = redirect("https://app.example/zurück?x=%20&y=ä")
    assert answer.headers[0] == (b"location", b"https://app.example/zur%C3%BCck?x=%20&y=%C3%A4")


def _is_unicode(text: str) -> bool:
    try:
        quote(text)
    except UnicodeEncodeError:
        return False
    return True


def test_prompt_none_shows_nothing(house: House) -> None:
    assert the_error(nobody(house).authorize(prompt="none")) == "login_required"
    assert "code" in answer_of(house.authorize(prompt="none"))


def test_prompt_login_always_asks(house: House) -> None:
    assert where(house.authorize(prompt="login")).startswith(f"/domains/{house.domain}/login?")


def test_max_age_asks_who_signed_in_longer_ago(own_server: Any) -> None:
    house = a_house(own_server())
    house.sign_in()
    house.server.clock.advance(seconds=100)
    assert "code" in answer_of(house.authorize(max_age="200"))
    assert "/login?" in where(house.authorize(max_age="50"))
    assert the_error(house.authorize(max_age="50", prompt="none")) == "login_required"
    assert "/login?" in where(house.authorize(max_age="0"))
    house.sign_in()
    tokens = house.tokens(max_age="50")
    assert claims_of(tokens["id_token"])["auth_time"] >= int(house.server.clock.now().timestamp()) - 5


def test_a_resource_becomes_the_audience(house: House) -> None:
    for resource in ("https://api.example/v1", "http://localhost:8080", "myapp://api", "urn:example:api"):
        assert claims_of(house.tokens(resource=resource)["access_token"])["aud"] == resource


def test_another_provider_than_the_session_came_from_is_gone_to(house: House) -> None:
    assert "code" in answer_of(house.authorize(identity_provider="COGNITO"))
    assert the_error(house.authorize(identity_provider="Google", prompt="none")) == "login_required"


@pytest.mark.parametrize("named", [{"identity_provider": "Google"}, {"idp_identifier": "example.com"}])
def test_a_provider_that_the_client_has_not_is_gone_to_by_nobody(house: House, named: dict[str, Any]) -> None:
    answer = answer_of(nobody(house).authorize(**named))
    assert answer["error"] == "invalid_request"
    assert answer["state"] == "a state"


def test_who_can_prove_more_is_asked_for_it_where_the_application_wants_that(server: RunningServer) -> None:
    house = a_house(server)
    high, low = "urn:cognito:loa:4", "urn:cognito:loa:1"
    house.sign_in()
    assert "code" in answer_of(house.authorize(acr_values=high))  # ada has no second factor to be asked for
    assert claims_of(house.tokens(acr_values=high)["access_token"])["acr"] == low
    assert "code" in answer_of(house.authorize(acr_values=f"unheard-of {low}"))


def test_a_second_factor_is_asked_for_where_the_application_wants_the_highest_level(
    server: RunningServer,
) -> None:
    house = a_house(server)
    house.cognito.set_user_pool_mfa_config(
        UserPoolId=house.pool_id, SoftwareTokenMfaConfiguration={"Enabled": True}, MfaConfiguration="OPTIONAL"
    )
    with the_clock_goes_back(server):
        token = sign_in(house.cognito, house.client_id)["AccessToken"]
        seed = house.cognito.associate_software_token(AccessToken=token)["SecretCode"]
        code = AuthenticatorApp(server, seed).code()
        house.cognito.verify_software_token(AccessToken=token, UserCode=code)
        house.cognito.set_user_mfa_preference(
            AccessToken=token, SoftwareTokenMfaSettings={"Enabled": True, "PreferredMfa": True}
        )
        house.sign_in()
        high = "urn:cognito:loa:4"
        assert "code" in answer_of(house.authorize())
        assert "/login?" in where(house.authorize(acr_values=high))
        assert the_error(house.authorize(acr_values=high, prompt="none")) == "login_required"
        assert "code" in answer_of(house.authorize(acr_values=f"urn:cognito:loa:1 {high}"))
        house.sign_in(amr=("pwd", "otp"))
        assert claims_of(house.tokens(acr_values=high)["access_token"])["acr"] == high


def test_levels_are_called_as_the_pool_calls_them(server: RunningServer) -> None:
    house = a_house(server, AcrConfiguration={"Level1": {"AcrValue": "bronze"}})
    house.sign_in()
    assert claims_of(house.tokens()["access_token"])["acr"] == "bronze"


def test_somebody_else_than_the_hint_says_is_not_taken_for_them(house: House) -> None:
    hint = house.tokens()["id_token"]
    assert "code" in answer_of(house.authorize(id_token_hint=hint, prompt="none"))
    other = nobody(house)
    other.sign_in(a_person(house.cognito, house.pool_id, "bob"))
    assert the_error(other.authorize(id_token_hint=hint, prompt="none")) == "login_required"
    assert the_error(house.authorize(id_token_hint="x", prompt="none")) == "login_required"


def test_a_client_that_requires_pkce_gives_no_code_without_it(server: RunningServer) -> None:
    house = a_house(server)
    house.sign_in()
    without: dict[str, str | None] = {"code_challenge": None, "code_challenge_method": None}
    assert "code" in answer_of(house.authorize(**without))
    admin_client(server).update_user_pool_client_extensions(
        UserPoolId=house.pool_id, ClientId=house.client_id, RequirePkce=True
    )
    assert answer_of(house.authorize(**without))["error"] == "invalid_request"
    assert "code" in answer_of(house.authorize())


def test_other_methods_are_not_allowed(house: House) -> None:
    answer = house.browser.delete(f"{house.address}/oauth2/authorize")
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, POST")
    assert "access-control-allow-origin" not in house.authorize().headers


def test_a_domain_that_nobody_has_is_not_found(house: House) -> None:
    answer = house.browser.get(f"{house.server.base_url}/domains/nobody/oauth2/authorize?client_id=x")
    assert answer.status_code == 404
