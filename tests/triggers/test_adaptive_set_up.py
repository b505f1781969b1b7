"""Where a pool demands a factor that the person does not have yet, a thief of the password is the one to set it up."""

from __future__ import annotations

from typing import Any

import pyotp
from tests.harness import RunningServer
from tests.people.people import refusal
from tests.triggers.risk import ABROAD, FIREFOX, a_protected_pool, come, risk_of, seen_at
from tests.triggers.test_adaptive import BLOCKED, known_at_home, set_takeover


def at_home_before_factors_were_demanded(cognito: Any, action: str) -> tuple[str, str]:
    pool_id, client_id = known_at_home(cognito, a_protected_pool(cognito))
    set_takeover(cognito, pool_id, action)
    cognito.set_user_pool_mfa_config(
        UserPoolId=pool_id, MfaConfiguration="ON", SoftwareTokenMfaConfiguration={"Enabled": True}
    )
    return pool_id, client_id


def test_who_would_have_to_set_a_factor_up_is_blocked_where_one_is_required(cognito: Any) -> None:
    pool_id, client_id = at_home_before_factors_were_demanded(cognito, "MFA_REQUIRED")
    assert refusal(come, cognito, pool_id, client_id, address=ABROAD, agent=FIREFOX) == BLOCKED
    assert risk_of(cognito, pool_id) == ("Block", "Medium", "Fail")
    assert come(cognito, pool_id, client_id)["ChallengeName"] == "MFA_SETUP", "at home the person sets it up"


def test_a_factor_that_was_set_up_in_a_risky_sign_in_makes_no_place_known(
    server: RunningServer, cognito: Any
) -> None:
    pool_id, client_id = at_home_before_factors_were_demanded(cognito, "MFA_IF_CONFIGURED")
    asked = come(cognito, pool_id, client_id, address=ABROAD, agent=FIREFOX)
    assert asked["ChallengeName"] == "MFA_SETUP"
    seed = cognito.associate_software_token(Session=asked["Session"])
    code = pyotp.TOTP(seed["SecretCode"]).at(server.clock.now())
    proved = cognito.verify_software_token(Session=seed["Session"], UserCode=code)
    answer = cognito.admin_respond_to_auth_challenge(
        UserPoolId=pool_id,
        ClientId=client_id,
        ChallengeName="MFA_SETUP",
        Session=proved["Session"],
        ChallengeResponses={"USERNAME": "ada"},
        ContextData=seen_at(ABROAD, FIREFOX),
    )
    assert "AuthenticationResult" in answer
    assert risk_of(cognito, pool_id) == ("AccountTakeover", "Medium", "Pass")
    come(cognito, pool_id, client_id, address=ABROAD, agent=FIREFOX)
    assert risk_of(cognito, pool_id) == ("AccountTakeover", "Medium", "InProgress")
