"""By what the person is known again: where the sign-in was looked at, whoever goes on with it from elsewhere."""

from __future__ import annotations

from typing import Any

from tests.harness import RunningServer
from tests.people.people import PASSWORD, the_code
from tests.triggers.risk import ABROAD, FIREFOX, a_protected_pool, come, risk_of, seen_at
from tests.triggers.test_adaptive import known_at_home, with_email_mfa

NEW = "Another-Horse-9"


def test_a_session_that_is_carried_elsewhere_makes_no_place_known(cognito: Any) -> None:
    pool_id, client_id = known_at_home(cognito, a_protected_pool(cognito))
    cognito.admin_set_user_password(UserPoolId=pool_id, Username="ada", Password=PASSWORD, Permanent=False)
    asked = come(cognito, pool_id, client_id)
    cognito.admin_respond_to_auth_challenge(
        UserPoolId=pool_id,
        ClientId=client_id,
        ChallengeName="NEW_PASSWORD_REQUIRED",
        Session=asked["Session"],
        ChallengeResponses={"USERNAME": "ada", "NEW_PASSWORD": NEW},
        ContextData=seen_at(ABROAD, FIREFOX),
    )
    come(cognito, pool_id, client_id, address=ABROAD, agent=FIREFOX, password=NEW)
    assert risk_of(cognito, pool_id) == ("AccountTakeover", "Medium", "Pass")


def test_a_back_end_says_once_where_its_user_is(server: RunningServer, cognito: Any) -> None:
    pool_id = a_protected_pool(cognito)
    with_email_mfa(cognito, pool_id)
    address = f"{pool_id}@example.com"
    pool_id, client_id = known_at_home(cognito, pool_id, email=address, email_verified="true")
    whom = {"UserPoolId": pool_id, "Username": "ada"}
    cognito.admin_set_user_mfa_preference(**whom, EmailMfaSettings={"Enabled": True})
    asked = come(cognito, pool_id, client_id, address=ABROAD, agent=FIREFOX)
    assert asked["ChallengeName"] == "EMAIL_OTP"
    cognito.admin_respond_to_auth_challenge(
        UserPoolId=pool_id,
        ClientId=client_id,
        ChallengeName="EMAIL_OTP",
        Session=asked["Session"],
        ChallengeResponses={"USERNAME": "ada", "EMAIL_OTP_CODE": the_code(server, address)},
    )
    assert risk_of(cognito, pool_id) == ("AccountTakeover", "Medium", "Pass")
    come(cognito, pool_id, client_id, address=ABROAD, agent=FIREFOX)
    assert risk_of(cognito, pool_id) == ("NoRisk", None, "InProgress")
