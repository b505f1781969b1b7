"""How often people may ask: each for themselves, and all of a pool together."""

from __future__ import annotations

from typing import Any

from tests.conftest import a_pool
from tests.people.people import PASSWORD, a_person, an_app, refusal, sign_in
from tests.people.test_sign_in import begin

TOO_MANY = ("TooManyRequestsException", "Too many requests")


def test_one_person_may_not_ask_without_end_and_another_is_not_held_up(own_server: Any) -> None:
    server = own_server(rate_per_person=0.5)
    cognito = server.client()
    pool_id = a_pool(cognito)
    a_person(cognito, pool_id)
    a_person(cognito, pool_id, "bob")
    client_id = an_app(cognito, pool_id)["ClientId"]
    assert sign_in(cognito, client_id)
    assert refusal(sign_in, cognito, client_id) == TOO_MANY
    assert refusal(sign_in, cognito, client_id, "ADA") == TOO_MANY, "the same name in other letters"
    tokens = sign_in(cognito, client_id, "bob")
    assert cognito.get_user(AccessToken=tokens["AccessToken"])["Username"] == "bob"
    assert refusal(cognito.get_user, AccessToken=tokens["AccessToken"]) == TOO_MANY


def test_all_people_of_a_pool_together_are_bounded_and_other_pools_are_not_held_up(own_server: Any) -> None:
    server = own_server(people_rate_per_pool=0.5)
    cognito = server.client()
    apps = []
    for _ in range(2):
        pool_id = a_pool(cognito)
        a_person(cognito, pool_id)
        apps.append(an_app(cognito, pool_id)["ClientId"])
    assert sign_in(cognito, apps[0])
    assert refusal(sign_in, cognito, apps[0]) == TOO_MANY
    tokens = sign_in(cognito, apps[1])
    assert refusal(cognito.get_user, AccessToken=tokens["AccessToken"]) == TOO_MANY


def test_an_administrator_is_not_held_to_a_persons_rate(own_server: Any) -> None:
    server = own_server(rate_per_person=0.5)
    cognito = server.client()
    pool_id = a_pool(cognito)
    a_person(cognito, pool_id)
    client_id = an_app(cognito, pool_id)["ClientId"]
    for _ in range(3):
        cognito.admin_initiate_auth(
            UserPoolId=pool_id,
            ClientId=client_id,
            AuthFlow="ADMIN_USER_PASSWORD_AUTH",
            AuthParameters={"USERNAME": "ada", "PASSWORD": PASSWORD},
        )
    assert begin(cognito, client_id, USERNAME="ada", PASSWORD=PASSWORD)
