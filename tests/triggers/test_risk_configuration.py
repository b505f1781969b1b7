"""What a pool, or a client, wants done about risk; and the addresses that are let in or not whatever the risk is."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import pytest
from tests.browser.houses import a_house
from tests.browser.pages import visit
from tests.conftest import a_pool
from tests.harness import RunningServer
from tests.people.people import PASSWORD, a_person, an_app, refusal
from tests.triggers.risk import ABROAD, FIREFOX, HOME, a_protected_pool, come, protected, risk_of, takeover

NOT_ALLOWED = ("NotAuthorizedException", "Request not allowed due to security reasons.")
BLOCK_NOBODY = {"EventFilter": ["SIGN_UP"], "Actions": {"EventAction": "NO_ACTION"}}
EVERYTHING: dict[str, Any] = {
    "CompromisedCredentialsRiskConfiguration": BLOCK_NOBODY,
    "AccountTakeoverRiskConfiguration": {
        **takeover("MFA_IF_CONFIGURED", notify=True, High="BLOCK"),
        "NotifyConfiguration": {
            "From": "no-reply@example.com",
            "ReplyTo": "help@example.com",
            "SourceArn": "arn:aws:ses:eu-central-1:000000000000:identity/no-reply@example.com",
            "BlockEmail": {"Subject": "Blocked", "HtmlBody": "<b>Blocked</b>", "TextBody": "Blocked"},
            "MfaEmail": {"Subject": "Asked", "TextBody": "We asked you"},
            "NoActionEmail": {"Subject": "Seen", "TextBody": "We saw you"},
        },
    },
    "RiskExceptionConfiguration": {
        "BlockedIPRangeList": ["203.0.113.0/24", "2001:db8::/32"],
        "SkippedIPRangeList": ["198.51.100.0/24"],
    },
}


def described(cognito: Any, pool_id: str, **options: Any) -> dict[str, Any]:
    answer = cognito.describe_risk_configuration(UserPoolId=pool_id, **options)
    configuration: dict[str, Any] = answer["RiskConfiguration"]
    configuration.pop("LastModifiedDate", None)
    return configuration


def test_what_was_set_is_described_member_for_member(cognito: Any) -> None:
    pool_id = a_protected_pool(cognito)
    answer = cognito.set_risk_configuration(UserPoolId=pool_id, **EVERYTHING)["RiskConfiguration"]
    assert answer.pop("LastModifiedDate") is not None
    assert answer == {"UserPoolId": pool_id, **EVERYTHING}
    assert described(cognito, pool_id) == answer
    assert described(cognito, pool_id, ClientId="ALL") == answer


def test_a_pool_where_nobody_has_set_anything_refuses_passwords_that_others_know(cognito: Any) -> None:
    pool_id = a_protected_pool(cognito)
    every = {"EventFilter": ["SIGN_IN", "SIGN_UP", "PASSWORD_CHANGE"], "Actions": {"EventAction": "BLOCK"}}
    default = {"UserPoolId": pool_id, "CompromisedCredentialsRiskConfiguration": every}
    assert described(cognito, pool_id) == default
    cognito.set_risk_configuration(UserPoolId=pool_id, **EVERYTHING)
    cognito.set_risk_configuration(UserPoolId=pool_id)  # to the defaults
    assert described(cognito, pool_id) == default


def test_a_client_has_its_pools_settings_until_it_has_its_own(cognito: Any) -> None:
    pool_id = a_protected_pool(cognito)
    client_id = an_app(cognito, pool_id)["ClientId"]
    cognito.set_risk_configuration(UserPoolId=pool_id, **EVERYTHING)
    of_client = {"UserPoolId": pool_id, "ClientId": client_id}
    assert described(cognito, pool_id, ClientId=client_id) == {**of_client, **EVERYTHING}
    own = {"AccountTakeoverRiskConfiguration": takeover("NO_ACTION")}
    cognito.set_risk_configuration(**of_client, **own)
    assert described(cognito, pool_id, ClientId=client_id) == {**of_client, **own}
    assert described(cognito, pool_id) == {"UserPoolId": pool_id, **EVERYTHING}
    cognito.update_user_pool_client(**of_client, ClientName="renamed")
    assert described(cognito, pool_id, ClientId=client_id) == {**of_client, **own}
    answer = cognito.set_risk_configuration(**of_client)["RiskConfiguration"]  # as its pool again
    answer.pop("LastModifiedDate")
    assert answer == {**of_client, **EVERYTHING} == described(cognito, pool_id, ClientId=client_id)


def test_a_clients_own_settings_are_what_counts_there(cognito: Any) -> None:
    pool_id = a_protected_pool(cognito)
    strict, lax = (an_app(cognito, pool_id)["ClientId"] for _ in range(2))
    a_person(cognito, pool_id)
    come(cognito, pool_id, lax)
    cognito.set_risk_configuration(
        UserPoolId=pool_id, ClientId=strict, AccountTakeoverRiskConfiguration=takeover("BLOCK")
    )
    come(cognito, pool_id, lax, address=ABROAD, agent=FIREFOX)
    assert (
        refusal(come, cognito, pool_id, strict, address=ABROAD, agent=FIREFOX)[0] == "NotAuthorizedException"
    )


def test_it_is_of_pools_that_threat_protection_watches_alone(cognito: Any) -> None:
    pool_id = a_pool(cognito)
    for call in (cognito.set_risk_configuration, cognito.describe_risk_configuration):
        assert refusal(call, UserPoolId=pool_id)[0] == "UserPoolAddOnNotEnabledException"


def test_what_is_not_there_is_not_found(cognito: Any) -> None:
    pool_id = a_protected_pool(cognito)
    for call in (cognito.set_risk_configuration, cognito.describe_risk_configuration):
        assert refusal(call, UserPoolId=pool_id, ClientId="nobody")[0] == "ResourceNotFoundException"
        assert refusal(call, UserPoolId="us-east-1_Nowhere00")[0] == "ResourceNotFoundException"


@pytest.mark.parametrize("wrong", ["203.0.113.9", "203.0.113.0/33", "home/24", "", "::/129", "1/2/3"])
@pytest.mark.parametrize("name", ["BlockedIPRangeList", "SkippedIPRangeList"])
def test_a_range_that_is_none_is_refused_and_changes_nothing(cognito: Any, name: str, wrong: str) -> None:
    pool_id = a_protected_pool(cognito)
    before = described(cognito, pool_id)
    refused = refusal(
        cognito.set_risk_configuration,
        UserPoolId=pool_id,
        RiskExceptionConfiguration={name: ["192.0.2.0/24", wrong]},
    )
    assert refused[0] == "InvalidParameterException"
    assert described(cognito, pool_id) == before


@pytest.mark.parametrize(
    "wrong",
    [
        "nobody",
        "a@example.com\r\nBcc: b@example.com",
        "a@example.com, b@example.com",
        "A <a@example.com>, b@example.com",
        "<>",
        "@",
        "a@",
        "\ud83d",
    ],
)
@pytest.mark.parametrize("name", ["From", "ReplyTo"])
def test_a_message_comes_from_an_address(cognito: Any, name: str, wrong: str) -> None:
    pool_id = a_protected_pool(cognito)
    notify = {"SourceArn": "arn:aws:ses:eu-central-1:000000000000:identity/a@example.com"}

    def set_to(address: str) -> Any:
        return cognito.set_risk_configuration(
            UserPoolId=pool_id,
            AccountTakeoverRiskConfiguration={
                "Actions": {},
                "NotifyConfiguration": {**notify, name: address},
            },
        )

    assert refusal(set_to, wrong)[0] in ("InvalidParameterException", "SerializationException")
    set_to("Administrator <admin@example.com>")


def test_nobody_comes_in_from_a_blocked_address_whatever_they_know(cognito: Any) -> None:
    pool_id = a_protected_pool(cognito)
    client_id = an_app(cognito, pool_id)["ClientId"]
    a_person(cognito, pool_id)
    cognito.set_risk_configuration(
        UserPoolId=pool_id, RiskExceptionConfiguration={"BlockedIPRangeList": ["198.51.100.0/24"]}
    )
    for options in ({}, {"password": "Wrong-Horse-9"}, {"username": "nobody"}):
        assert refusal(come, cognito, pool_id, client_id, address=ABROAD, **options) == NOT_ALLOWED
    assert refusal(come, cognito, pool_id, client_id, address=f"::ffff:{ABROAD}") == NOT_ALLOWED
    assert risk_of(cognito, pool_id) == ("Block", None, "Fail")
    come(cognito, pool_id, client_id, address=HOME)
    cognito.update_user_pool(UserPoolId=pool_id, **protected("AUDIT"))
    come(cognito, pool_id, client_id, address=ABROAD)


def test_people_from_a_blocked_address_are_refused_in_every_operation_of_theirs(cognito: Any) -> None:
    pool_id = a_protected_pool(cognito, AutoVerifiedAttributes=["email"])
    client_id = an_app(cognito, pool_id)["ClientId"]
    a_person(cognito, pool_id, email="ada@example.com", email_verified="true")
    asked = cognito.initiate_auth(
        ClientId=client_id,
        AuthFlow="USER_SRP_AUTH",
        AuthParameters={"USERNAME": "ada", "SRP_A": "ab" * 128},
    )
    everywhere = {"BlockedIPRangeList": ["0.0.0.0/0", "::/0"]}
    cognito.set_risk_configuration(UserPoolId=pool_id, RiskExceptionConfiguration=everywhere)
    of_ada = {"ClientId": client_id, "Username": "ada"}
    for call, given in (
        (cognito.sign_up, {**of_ada, "Password": PASSWORD}),
        (cognito.confirm_sign_up, {**of_ada, "ConfirmationCode": "123456"}),
        (cognito.resend_confirmation_code, of_ada),
        (cognito.forgot_password, of_ada),
        (cognito.confirm_forgot_password, {**of_ada, "ConfirmationCode": "123456", "Password": PASSWORD}),
        (
            cognito.initiate_auth,
            {
                "ClientId": client_id,
                "AuthFlow": "USER_PASSWORD_AUTH",
                "AuthParameters": {"USERNAME": "ada", "PASSWORD": PASSWORD},
            },
        ),
        (
            cognito.respond_to_auth_challenge,
            {
                "ClientId": client_id,
                "ChallengeName": "PASSWORD_VERIFIER",
                "Session": asked.get("Session", ""),
                "ChallengeResponses": {
                    "USERNAME": "ada",
                    "PASSWORD_CLAIM_SECRET_BLOCK": asked["ChallengeParameters"]["SECRET_BLOCK"],
                    "PASSWORD_CLAIM_SIGNATURE": "c2lnbmF0dXJl",
                    "TIMESTAMP": "Sat Nov 28 09:00:00 UTC 2026",
                },
            },
        ),
    ):
        assert refusal(call, **{n: v for n, v in given.items() if v}) == NOT_ALLOWED, call


def test_no_risk_is_looked_for_at_a_skipped_address(cognito: Any) -> None:
    pool_id = a_protected_pool(cognito)
    client_id = an_app(cognito, pool_id)["ClientId"]
    a_person(cognito, pool_id)
    come(cognito, pool_id, client_id)
    cognito.set_risk_configuration(
        UserPoolId=pool_id,
        AccountTakeoverRiskConfiguration=takeover("BLOCK"),
        RiskExceptionConfiguration={"SkippedIPRangeList": ["198.51.100.9/32"]},
    )
    come(cognito, pool_id, client_id, address=ABROAD, agent=FIREFOX)
    assert risk_of(cognito, pool_id) == ("NoRisk", None, "Pass")
    assert refusal(come, cognito, pool_id, client_id, address="198.51.100.10")[0] == "NotAuthorizedException"


def test_a_page_says_why_nobody_is_let_in(server: RunningServer) -> None:
    house = a_house(server, **protected())
    house.cognito.set_risk_configuration(
        UserPoolId=house.pool_id,
        RiskExceptionConfiguration={"BlockedIPRangeList": ["127.0.0.0/8", "::1/128"]},
    )
    page = visit(house.browser, house.address + "/oauth2/authorize?" + urlencode(house.asking()))
    page = page.submit(username="ada", password=PASSWORD)
    assert "This sign-in looks unusual, so it is not allowed." in page.text
