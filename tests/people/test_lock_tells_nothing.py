"""While a lock stands no answer tells whether a password was right."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError
from pycognito.aws_srp import AWSSRP
from tests.conftest import a_pool
from tests.people.people import PASSWORD, a_person, an_app, sign_in

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


@pytest.fixture(params=["sqlite", "postgres"])
def cognito(request: pytest.FixtureRequest, own_server: Any) -> Any:
    """Of a server whose time stands still: a lock of a second lasts for the test."""
    server = own_server(request.param)
    server.clock.stop()
    return server.client()


def locked(cognito: Any, client_id: str) -> None:
    for _ in range(8):
        with pytest.raises(ClientError) as caught:
            sign_in(cognito, client_id, password="Wrong-Horse-9")
    assert caught.value.response["Error"]["Message"] == "Password attempts exceeded"


def by_srp(cognito: Any, pool_id: str, client_id: str, password: str, **also: str) -> str:
    """The refusal of a sign-in by SRP."""
    client = AWSSRP("ada", password, pool_id, client_id, client=cognito)
    asked = cognito.initiate_auth(
        ClientId=client_id, AuthFlow="USER_SRP_AUTH", AuthParameters=client.get_auth_params()
    )
    claim = client.process_challenge(asked["ChallengeParameters"], {"USERNAME": "ada"})
    with pytest.raises(ClientError) as caught:
        cognito.respond_to_auth_challenge(
            ClientId=client_id,
            ChallengeName="PASSWORD_VERIFIER",
            ChallengeResponses={**claim, **also},
            **({"Session": asked["Session"]} if "Session" in asked else {}),
        )
    message: str = caught.value.response["Error"]["Message"]
    return message


def test_a_claim_with_an_unknown_device_tells_nothing(cognito: Any) -> None:
    pool_id = a_pool(cognito, DeviceConfiguration={"ChallengeRequiredOnNewDevice": False})
    client_id = an_app(cognito, pool_id)["ClientId"]
    a_person(cognito, pool_id)
    locked(cognito, client_id)
    device = {"DEVICE_KEY": "us-east-1_11111111-2222-4333-8444-555555555555"}
    right = by_srp(cognito, pool_id, client_id, PASSWORD, **device)
    assert right == "Password attempts exceeded"


def test_a_person_who_may_not_sign_in_tells_nothing(cognito: Any) -> None:
    pool_id = a_pool(cognito)
    client_id = an_app(cognito, pool_id, PreventUserExistenceErrors="ENABLED")["ClientId"]
    a_person(cognito, pool_id)
    cognito.admin_disable_user(UserPoolId=pool_id, Username="ada")
    locked(cognito, client_id)
    assert by_srp(cognito, pool_id, client_id, PASSWORD) == "Password attempts exceeded"


def claims_twice(cognito: Any, pool_id: str, client_id: str, password: str) -> list[str]:
    """The refusals of one claim that is sent again with the same block."""
    client = AWSSRP("ada", password, pool_id, client_id, client=cognito)
    asked = cognito.initiate_auth(
        ClientId=client_id, AuthFlow="USER_SRP_AUTH", AuthParameters=client.get_auth_params()
    )
    claim = client.process_challenge(asked["ChallengeParameters"], {"USERNAME": "ada"})
    refusals = []
    for _ in range(2):
        with pytest.raises(ClientError) as caught:
            cognito.respond_to_auth_challenge(
                ClientId=client_id, ChallengeName="PASSWORD_VERIFIER", ChallengeResponses=claim
            )
        refusals.append(str(caught.value.response["Error"]["Message"]))
    return refusals


def test_a_claim_that_is_sent_again_tells_nothing(cognito: Any) -> None:
    pool_id = a_pool(cognito)
    client_id = an_app(cognito, pool_id)["ClientId"]
    a_person(cognito, pool_id)
    locked(cognito, client_id)
    wrong = claims_twice(cognito, pool_id, client_id, "Wrong-Horse-9")
    assert wrong[0] == "Password attempts exceeded"
    assert claims_twice(cognito, pool_id, client_id, PASSWORD) == wrong
