"""People who forgot their password get back in; others do not, and learn nothing by trying."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError
from tests.harness import RunningServer
from tests.people.people import (
    PASSWORD,
    a_person,
    an_app,
    messages_of,
    sign_in,
    the_code,
    wait_for_message,
)
from tests.people.signing_up import (
    EXPIRED,
    SMS,
    TOO_MANY,
    WRONG,
    a_member,
    a_sign_up_app,
    an_email,
    attributes_of,
    not_the,
    numbers,
    outcome,
    refused,
    sign_up,
    status_of,
)

from poolhouse.userpools.existence import BEAT

NEW = "Another-Horse-8"
NO_ADDRESS = "Cannot reset password for the user as there is no registered/verified email or phone_number"
STATE = "User password cannot be reset in the current state."


def forgot(cognito: Any, client_id: str, name: str = "ada") -> dict[str, Any]:
    answer: dict[str, Any] = cognito.forgot_password(ClientId=client_id, Username=name)
    return answer["CodeDeliveryDetails"]


def reset(cognito: Any, client_id: str, code: str, name: str = "ada", password: str = NEW) -> dict[str, Any]:
    answer: dict[str, Any] = cognito.confirm_forgot_password(
        ClientId=client_id, Username=name, ConfirmationCode=code, Password=password
    )
    return answer


def a_hiding_app(cognito: Any, pool_id: str) -> str:
    client_id: str = an_app(cognito, pool_id, PreventUserExistenceErrors="ENABLED")["ClientId"]
    return client_id


def test_a_forgotten_password_is_set_anew_with_the_code_that_was_mailed(
    server: RunningServer, cognito: Any
) -> None:
    _, client_id = a_sign_up_app(cognito)
    email = a_member(server, cognito, client_id)
    assert forgot(cognito, client_id) == {
        "Destination": "p***@e***",
        "DeliveryMedium": "EMAIL",
        "AttributeName": "email",
    }
    assert messages_of(server, email)[0]["Purpose"] == "FORGOT_PASSWORD"
    code = the_code(server, email)
    # The old one works until then: anybody may ask for a code.
    sign_in(cognito, client_id)
    assert reset(cognito, client_id, code).keys() == {"ResponseMetadata"}
    sign_in(cognito, client_id, password=NEW)
    assert outcome(lambda: sign_in(cognito, client_id)) == "NotAuthorizedException"
    refused("ExpiredCodeException", EXPIRED, reset, cognito, client_id, code)


def test_a_wrong_code_sets_nothing_and_a_bad_password_does_not_use_the_code_up(
    server: RunningServer, cognito: Any
) -> None:
    _, client_id = a_sign_up_app(
        cognito, Policies={"PasswordPolicy": {"MinimumLength": 8, "PasswordHistorySize": 2}}
    )
    email = a_member(server, cognito, client_id)
    refused("ExpiredCodeException", EXPIRED, reset, cognito, client_id, "123456")
    forgot(cognito, client_id)
    code = the_code(server, email)
    refused("CodeMismatchException", WRONG, reset, cognito, client_id, not_the(code))
    assert outcome(lambda: reset(cognito, client_id, code, password="short")) == "InvalidPasswordException"
    assert outcome(lambda: reset(cognito, client_id, code, password=PASSWORD)) == (
        "PasswordHistoryPolicyViolationException"
    )
    reset(cognito, client_id, code)


def test_of_a_reset_code_tried_fifty_times_at_once_one_succeeds(server: RunningServer, cognito: Any) -> None:
    _, client_id = a_sign_up_app(cognito)
    email = a_member(server, cognito, client_id)
    forgot(cognito, client_id)
    code = the_code(server, email)
    passwords = [f"Another-Horse-{number}" for number in range(50)]
    with ThreadPoolExecutor(50) as threads:
        told = list(
            threads.map(
                lambda password: outcome(lambda: reset(cognito, client_id, code, password=password)),
                passwords,
            )
        )
    assert told.count("done") == 1
    assert set(told) <= {
        "done",
        "ExpiredCodeException",
        "LimitExceededException",
        "TooManyRequestsException",
    }
    # And the password that counts is the one whose sender was told so.
    sign_in(cognito, client_id, password=passwords[told.index("done")])


def test_parallel_guesses_of_a_reset_code_are_all_counted(server: RunningServer, cognito: Any) -> None:
    _, client_id = a_sign_up_app(cognito)
    email = a_member(server, cognito, client_id)
    forgot(cognito, client_id)
    code = the_code(server, email)
    with ThreadPoolExecutor(30) as threads:
        told = list(
            threads.map(lambda _: outcome(lambda: reset(cognito, client_id, not_the(code))), range(30))
        )
    assert told.count("CodeMismatchException") == 15
    assert told.count("LimitExceededException") == 15
    refused("LimitExceededException", TOO_MANY, reset, cognito, client_id, code)


@pytest.mark.parametrize("engine", ["sqlite", "postgres"])
def test_a_reset_code_lives_for_an_hour_and_five_are_sent_in_one(
    own_server: Callable[..., RunningServer], engine: str
) -> None:
    server = own_server(engine, clock_skew=timedelta(days=2))
    cognito = server.client()
    _, client_id = a_sign_up_app(cognito)
    email = a_member(server, cognito, client_id)
    for _ in range(5):
        forgot(cognito, client_id)
    refused("LimitExceededException", TOO_MANY, forgot, cognito, client_id)
    code = the_code(server, email)
    server.clock.advance(minutes=59)
    refused("CodeMismatchException", WRONG, reset, cognito, client_id, not_the(code))
    server.clock.advance(minutes=2)
    refused("ExpiredCodeException", EXPIRED, reset, cognito, client_id, code)
    forgot(cognito, client_id)
    reset(cognito, client_id, the_code(server, email))


def test_a_code_asked_for_before_the_password_was_set_anew_is_good_no_more(
    server: RunningServer, cognito: Any
) -> None:
    pool_id, client_id = a_sign_up_app(cognito)
    email = a_member(server, cognito, client_id)
    forgot(cognito, client_id)
    code = the_code(server, email)
    cognito.admin_set_user_password(UserPoolId=pool_id, Username="ada", Password=NEW, Permanent=True)
    refused("ExpiredCodeException", EXPIRED, reset, cognito, client_id, code)


def test_a_code_is_good_no_more_once_the_address_is_anothers(server: RunningServer, cognito: Any) -> None:
    pool_id, client_id = a_sign_up_app(cognito)
    email = a_member(server, cognito, client_id)
    forgot(cognito, client_id)
    code = the_code(server, email)
    cognito.admin_update_user_attributes(
        UserPoolId=pool_id, Username="ada", UserAttributes=[{"Name": "email", "Value": an_email()}]
    )
    refused("ExpiredCodeException", EXPIRED, reset, cognito, client_id, code)


def test_a_reset_ends_the_lock_of_wrong_passwords(server: RunningServer, cognito: Any) -> None:
    _, client_id = a_sign_up_app(cognito)
    email = a_member(server, cognito, client_id)
    for _ in range(7):
        outcome(lambda: sign_in(cognito, client_id, password="Wrong-Horse-0"))
    forgot(cognito, client_id)
    reset(cognito, client_id, the_code(server, email))
    sign_in(cognito, client_id, password=NEW)


@pytest.mark.parametrize(
    ("mechanisms", "attribute"),
    [
        (["verified_email", "verified_phone_number"], "email"),
        (["verified_phone_number", "verified_email"], "phone_number"),
        (["verified_email"], "email"),
    ],
)
def test_the_code_goes_where_the_pool_wants_it_first(
    cognito: Any, mechanisms: list[str], attribute: str
) -> None:
    setting = [{"Priority": n, "Name": name} for n, name in enumerate(mechanisms, start=1)]
    pool_id, client_id = a_sign_up_app(
        cognito, AccountRecoverySetting={"RecoveryMechanisms": setting}, SmsConfiguration=SMS
    )
    a_person(
        cognito,
        pool_id,
        email=an_email(),
        email_verified="true",
        phone_number=f"+1555{next(numbers):07}",
        phone_number_verified="true",
    )
    assert forgot(cognito, client_id)["AttributeName"] == attribute


def test_who_is_no_candidate_for_a_reset_is_told_why(server: RunningServer, cognito: Any) -> None:
    pool_id, client_id = a_sign_up_app(cognito)
    sign_up(cognito, client_id, "unconfirmed", attributes={"email": an_email()})
    a_person(cognito, pool_id, "unverified", email=an_email())
    a_member(server, cognito, client_id, "disabled")
    cognito.admin_disable_user(UserPoolId=pool_id, Username="disabled")
    invite(cognito, pool_id, "invited")
    for name, code, text in (
        ("nobody", "UserNotFoundException", "Username/client id combination not found."),
        ("unconfirmed", "InvalidParameterException", NO_ADDRESS),
        ("unverified", "InvalidParameterException", NO_ADDRESS),
        ("disabled", "NotAuthorizedException", "User is disabled."),
        ("invited", "NotAuthorizedException", STATE),
    ):
        refused(code, text, forgot, cognito, client_id, name)
        assert outcome(lambda name=name: reset(cognito, client_id, "123456", name)) in (  # type: ignore[misc]
            code,
            "UserNotConfirmedException",
            "ExpiredCodeException",
        )


def invite(cognito: Any, pool_id: str, name: str) -> None:
    cognito.admin_create_user(
        UserPoolId=pool_id,
        Username=name,
        MessageAction="SUPPRESS",
        UserAttributes=[
            {"Name": "email", "Value": an_email()},
            {"Name": "email_verified", "Value": "true"},
        ],
    )


def test_where_administrators_alone_help_nobody_helps_themselves(server: RunningServer, cognito: Any) -> None:
    setting = {"RecoveryMechanisms": [{"Priority": 1, "Name": "admin_only"}]}
    pool_id, client_id = a_sign_up_app(cognito, AccountRecoverySetting=setting)
    a_member(server, cognito, client_id)
    text = "Contact administrator to reset password."
    refused("NotAuthorizedException", text, forgot, cognito, client_id)
    refused("NotAuthorizedException", text, forgot, cognito, a_hiding_app(cognito, pool_id), "nobody")


def test_an_administrator_makes_a_password_useless_until_the_person_sets_another(
    server: RunningServer, cognito: Any
) -> None:
    pool_id, client_id = a_sign_up_app(cognito)
    email = a_member(server, cognito, client_id)
    cognito.admin_reset_user_password(UserPoolId=pool_id, Username="ada")
    assert status_of(cognito, pool_id, "ada") == "RESET_REQUIRED"
    assert outcome(lambda: sign_in(cognito, client_id)) == "PasswordResetRequiredException"
    reset(cognito, client_id, the_code(server, email))
    assert status_of(cognito, pool_id, "ada") == "CONFIRMED"
    sign_in(cognito, client_id, password=NEW)


def test_an_administrator_resets_only_who_can_get_back_in(server: RunningServer, cognito: Any) -> None:
    pool_id, client_id = a_sign_up_app(cognito)
    a_person(cognito, pool_id, "unverified", email=an_email())
    a_member(server, cognito, client_id, "disabled")
    cognito.admin_disable_user(UserPoolId=pool_id, Username="disabled")
    invite(cognito, pool_id, "invited")
    for name, code, text in (
        ("nobody", "UserNotFoundException", "User does not exist."),
        ("unverified", "InvalidParameterException", NO_ADDRESS),
        ("disabled", "NotAuthorizedException", "User is disabled"),
        ("invited", "NotAuthorizedException", STATE),
    ):
        refused(code, text, cognito.admin_reset_user_password, UserPoolId=pool_id, Username=name)


# --- what PreventUserExistenceErrors hides ---------------------------------------------------------------

KINDS = ("nobody", "member", "unconfirmed", "unverified", "disabled", "invited", "reset")


@pytest.fixture
def hiding(server: RunningServer, cognito: Any) -> tuple[str, dict[str, str]]:
    """A client that hides who exists, and names by kind of person: user names, and email addresses as aliases."""
    pool_id, plain = a_sign_up_app(cognito, AliasAttributes=["email"])
    names = dict(zip(KINDS, KINDS, strict=True)) | {"nobody's email": an_email()}
    for kind in ("member", "disabled", "reset"):
        names[f"{kind}'s email"] = a_member(server, cognito, plain, kind)
    sign_up(cognito, plain, "unconfirmed", attributes={"email": an_email()})
    a_person(cognito, pool_id, "unverified", email=an_email())
    cognito.admin_disable_user(UserPoolId=pool_id, Username="disabled")
    cognito.admin_reset_user_password(UserPoolId=pool_id, Username="reset")
    invite(cognito, pool_id, "invited")
    return a_hiding_app(cognito, pool_id), names


def shape(act: Callable[[], dict[str, Any]]) -> Any:
    """All that can be told from an answer; of a masked address only its form."""
    try:
        answer = act()
    except ClientError as error:
        return error.response["Error"]["Code"], error.response["Error"]["Message"]
    details = answer.get("CodeDeliveryDetails", {})
    masked = "".join("x" if c.isalnum() else c for c in details.pop("Destination", ""))
    return sorted(details.items()), masked, sorted(answer.keys() - {"ResponseMetadata"})


ACTS: dict[str, tuple[int, Callable[..., dict[str, Any]]]] = {
    "ConfirmForgotPassword, bad password": (
        1,
        lambda cognito, **who: cognito.confirm_forgot_password(
            ConfirmationCode="123456", Password="short", **who
        ),
    ),
    "ConfirmForgotPassword": (
        16,
        lambda cognito, **who: cognito.confirm_forgot_password(
            ConfirmationCode="123456", Password=NEW, **who
        ),
    ),
    "ForgotPassword": (6, lambda cognito, **who: cognito.forgot_password(**who)),
    "ResendConfirmationCode": (6, lambda cognito, **who: cognito.resend_confirmation_code(**who)),
    "ConfirmSignUp": (16, lambda cognito, **who: cognito.confirm_sign_up(ConfirmationCode="123456", **who)),
}
"""How often each is tried: until the limit is reached, by everybody at the same try."""


def test_no_answer_tells_whether_anybody_is_there(cognito: Any, hiding: tuple[str, dict[str, str]]) -> None:
    client_id, names = hiding

    def answers(act: Callable[..., dict[str, Any]], times: int, name: str) -> list[Any]:
        return [shape(lambda: act(cognito, ClientId=client_id, Username=name)) for _ in range(times)]

    for operation, (times, act) in ACTS.items():
        with ThreadPoolExecutor(len(names)) as threads:
            tried = {kind: threads.submit(answers, act, times, name) for kind, name in names.items()}
        told = {kind: result.result() for kind, result in tried.items()}
        for kind, given in told.items():
            assert given == told["nobody"], (operation, kind)
        if times > 1:
            assert told["nobody"][-1] == ("LimitExceededException", TOO_MANY), operation


def test_after_a_code_was_asked_for_a_wrong_one_is_wrong_for_everybody(
    cognito: Any, hiding: tuple[str, dict[str, str]]
) -> None:
    client_id, names = hiding
    for kind, name in names.items():
        refused("ExpiredCodeException", EXPIRED, reset, cognito, client_id, "123456x", name)
        assert forgot(cognito, client_id, name)["DeliveryMedium"] == "EMAIL", kind
        refused("CodeMismatchException", WRONG, reset, cognito, client_id, "123456x", name)


def test_an_address_is_shown_as_it_was_typed_whoever_has_it(server: RunningServer, cognito: Any) -> None:
    pool_id, plain = a_sign_up_app(
        cognito, AliasAttributes=["email"], UsernameConfiguration={"CaseSensitive": False}
    )
    email = a_member(server, cognito, plain)
    client_id = a_hiding_app(cognito, pool_id)
    assert forgot(cognito, client_id, email.upper())["Destination"] == "P***@E***"
    assert forgot(cognito, client_id, an_email().upper())["Destination"] == "P***@E***"


def test_what_is_made_up_of_a_name_is_always_the_same(cognito: Any) -> None:
    pool_id, _ = a_sign_up_app(cognito)
    client_id = a_hiding_app(cognito, pool_id)
    shown = [forgot(cognito, client_id, f"name{n}")["Destination"] for n in range(8)]
    assert shown == [forgot(cognito, client_id, f"name{n}")["Destination"] for n in range(8)]
    assert len(set(shown)) > 1


def test_two_names_of_one_person_do_not_betray_each_other_by_their_limits(
    server: RunningServer, cognito: Any
) -> None:
    pool_id, plain = a_sign_up_app(cognito, AliasAttributes=["email"])
    email = a_member(server, cognito, plain)
    client_id = a_hiding_app(cognito, pool_id)
    for _ in range(5):
        forgot(cognito, client_id, "ada")
    assert outcome(lambda: forgot(cognito, client_id, "ada")) == "LimitExceededException"
    # As for a name that nobody has asked about; but nothing more is sent.
    assert forgot(cognito, client_id, email)["Destination"] == "p***@e***"
    wait_for_message(server, email, 6)
    time.sleep(0.2)
    assert len(messages_of(server, email)) == 6  # the one of the sign-up, and five


def test_the_owner_gets_the_code_and_a_new_password_through_a_client_that_hides(
    server: RunningServer, cognito: Any
) -> None:
    pool_id, plain = a_sign_up_app(cognito, AliasAttributes=["email"])
    email = a_member(server, cognito, plain)
    client_id = a_hiding_app(cognito, pool_id)
    forgot(cognito, client_id, email)
    code = wait_for_message(server, email, 2)["Code"]
    reset(cognito, client_id, code, email)
    sign_in(cognito, client_id, password=NEW)
    assert attributes_of(cognito, pool_id, "ada")["email_verified"] == "true"


@contextmanager
def a_silent_mail_server() -> Iterator[int]:
    """Takes connections and says nothing; its port."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        taken: list[socket.socket] = []

        def take() -> None:
            while True:
                try:
                    taken.append(listener.accept()[0])
                except OSError:
                    return

        thread = threading.Thread(target=take, daemon=True)
        thread.start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)
    for connection in taken:
        connection.close()
    thread.join(5)


def test_no_time_tells_whether_anybody_was_written_to(own_server: Callable[..., RunningServer]) -> None:
    with a_silent_mail_server() as port:
        server = own_server(
            smtp_host="127.0.0.1", smtp_port=port, smtp_security="none", mail_from="ada@example.com"
        )
        cognito = server.client()
        pool_id, _ = a_sign_up_app(cognito)
        a_person(cognito, pool_id, "ada", email=an_email(), email_verified="true")
        client_id = a_hiding_app(cognito, pool_id)
        begun = time.monotonic()
        forgot(cognito, client_id, "ada")
        # A client that does not hide it waits for five seconds to hear what became of the message.
        assert time.monotonic() - begun < 2


def test_answers_leave_at_the_same_moment_after_they_came(server: RunningServer, cognito: Any) -> None:
    """Measured without that: 3.7 ms for nobody, 5.6 ms for somebody, of whom a code is made and stored."""
    pool_id, plain = a_sign_up_app(cognito)
    a_person(cognito, pool_id, "somebody", email=an_email(), email_verified="true")
    sign_up(cognito, plain, "unconfirmed", attributes={"email": an_email()})
    client_id = a_hiding_app(cognito, pool_id)
    acts = [act for operation, (_, act) in ACTS.items() if "bad password" not in operation]
    for act in acts:
        for name in ("nobody", "somebody", "unconfirmed"):
            begun = time.monotonic()
            shape(lambda: act(cognito, ClientId=client_id, Username=name))  # noqa: B023  # called at once
            assert time.monotonic() - begun >= BEAT
