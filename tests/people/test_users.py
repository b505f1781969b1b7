"""People made, shown, changed, disabled and deleted by an administrator."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError
from tests.conftest import a_pool
from tests.harness import RunningServer
from tests.people.people import PASSWORD, a_person, an_app, sign_in

TEMPORARY = "Temporary-Horse-1"


def attributes_of(cognito: Any, pool_id: str, username: str = "ada") -> dict[str, str]:
    answer = cognito.admin_get_user(UserPoolId=pool_id, Username=username)
    return {attribute["Name"]: attribute["Value"] for attribute in answer["UserAttributes"]}


def pairs(**values: str) -> list[dict[str, str]]:
    return [{"Name": name, "Value": value} for name, value in values.items()]


def refused(code: str, message: str) -> Any:
    """The error of this code, whose text begins with `message`."""
    return pytest.raises(ClientError, match=rf"\({code}\).*: {message}")


def make(cognito: Any, pool_id: str, username: str = "ada", **options: Any) -> dict[str, Any]:
    request = {"UserPoolId": pool_id, "Username": username, "MessageAction": "SUPPRESS", **options}
    user: dict[str, Any] = cognito.admin_create_user(**request)["User"]
    return user


# --- made ------------------------------------------------------------------------------------------------


def test_a_person_is_made_and_found_again(cognito: Any) -> None:
    pool_id = a_pool(cognito)
    made = make(cognito, pool_id, UserAttributes=pairs(email="ada@example.com", email_verified="True"))
    assert made["UserStatus"] == "FORCE_CHANGE_PASSWORD"
    found = cognito.admin_get_user(UserPoolId=pool_id, Username="ada")
    assert found["UserStatus"] == "FORCE_CHANGE_PASSWORD"
    assert found["Enabled"] is True
    assert found["UserAttributes"] == made["Attributes"]
    assert [attribute["Name"] for attribute in made["Attributes"]] == ["sub", "email", "email_verified"]
    assert made["Attributes"][2]["Value"] == "true"
    assert found["UserCreateDate"] == made["UserCreateDate"]
    assert not {"MFAOptions", "UserMFASettingList", "PreferredMfaSetting"} & found.keys()


def test_a_name_can_be_had_once(cognito: Any) -> None:
    pool_id = a_pool(cognito)
    make(cognito, pool_id)
    make(cognito, pool_id, "Ada")
    with refused("UsernameExistsException", "User account already exists"):
        make(cognito, pool_id)


def test_a_pool_that_does_not_heed_case_has_one_person_of_a_name(cognito: Any) -> None:
    pool_id = a_pool(
        cognito,
        UsernameConfiguration={"CaseSensitive": False},
        AliasAttributes=["email", "preferred_username"],
    )
    make(cognito, pool_id, UserAttributes=pairs(email="Ada@Example.com", email_verified="true"))
    with refused("UsernameExistsException", "User account already exists"):
        make(cognito, pool_id, "ADA")
    assert cognito.admin_get_user(UserPoolId=pool_id, Username="ADA@example.COM")["Username"] == "ada"


def test_a_missing_pool_or_person_is_said_to_be_missing(cognito: Any) -> None:
    with refused("ResourceNotFoundException", "User pool us-east-1_nothing12 does not exist"):
        make(cognito, "us-east-1_nothing12")
    pool_id = a_pool(cognito)
    for operation, more in (
        ("admin_get_user", {}),
        ("admin_delete_user", {}),
        ("admin_enable_user", {}),
        ("admin_disable_user", {}),
        ("admin_set_user_password", {"Password": PASSWORD}),
        ("admin_update_user_attributes", {"UserAttributes": pairs(name="x")}),
        ("admin_delete_user_attributes", {"UserAttributeNames": ["name"]}),
    ):
        with refused("UserNotFoundException", "User does not exist"):
            getattr(cognito, operation)(UserPoolId=pool_id, Username="nobody", **more)
        with refused("ResourceNotFoundException", "User pool us-east-1_nothing12 does not exist"):
            getattr(cognito, operation)(UserPoolId="us-east-1_nothing12", Username="nobody", **more)


@pytest.mark.parametrize(
    ("kinds", "username", "message"),
    [
        (["email"], "ada", "Username should be an email."),
        (["email"], "+15550100", "Username should be an email."),
        (["phone_number"], "ada@example.com", "Username should be a phone number."),
        (["email", "phone_number"], "ada", "Username should be either an email or a phone number."),
    ],
)
def test_where_people_sign_in_with_an_address_the_name_must_be_one(
    cognito: Any, kinds: list[str], username: str, message: str
) -> None:
    with refused("InvalidParameterException", message):
        make(cognito, a_pool(cognito, UsernameAttributes=kinds), username)


def test_where_people_sign_in_with_an_address_their_name_is_their_sub(cognito: Any) -> None:
    pool_id = a_pool(cognito, UsernameAttributes=["email"])
    made = make(cognito, pool_id, "ada@example.com")
    sub = made["Attributes"][0]["Value"]
    assert made["Username"] == sub
    assert attributes_of(cognito, pool_id, "ada@example.com") == {"sub": sub, "email": "ada@example.com"}
    assert attributes_of(cognito, pool_id, sub)["sub"] == sub
    with refused("UsernameExistsException", "An account with the email already exists."):
        make(cognito, pool_id, "ada@example.com")
    with refused("InvalidParameterException", "Username and the attribute email must be the same"):
        make(cognito, pool_id, "alan@example.com", UserAttributes=pairs(email="other@example.com"))
    other = make(cognito, pool_id, "alan@example.com")
    with refused("AliasExistsException", "An account with the email already exists."):
        cognito.admin_update_user_attributes(
            UserPoolId=pool_id, Username=other["Username"], UserAttributes=pairs(email="ada@example.com")
        )


@pytest.mark.parametrize(("kind", "username"), [("email", "ada@example.com"), ("phone_number", "+15550100")])
def test_a_name_must_not_look_like_another_persons_alias(cognito: Any, kind: str, username: str) -> None:
    with refused("InvalidParameterException", "Username cannot be of"):
        make(cognito, a_pool(cognito, AliasAttributes=[kind]), username)
    assert make(cognito, a_pool(cognito), username)["Username"] == username


# --- aliases ---------------------------------------------------------------------------------------------


def test_a_verified_alias_is_taken_only_by_force(cognito: Any) -> None:
    pool_id = a_pool(cognito, AliasAttributes=["email"])
    verified = pairs(email="ada@example.com", email_verified="true")
    make(cognito, pool_id, "first", UserAttributes=verified)
    with refused("UsernameExistsException", "An account with the email already exists."):
        make(cognito, pool_id, "second", UserAttributes=verified)
    with refused("UserNotFoundException", ""):
        cognito.admin_get_user(UserPoolId=pool_id, Username="second")
    make(cognito, pool_id, "third", UserAttributes=verified, ForceAliasCreation=True)
    assert cognito.admin_get_user(UserPoolId=pool_id, Username="ada@example.com")["Username"] == "third"
    assert attributes_of(cognito, pool_id, "first")["email_verified"] == "false"


def test_an_unverified_email_is_no_alias(cognito: Any) -> None:
    pool_id = a_pool(cognito, AliasAttributes=["email"])
    make(cognito, pool_id, "first", UserAttributes=pairs(email="ada@example.com"))
    make(cognito, pool_id, "second", UserAttributes=pairs(email="ada@example.com"))
    with refused("UserNotFoundException", ""):
        cognito.admin_get_user(UserPoolId=pool_id, Username="ada@example.com")


def test_the_last_to_be_verified_owns_the_alias(cognito: Any) -> None:
    pool_id = a_pool(cognito, AliasAttributes=["email"])
    for username in ("first", "second"):
        make(cognito, pool_id, username, UserAttributes=pairs(email="ada@example.com"))
    for username, other in (("first", "second"), ("second", "first")):
        cognito.admin_update_user_attributes(
            UserPoolId=pool_id, Username=username, UserAttributes=pairs(email_verified="true")
        )
        assert cognito.admin_get_user(UserPoolId=pool_id, Username="ada@example.com")["Username"] == username
        assert attributes_of(cognito, pool_id, other).get("email_verified", "false") == "false"


def test_a_preferred_username_has_one_owner(cognito: Any) -> None:
    pool_id = a_pool(cognito, AliasAttributes=["preferred_username"])
    make(cognito, pool_id, "first", UserAttributes=pairs(preferred_username="countess"))
    make(cognito, pool_id, "second")
    with refused("AliasExistsException", "An account with the preferred_username already exists."):
        cognito.admin_update_user_attributes(
            UserPoolId=pool_id, Username="second", UserAttributes=pairs(preferred_username="countess")
        )
    with refused("UsernameExistsException", "User account already exists"):
        make(cognito, pool_id, "countess")
    with refused("AliasExistsException", "An account with the preferred_username already exists."):
        cognito.admin_update_user_attributes(
            UserPoolId=pool_id, Username="second", UserAttributes=pairs(preferred_username="first")
        )
    cognito.admin_delete_user(UserPoolId=pool_id, Username="countess")
    with refused("UserNotFoundException", ""):
        cognito.admin_get_user(UserPoolId=pool_id, Username="first")


def test_of_many_who_are_made_with_one_alias_at_once_one_has_it(cognito: Any, server: RunningServer) -> None:
    pool_id = a_pool(cognito, AliasAttributes=["email"])
    clients = [server.client() for _ in range(6)]

    def attempt(number: int) -> str:
        attributes = pairs(email="ada@example.com", email_verified="true")
        try:
            make(clients[number], pool_id, f"user{number}", UserAttributes=attributes)
        except ClientError as error:
            return str(error.response["Error"]["Code"])
        return "made"

    with ThreadPoolExecutor(6) as threads:
        assert sorted(threads.map(attempt, range(6))) == ["UsernameExistsException"] * 5 + ["made"]
    assert len(cognito.list_users(UserPoolId=pool_id)["Users"]) == 1


# --- passwords -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("permanent", "status"),
    [(True, "CONFIRMED"), (False, "FORCE_CHANGE_PASSWORD"), (None, "FORCE_CHANGE_PASSWORD")],
)
def test_a_password_set_for_good_confirms_and_another_must_be_changed(
    cognito: Any, permanent: bool | None, status: str
) -> None:
    pool_id = a_pool(cognito)
    a_person(cognito, pool_id)
    how = {} if permanent is None else {"Permanent": permanent}
    cognito.admin_set_user_password(UserPoolId=pool_id, Username="ada", Password="Another-Horse-8", **how)
    assert cognito.admin_get_user(UserPoolId=pool_id, Username="ada")["UserStatus"] == status


def test_an_administrator_too_may_not_set_an_earlier_password_again(cognito: Any) -> None:
    pool_id = a_pool(cognito, Policies={"PasswordPolicy": {"PasswordHistorySize": 2}})
    a_person(cognito, pool_id)
    with refused("PasswordHistoryPolicyViolationException", ""):
        cognito.admin_set_user_password(UserPoolId=pool_id, Username="ada", Password=PASSWORD, Permanent=True)


def test_of_passwords_that_are_set_at_once_none_is_forgotten(cognito: Any, server: RunningServer) -> None:
    """Each is hashed before it is written, beside a history that another may have overtaken meanwhile."""
    pool_id = a_pool(cognito, Policies={"PasswordPolicy": {"PasswordHistorySize": 9}})
    a_person(cognito, pool_id)
    clients = {f"Correct-Horse-{number}": server.client() for number in range(3)}

    def attempt(password: str) -> bool:
        try:
            clients[password].admin_set_user_password(
                UserPoolId=pool_id, Username="ada", Password=password, Permanent=True
            )
        except ClientError as error:
            return str(error.response["Error"]["Code"]) != "TooManyRequestsException"
        return True

    with ThreadPoolExecutor(3) as threads:
        done = dict(zip(clients, threads.map(attempt, clients), strict=True))
    assert any(done.values())
    for password in [PASSWORD, *(password for password, was_set in done.items() if was_set)]:
        with refused("PasswordHistoryPolicyViolationException", ""):
            cognito.admin_set_user_password(UserPoolId=pool_id, Username="ada", Password=password)


def test_a_password_that_breaks_the_policy_changes_nothing(cognito: Any) -> None:
    pool_id = a_pool(cognito)
    make(cognito, pool_id)
    with refused(
        "InvalidPasswordException", "Password did not conform with policy: Password must have numeric"
    ):
        cognito.admin_set_user_password(
            UserPoolId=pool_id, Username="ada", Password="Correct-Horse", Permanent=True
        )
    assert cognito.admin_get_user(UserPoolId=pool_id, Username="ada")["UserStatus"] == "FORCE_CHANGE_PASSWORD"


# --- disabled and deleted --------------------------------------------------------------------------------


def test_the_tokens_of_a_disabled_person_end_and_stay_ended(cognito: Any) -> None:
    pool_id = a_pool(cognito)
    client_id = an_app(cognito, pool_id)["ClientId"]
    a_person(cognito, pool_id)
    tokens = sign_in(cognito, client_id)
    assert cognito.get_user(AccessToken=tokens["AccessToken"])["Username"] == "ada"
    cognito.admin_disable_user(UserPoolId=pool_id, Username="ada")
    assert cognito.admin_get_user(UserPoolId=pool_id, Username="ada")["Enabled"] is False
    with refused("NotAuthorizedException", ""):
        cognito.get_user(AccessToken=tokens["AccessToken"])
    with refused("NotAuthorizedException", "User is disabled"):
        sign_in(cognito, client_id)
    cognito.admin_enable_user(UserPoolId=pool_id, Username="ada")
    with refused("NotAuthorizedException", ""):
        cognito.get_user(AccessToken=tokens["AccessToken"])
    assert sign_in(cognito, client_id)["AccessToken"]


def test_a_deleted_person_is_gone_with_their_tokens(cognito: Any) -> None:
    pool_id = a_pool(cognito)
    client_id = an_app(cognito, pool_id)["ClientId"]
    former = a_person(cognito, pool_id)
    tokens = sign_in(cognito, client_id)
    cognito.admin_delete_user(UserPoolId=pool_id, Username="ada")
    with pytest.raises(ClientError):
        cognito.get_user(AccessToken=tokens["AccessToken"])
    # Who has the name next is another person, with nothing of the first one's.
    assert a_person(cognito, pool_id) != former
    with pytest.raises(ClientError):
        cognito.get_user(AccessToken=tokens["AccessToken"])


def test_a_temporary_password_ends_after_the_days_of_the_pool(own_server: Any) -> None:
    server = own_server(clock_skew=timedelta(days=30))
    cognito = server.client()
    pool_id = a_pool(cognito, Policies={"PasswordPolicy": {"TemporaryPasswordValidityDays": 2}})
    client_id = an_app(cognito, pool_id)["ClientId"]
    make(cognito, pool_id, TemporaryPassword=TEMPORARY)
    request = {
        "ClientId": client_id,
        "AuthFlow": "USER_PASSWORD_AUTH",
        "AuthParameters": {"USERNAME": "ada", "PASSWORD": TEMPORARY},
    }
    assert cognito.initiate_auth(**request)["ChallengeName"] == "NEW_PASSWORD_REQUIRED"
    server.clock.advance(days=2, seconds=1)
    with refused("NotAuthorizedException", "Temporary password has expired"):
        cognito.initiate_auth(**request)
