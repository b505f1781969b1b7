"""A pool that confirms accounts by a link: what is mailed. What the link leads to is in `test_confirm_pages`."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from tests.harness import RunningServer
from tests.people.people import messages_of, wait_for_message
from tests.people.signing_up import SMS, a_sign_up_app, an_email, confirm, sign_up, status_of

from poolhouse.core.ids import new_jti
from poolhouse.core.messages import plain_text
from poolhouse.operation import SystemRandom

BY_LINK = {"VerificationMessageTemplate": {"DefaultEmailOption": "CONFIRM_WITH_LINK"}}
NO_DOMAIN = (
    "Cannot perform specific action because there does not exist a valid use pool domain associated with the user "
    "pool"
)


def a_domain(cognito: Any, pool_id: str) -> str:
    name = f"links-{new_jti(SystemRandom())}"
    cognito.create_user_pool_domain(UserPoolId=pool_id, Domain=name)
    return name


def the_link(message: dict[str, Any]) -> tuple[str, dict[str, str]]:
    """(address without its query, its parameters)."""
    text = plain_text(message["Body"])
    address = text[text.index("(http") + 1 : text.rindex(")")]
    return address.partition("?")[0], {n: v[0] for n, v in parse_qs(urlsplit(address).query).items()}


def test_the_mail_has_a_link_to_the_pools_domain(server: RunningServer, cognito: Any) -> None:
    pool_id, client_id = a_sign_up_app(cognito, **BY_LINK)
    domain, email = a_domain(cognito, pool_id), an_email()
    sign_up(cognito, client_id, "ada&co", attributes={"email": email})

    message = wait_for_message(server, email)
    assert message["Subject"] == "Your verification link"
    address, parameters = the_link(message)
    assert address == f"{server.settings.public_url}/domains/{domain}/confirmUser"
    assert parameters == {
        "client_id": client_id,
        "user_name": "ada&co",
        "confirmation_code": message["Code"],
    }
    confirm(cognito, client_id, "ada&co", message["Code"])  # the code in it is one like any other
    assert status_of(cognito, pool_id, "ada&co") == "CONFIRMED"


def test_asking_again_brings_a_link_too(server: RunningServer, cognito: Any) -> None:
    pool_id, client_id = a_sign_up_app(cognito, **BY_LINK)
    a_domain(cognito, pool_id)
    email = an_email()
    sign_up(cognito, client_id, attributes={"email": email})
    told = cognito.resend_confirmation_code(ClientId=client_id, Username="ada")
    assert told["CodeDeliveryDetails"]["DeliveryMedium"] == "EMAIL"
    message = wait_for_message(server, email, 2)
    assert the_link(message)[1]["confirmation_code"] == message["Code"]


def test_a_person_who_is_named_by_an_address_is_not_named_by_it_in_the_link(
    server: RunningServer, cognito: Any
) -> None:
    pool_id, client_id = a_sign_up_app(cognito, UsernameAttributes=["email"], **BY_LINK)
    a_domain(cognito, pool_id)
    email = an_email()
    answer = sign_up(cognito, client_id, email)
    message = wait_for_message(server, email)
    name = the_link(message)[1]["user_name"]
    assert name == answer["UserSub"]
    confirm(cognito, client_id, name, message["Code"])


@pytest.mark.parametrize("hides", ["ENABLED", "LEGACY"])
def test_without_a_domain_nobody_can_sign_up(server: RunningServer, cognito: Any, hides: str) -> None:
    """As at Cognito: a link would lead nowhere. Nothing is made, so the same name is free afterwards."""
    pool_id, client_id = a_sign_up_app(cognito, client={"PreventUserExistenceErrors": hides}, **BY_LINK)
    email = an_email()
    with pytest.raises(cognito.exceptions.InvalidParameterException, match=NO_DOMAIN):
        sign_up(cognito, client_id, attributes={"email": email})
    with pytest.raises(cognito.exceptions.InvalidParameterException, match=NO_DOMAIN):
        cognito.resend_confirmation_code(ClientId=client_id, Username="ada")
    assert not messages_of(server, email)
    a_domain(cognito, pool_id)
    sign_up(cognito, client_id, attributes={"email": email})


def test_a_phone_gets_a_code_and_needs_no_domain(server: RunningServer, cognito: Any) -> None:
    _, client_id = a_sign_up_app(
        cognito, AutoVerifiedAttributes=["phone_number"], SmsConfiguration=SMS, **BY_LINK
    )
    phone = "+4915112345678"
    sign_up(cognito, client_id, attributes={"phone_number": phone})
    message = wait_for_message(server, phone)
    assert message["Code"] in message["Body"]
    assert "http" not in message["Body"]


def test_a_reset_has_a_code_all_the_same(server: RunningServer, cognito: Any) -> None:
    pool_id, client_id = a_sign_up_app(cognito, **BY_LINK)
    a_domain(cognito, pool_id)
    email = an_email()
    sign_up(cognito, client_id, attributes={"email": email})
    confirm(cognito, client_id, "ada", wait_for_message(server, email)["Code"])
    cognito.forgot_password(ClientId=client_id, Username="ada")
    message = wait_for_message(server, email, 2)
    assert message["Code"] in message["Body"]
    assert "http" not in message["Body"]
