"""What people do with their own account: look at it, change it, delete it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from botocore.config import Config
from tests.conftest import a_pool
from tests.harness import RunningServer
from tests.people.people import PASSWORD, a_person, an_app, sign_in
from tests.people.tokens import at_once, issue, refusal

from poolhouse.core.users import Factor, MfaSettings
from poolhouse.store import rows
from poolhouse.store.tables import user_password
from poolhouse.userpools import self_service

OTHER = "Other-Horse-10"
WRONG = "NotAuthorizedException: Incorrect username or password."
TOO_OFTEN = "LimitExceededException: Attempt limit exceeded, please try after some time."
UNWRITABLE = "NotAuthorizedException: A client attempted to write unauthorized attribute"


def ada(cognito: Any, pool: dict[str, Any] | None = None, **client: Any) -> tuple[str, dict[str, Any], str]:
    """Her pool, the client that she signed in with, and her access token."""
    pool_id = a_pool(cognito, **(pool or {}))
    a_person(cognito, pool_id, email="ada@example.com", email_verified="true", name="Ada")
    app = an_app(cognito, pool_id, **client)
    return pool_id, app, sign_in(cognito, app["ClientId"])["AccessToken"]


def attributes_of(answer: dict[str, Any]) -> dict[str, str]:
    return {a["Name"]: a["Value"] for a in answer["UserAttributes"]}


def test_people_see_themselves(server: RunningServer, cognito: Any) -> None:
    _, _, token = ada(cognito)
    answer = cognito.get_user(AccessToken=token)
    answer.pop("ResponseMetadata")
    sub = attributes_of(answer)["sub"]
    assert answer == {
        "Username": "ada",
        "UserAttributes": [
            {"Name": "sub", "Value": sub},
            {"Name": "email", "Value": "ada@example.com"},
            {"Name": "email_verified", "Value": "true"},
            {"Name": "name", "Value": "Ada"},
        ],
    }


def test_people_see_their_factors(server: RunningServer, cognito: Any) -> None:
    pool_id, _, token = ada(cognito)
    sub = attributes_of(cognito.get_user(AccessToken=token))["sub"]
    mfa = MfaSettings(frozenset({Factor.SMS, Factor.TOTP}), Factor.TOTP)

    def prefer(tx: Any) -> None:
        user = tx.users.lock(pool_id, sub)
        tx.users.replace(tx.pools.find(pool_id), user.changed(user.modified_at, mfa=mfa))

    server.run(server.server.parts.store.write(prefer))
    answer = cognito.get_user(AccessToken=token)
    assert answer["PreferredMfaSetting"] == "SOFTWARE_TOKEN_MFA"
    assert answer["UserMFASettingList"] == ["SMS_MFA", "SOFTWARE_TOKEN_MFA"]
    assert answer["MFAOptions"] == [{"DeliveryMedium": "SMS", "AttributeName": "phone_number"}]


def test_a_client_sees_what_it_may_read(server: RunningServer, cognito: Any) -> None:
    _, _, token = ada(cognito, ReadAttributes=["name"])
    assert attributes_of(cognito.get_user(AccessToken=token)).keys() == {"sub", "name"}


def test_who_deletes_themselves_is_gone_with_all_that_is_theirs(server: RunningServer, cognito: Any) -> None:
    pool_id, app, token = ada(cognito)
    second = sign_in(cognito, app["ClientId"])
    cognito.delete_user(AccessToken=token)
    gone = "UserNotFoundException: User does not exist."
    assert refusal(cognito.admin_get_user, UserPoolId=pool_id, Username="ada") == gone
    for operation in (cognito.get_user, cognito.delete_user):
        assert refusal(operation, AccessToken=token) == gone
        assert refusal(operation, AccessToken=second["AccessToken"]) == gone
    assert refusal(
        cognito.get_tokens_from_refresh_token,
        ClientId=app["ClientId"],
        RefreshToken=second["RefreshToken"],
    ) == ("NotAuthorizedException: Invalid Refresh Token")
    # The name is free, and the new owner is another.
    a_person(cognito, pool_id, email="ada@example.com")
    assert refusal(cognito.get_user, AccessToken=token) == gone


def test_of_many_deletions_at_once_one_deletes(server: RunningServer, cognito: Any) -> None:
    _, _, token = ada(cognito)
    answers = at_once(
        8, lambda _: cognito.delete_user(AccessToken=token)["ResponseMetadata"]["HTTPStatusCode"]
    )
    assert sorted(map(str, answers)) == ["200", *["UserNotFoundException"] * 7]


# --- attributes ------------------------------------------------------------------------------------------


def test_an_attribute_goes_and_its_verification_with_it(server: RunningServer, cognito: Any) -> None:
    _, _, token = ada(cognito)
    assert (
        refusal(cognito.delete_user_attributes, AccessToken=token, UserAttributeNames=["email", "nickname"])
        == ""
    )
    assert attributes_of(cognito.get_user(AccessToken=token)).keys() == {"sub", "name"}


@pytest.mark.parametrize("name", ["sub", "email_verified", "custom:level", "nickname", "no-such"])
def test_a_client_removes_what_it_may_write_alone(server: RunningServer, cognito: Any, name: str) -> None:
    _, _, token = ada(
        cognito,
        {"Schema": [{"Name": "level", "AttributeDataType": "String"}]},
        WriteAttributes=["name", "email"],
    )
    refused = refusal(cognito.delete_user_attributes, AccessToken=token, UserAttributeNames=["name", name])
    assert refused == UNWRITABLE
    assert "name" in attributes_of(cognito.get_user(AccessToken=token)), "all or nothing"


def test_a_required_attribute_stays(server: RunningServer, cognito: Any) -> None:
    _, _, token = ada(cognito, {"Schema": [{"Name": "email", "Required": True}]})
    refused = refusal(cognito.delete_user_attributes, AccessToken=token, UserAttributeNames=["email"])
    assert refused == (
        "InvalidParameterException: Attributes did not conform to the schema: email: The attribute is required"
    )


def test_a_removed_email_is_no_name_any_more(server: RunningServer, cognito: Any) -> None:
    pool_id, _, token = ada(cognito, {"AliasAttributes": ["email"]})
    find = {"UserPoolId": pool_id, "Username": "ada@example.com"}
    assert cognito.admin_get_user(**find)["Username"] == "ada"
    cognito.delete_user_attributes(AccessToken=token, UserAttributeNames=["email"])
    assert refusal(cognito.admin_get_user, **find).startswith("UserNotFoundException")


# --- the password ----------------------------------------------------------------------------------------


def change(cognito: Any, token: str, previous: str | None, proposed: str) -> str:
    given = {} if previous is None else {"PreviousPassword": previous}
    return refusal(cognito.change_password, AccessToken=token, ProposedPassword=proposed, **given)


def test_a_changed_password_is_the_one_that_counts(server: RunningServer, cognito: Any) -> None:
    _, app, token = ada(cognito)
    assert change(cognito, token, PASSWORD, OTHER) == ""
    assert refusal(sign_in, cognito, app["ClientId"]) == WRONG
    assert sign_in(cognito, app["ClientId"], password=OTHER)["AccessToken"]
    assert refusal(cognito.get_user, AccessToken=token) == "", "who is signed in stays so"


def test_a_wrong_previous_password_changes_nothing(server: RunningServer, cognito: Any) -> None:
    _, app, token = ada(cognito)
    assert change(cognito, token, OTHER, "Third-Horse-11") == WRONG
    assert change(cognito, token, None, OTHER) == (
        "InvalidParameterException: Missing required parameter PreviousPassword"
    )
    assert sign_in(cognito, app["ClientId"])["AccessToken"]


def test_a_weak_password_is_refused(server: RunningServer, cognito: Any) -> None:
    _, _, token = ada(cognito)
    assert change(cognito, token, PASSWORD, "short").startswith("InvalidPasswordException")


def test_an_earlier_password_is_refused_where_the_pool_remembers(server: RunningServer, cognito: Any) -> None:
    policy = {"PasswordPolicy": {"MinimumLength": 8, "PasswordHistorySize": 2}}
    _, _, token = ada(cognito, {"Policies": policy})
    assert change(cognito, token, PASSWORD, OTHER) == ""
    for earlier in (PASSWORD, OTHER):
        assert change(cognito, token, OTHER, earlier).startswith("PasswordHistoryPolicyViolationException")


def test_wrong_previous_passwords_lock_as_at_a_sign_in(own_server: Callable[..., RunningServer]) -> None:
    server = own_server()
    server.clock.stop()
    cognito = server.client()
    _, app, token = ada(cognito)
    for _ in range(2):
        assert change(cognito, token, OTHER, OTHER) == WRONG
        assert refusal(sign_in, cognito, app["ClientId"], password=OTHER) == WRONG
    assert change(cognito, token, OTHER, OTHER) == WRONG, "the fifth"
    assert change(cognito, token, PASSWORD, OTHER) == TOO_OFTEN, "right, and yet not told"
    assert refusal(sign_in, cognito, app["ClientId"]) == "NotAuthorizedException: Password attempts exceeded"
    server.clock.advance(minutes=16)
    assert change(server.client(), token, PASSWORD, OTHER) == ""


@pytest.mark.parametrize("engine", ["sqlite", "postgres"])
def test_guesses_at_once_are_believed_no_more_than_guesses_in_turn(
    engine: str, own_server: Callable[..., RunningServer]
) -> None:
    """Of twenty at once the first five are answered for what they are."""
    server = own_server(engine)
    server.clock.stop()  # no lock ends while a slow machine guesses
    cognito = server.client(config=Config(retries={"total_max_attempts": 1}, max_pool_connections=20))
    _, app, token = ada(cognito)
    answers = at_once(20, lambda number: change(cognito, token, f"Wrong-{number}-x", OTHER))
    assert answers.count(WRONG) <= 5
    assert set(answers) <= {WRONG, TOO_OFTEN, "TooManyRequestsException: Too many requests"}
    assert refusal(sign_in, cognito, app["ClientId"], password=OTHER) != ""


def test_failures_and_changes_are_in_the_audit_without_the_passwords(
    server: RunningServer, cognito: Any
) -> None:
    pool_id, _, token = ada(cognito)
    change(cognito, token, "Wrong-Horse-1", OTHER)
    change(cognito, token, PASSWORD, OTHER)
    account = server.settings.account_id
    records = server.run(
        server.server.parts.store.read(lambda tx: tx.audit.page(account, pool_id=pool_id, size=100))
    )
    told = [record for record in records if record.event_name == "ChangePassword"]
    assert len(told) == 2, "one failure, one change"
    assert all(f"{pool_id}/user/" in record.actor for record in told)
    for secret in (PASSWORD, OTHER, "Wrong-Horse-1", token):
        assert secret not in str(records)


def test_whoever_has_no_password_sets_a_first_one(server: RunningServer, cognito: Any) -> None:
    pool_id, app, token = ada(cognito)
    sub = attributes_of(cognito.get_user(AccessToken=token))["sub"]

    def forget(tx: Any) -> None:
        rows.remove(tx.connection, user_password, pool_id=pool_id, sub=sub)

    server.run(server.server.parts.store.write(forget))
    assert change(cognito, token, PASSWORD, OTHER) == WRONG
    assert change(cognito, token, None, OTHER) == ""
    assert sign_in(cognito, app["ClientId"], password=OTHER)["AccessToken"]


def test_a_password_that_is_to_be_reset_is_not_changed(server: RunningServer, cognito: Any) -> None:
    pool_id, _, token = ada(cognito, {"AutoVerifiedAttributes": ["email"]})
    cognito.admin_reset_user_password(UserPoolId=pool_id, Username="ada")
    refused = change(cognito, token, PASSWORD, OTHER)
    assert refused == "PasswordResetRequiredException: Password reset required for the user"


# --- between two beats -----------------------------------------------------------------------------------


@pytest.mark.parametrize("operation", ["delete_user", "delete_user_attributes", "change_password"])
def test_a_sign_out_between_looking_and_writing_is_seen(
    server: RunningServer, cognito: Any, operation: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The token is looked at, then something slow happens, then it is written: the token is looked at again."""
    pool_id, app, _ = ada(cognito)
    sub = attributes_of(cognito.admin_get_user(UserPoolId=pool_id, Username="ada"))["sub"]
    token = issue(server, app["ClientId"], sub)["AccessToken"]
    looked_at = self_service.authenticate_person

    async def and_then_signed_out(call: Any, access_token: str) -> Any:
        person = await looked_at(call, access_token)
        await call.store.write(lambda tx: tx.families.revoke_all(pool_id, sub, call.now))
        return person

    monkeypatch.setattr(self_service, "authenticate_person", and_then_signed_out)
    more: dict[str, Any] = {
        "delete_user": {},
        "delete_user_attributes": {"UserAttributeNames": ["name"]},
        "change_password": {"PreviousPassword": PASSWORD, "ProposedPassword": OTHER},
    }[operation]
    refused = refusal(getattr(cognito, operation), AccessToken=token, **more)
    assert refused == "NotAuthorizedException: Access Token has been revoked"
    user = cognito.admin_get_user(UserPoolId=pool_id, Username="ada")
    assert "name" in attributes_of(user)
    assert sign_in(cognito, app["ClientId"])["AccessToken"]
