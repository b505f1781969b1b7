"""Passwords that others know."""

from __future__ import annotations

import asyncio
import hashlib
import os
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.admin import admin_client
from tests.conftest import a_pool
from tests.harness import RunningServer
from tests.people.people import PASSWORD, a_person, an_app, refusal, sign_in, the_code
from tests.triggers.risk import a_protected_pool, events_of

from poolhouse.config import ConfigurationError, load
from poolhouse.ports import compromised
from poolhouse.ports.compromised import (
    CommonPasswords,
    CompromisedPasswords,
    HashFile,
    HashRanges,
    check_hash_file,
)
from poolhouse.ports.guarded import GuardedOutbound

KNOWN = "Password1!"
"""As a policy of Cognito's wants it, and as everybody tries first."""
RESET = ("PasswordResetRequiredException", "Password reset required for user due to security reasons")
REFUSED = ("InvalidPasswordException", "Provided password cannot be used for security reasons.")


def with_known_password(cognito: Any, pool_id: str, **attributes: str) -> str:
    """A client of the pool where ada has a password that others know."""
    a_person(cognito, pool_id, **attributes)
    cognito.admin_set_user_password(UserPoolId=pool_id, Username="ada", Password=KNOWN, Permanent=True)
    client_id: str = an_app(cognito, pool_id)["ClientId"]
    return client_id


def compromised_in_history(cognito: Any, pool_id: str) -> tuple[bool, str, str]:
    event = events_of(cognito, pool_id)[0]
    risk = event["EventRisk"]
    return risk["CompromisedCredentialsDetected"], risk["RiskDecision"], event["EventResponse"]


def set_compromised(cognito: Any, pool_id: str, action: str, *events: str) -> None:
    configuration: dict[str, Any] = {"Actions": {"EventAction": action}}
    if events:
        configuration["EventFilter"] = list(events)
    cognito.set_risk_configuration(UserPoolId=pool_id, CompromisedCredentialsRiskConfiguration=configuration)


def test_who_signs_in_with_a_password_that_others_know_has_to_reset_it(
    server: RunningServer, cognito: Any
) -> None:
    pool_id = a_protected_pool(cognito)
    email = f"{pool_id}@example.com"
    client_id = with_known_password(cognito, pool_id, email=email, email_verified="true")
    assert refusal(sign_in, cognito, client_id, password=KNOWN) == RESET
    assert compromised_in_history(cognito, pool_id) == (True, "Block", "Fail")
    user = cognito.admin_get_user(UserPoolId=pool_id, Username="ada")
    assert user["UserStatus"] == "RESET_REQUIRED"
    cognito.forgot_password(ClientId=client_id, Username="ada")
    code = the_code(server, email)
    change = {"ClientId": client_id, "Username": "ada", "ConfirmationCode": code}
    assert refusal(cognito.confirm_forgot_password, **change, Password=KNOWN) == REFUSED
    cognito.confirm_forgot_password(**change, Password=PASSWORD)
    sign_in(cognito, client_id)


def test_who_guesses_does_not_hear_that_the_password_is_known_to_others(cognito: Any) -> None:
    pool_id = a_protected_pool(cognito)
    client_id = an_app(cognito, pool_id)["ClientId"]
    a_person(cognito, pool_id)
    refused = refusal(sign_in, cognito, client_id, password=KNOWN)
    assert refused == ("NotAuthorizedException", "Incorrect username or password.")
    assert compromised_in_history(cognito, pool_id) == (False, "NoRisk", "Fail")


@pytest.mark.parametrize(("mode", "action"), [("ENFORCED", "NO_ACTION"), ("AUDIT", "BLOCK")])
def test_what_is_not_blocked_stands_in_the_history(cognito: Any, mode: str, action: str) -> None:
    pool_id = a_protected_pool(cognito, mode)
    client_id = with_known_password(cognito, pool_id)
    set_compromised(cognito, pool_id, action)
    tokens = sign_in(cognito, client_id, password=KNOWN)
    assert compromised_in_history(cognito, pool_id) == (True, "NoRisk", "Pass")
    changing = {"AccessToken": tokens["AccessToken"], "PreviousPassword": KNOWN}
    cognito.change_password(**changing, ProposedPassword="Password2!")
    assert compromised_in_history(cognito, pool_id) == (True, "NoRisk", "Pass")
    cognito.sign_up(ClientId=client_id, Username="grace", Password=KNOWN)
    [event] = events_of(cognito, pool_id, "grace")
    assert event["EventRisk"]["CompromisedCredentialsDetected"] is True


def test_passwords_are_looked_at_where_the_filter_says_and_nowhere_else(
    server: RunningServer, cognito: Any
) -> None:
    pool_id = a_protected_pool(cognito)
    client_id = with_known_password(cognito, pool_id)
    set_compromised(cognito, pool_id, "BLOCK", "SIGN_UP")
    token = sign_in(cognito, client_id, password=KNOWN)["AccessToken"]
    assert compromised_in_history(cognito, pool_id) == (False, "NoRisk", "Pass")
    new_account = {"ClientId": client_id, "Username": "grace", "Password": KNOWN}
    assert refusal(cognito.sign_up, **new_account) == REFUSED
    changing = {"AccessToken": token, "PreviousPassword": KNOWN, "ProposedPassword": "Password2!"}
    set_compromised(cognito, pool_id, "BLOCK", "PASSWORD_CHANGE")
    assert refusal(cognito.change_password, **changing) == REFUSED
    assert events_of(cognito, pool_id)[0]["EventType"] == "PasswordChange"
    assert compromised_in_history(cognito, pool_id) == (True, "Block", "Fail")
    about = {"UserPoolId": pool_id, "EventNames": ["ChangePassword"]}
    [told] = admin_client(server).list_audit_events(**about)["AuditEvents"]
    assert told["ErrorCode"] == "InvalidPasswordException"
    assert "Password2!" not in told["CloudTrailEvent"]
    cognito.sign_up(**new_account)
    sign_in(cognito, client_id, password=KNOWN)


def test_a_new_password_of_a_temporary_one_is_looked_at(cognito: Any) -> None:
    pool_id = a_protected_pool(cognito)
    client_id = with_known_password(cognito, pool_id)
    cognito.admin_set_user_password(UserPoolId=pool_id, Username="ada", Password=KNOWN, Permanent=False)
    asked = cognito.initiate_auth(
        ClientId=client_id,
        AuthFlow="USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": "ada", "PASSWORD": KNOWN},  # which is about to be replaced
    )
    assert asked["ChallengeName"] == "NEW_PASSWORD_REQUIRED"

    def answer(password: str) -> Any:
        return cognito.respond_to_auth_challenge(
            ClientId=client_id,
            ChallengeName="NEW_PASSWORD_REQUIRED",
            Session=asked["Session"],
            ChallengeResponses={"USERNAME": "ada", "NEW_PASSWORD": password},
        )

    assert refusal(answer, "Password2!") == REFUSED
    assert "AuthenticationResult" in answer(PASSWORD)


def test_other_pools_look_at_no_password(cognito: Any) -> None:
    pool_id = a_pool(cognito)
    sign_in(cognito, with_known_password(cognito, pool_id), password=KNOWN)


# The lists.


def knows(found: CompromisedPasswords, password: str) -> bool:
    return asyncio.run(found.contains(password))


def test_the_commonest_passwords_come_with_the_server() -> None:
    common = CommonPasswords()
    for known in ("password", "PASSWORD1", "Password1!", "qwerty123", "\ud800password"[1:]):
        assert knows(common, known), known
    for unknown in (PASSWORD, "", "!", "\ud800", "x" * 5000):
        assert not knows(common, unknown), unknown


def sha1(password: str) -> str:
    return hashlib.sha1(password.encode(), usedforsecurity=False).hexdigest().upper()


def a_file(path: Path, passwords: set[str], end: str = "\r\n") -> Path:
    lines = sorted(f"{sha1(password)}:{number % 1000 + 1}" for number, password in enumerate(passwords))
    path.write_bytes("".join(line + end for line in lines).encode())
    return path


@pytest.mark.parametrize("end", ["\r\n", "\n"])
def test_each_password_of_a_file_is_found_and_no_other(tmp_path: Path, end: str) -> None:
    passwords = {f"password {number}" for number in range(300)}
    found = HashFile(a_file(tmp_path / "hashes", passwords, end))
    assert all(knows(found, password) for password in passwords)
    assert not any(knows(found, f"another {number}") for number in range(300))


@given(
    st.sets(st.text(st.characters(exclude_categories=["Cs"])), max_size=8),
    st.text(st.characters(exclude_categories=["Cs"])),
)
def test_a_file_of_any_size_is_searched_right(passwords: set[str], wanted: str) -> None:
    import tempfile

    from poolhouse.ports.compromised import _is_in

    with tempfile.TemporaryDirectory() as folder:
        path = a_file(Path(folder) / "hashes", passwords)
        for password in passwords | {wanted}:
            assert _is_in(path, sha1(password).encode()) == (password in passwords)


def test_a_file_that_is_gone_or_broken_keeps_nobody_out(tmp_path: Path) -> None:
    path = a_file(tmp_path / "hashes", {"password"})
    found = HashFile(path)
    path.write_text("no hashes at all\n" * 9)
    assert not knows(found, "password")
    path.unlink()
    assert not knows(found, "password")


def by_count(path: Path) -> Path:
    """A file as it also is to be had: the password that is used most comes first."""
    lines = [f"{sha1(f'password {number}')}:{9999 - number}\n" for number in range(500)]
    path.write_text("".join(lines))
    return path


def test_a_server_does_not_start_with_a_file_in_another_order(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="order"):
        check_hash_file(by_count(tmp_path / "hashes"))


def test_a_file_in_another_order_is_said_so_in_the_log(
    caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    """It may take the place of a good one while the server runs."""
    found = HashFile(by_count(tmp_path / "hashes"))
    for number in range(40):
        knows(found, f"password {number}")
    assert any("order" in record.getMessage() for record in caplog.records)
    assert not any(sha1(f"password {number}")[5:] in caplog.text for number in range(40))


def test_a_file_that_gives_no_answer_keeps_nobody_waiting(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    """As one on a disk that is reached by a network which is gone: here a pipe that nobody writes to."""
    monkeypatch.setattr(compromised, "PATIENCE", 0.05)
    path = tmp_path / "hashes"
    os.mkfifo(path)
    found = HashFile(path)

    async def ask() -> list[bool]:
        return await asyncio.gather(*(found.contains("password") for _ in range(400)))

    writers: list[int] = []

    def let_go() -> None:
        writers.append(os.open(path, os.O_RDWR))

    guard = threading.Timer(10, let_go)  # where it is waited for, that ends, too
    guard.start()
    try:
        assert asyncio.run(ask()) == [False] * 400
        assert not writers, "it was waited for"
    finally:
        guard.cancel()
        let_go()
        for writer in writers:
            os.close(writer)
    assert len(caplog.records) == 400


def test_a_server_does_not_start_with_a_file_that_has_no_hashes(tmp_path: Path) -> None:
    (tmp_path / "words").write_text("password\n")
    with pytest.raises(ValueError, match="SHA-1"):
        check_hash_file(tmp_path / "words")
    check_hash_file(a_file(tmp_path / "hashes", {"password"}))


def test_one_list_is_enough() -> None:
    environment = {
        "POOLHOUSE_COMPROMISED_PASSWORDS_FILE": "/hashes",
        "POOLHOUSE_COMPROMISED_PASSWORDS_URL": "https://lists.example.com/range",
    }
    with pytest.raises(ConfigurationError, match="choose one"):
        load({}, environment)


@pytest.fixture
def ranges() -> Iterator[Any]:
    """What answers as the range API does; `.asked` are the paths, `.answer` what it says."""

    class Ranges(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            server: Any = self.server
            server.asked.append((self.path, self.headers["add-padding"]))
            self.send_response(server.status)
            self.end_headers()
            self.wfile.write(server.answer.encode())

        def log_message(self, *_: Any) -> None:
            pass

    server: Any = ThreadingHTTPServer(("127.0.0.1", 0), Ranges)
    server.asked, server.answer, server.status = [], "", 200
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_range_is_asked_for_and_never_the_password(ranges: Any, caplog: pytest.LogCaptureFixture) -> None:
    url = f"http://127.0.0.1:{ranges.server_port}/range/"
    found = HashRanges(url, GuardedOutbound(("127.0.0.0/8",)))
    digest = sha1("Password1!")
    ranges.answer = f"{'0' * 35}:3\r\n{digest[5:]}:12\r\n"
    assert knows(found, "Password1!")
    assert ranges.asked == [(f"/range/{digest[:5]}", "true")]
    ranges.answer = f"{digest[5:]}:0\r\n"  # what an answer is padded with
    assert not knows(found, "Password1!")
    ranges.answer = ""
    assert not knows(found, "Password1!")
    assert not caplog.records, "a list may have nothing of a range"
    ranges.answer = "<html>Sign in to the network first</html>"
    assert not knows(found, "Password1!")
    assert [record.getMessage() for record in caplog.records] == [
        "the list of compromised passwords answers something else"
    ]
    ranges.answer = f"{digest[5:]}:many\r\n"
    assert knows(found, "Password1!")
    ranges.status = 500
    assert not knows(found, "Password1!")


def test_a_list_that_may_not_be_reached_or_gives_no_answer_keeps_nobody_out(ranges: Any) -> None:
    url = f"http://127.0.0.1:{ranges.server_port}/range"
    ranges.answer = f"{sha1('Password1!')[5:]}:12\r\n"
    assert not knows(HashRanges(url, GuardedOutbound()), "Password1!")
    assert ranges.asked == [], "a private address needs to be allowed"
    assert not knows(HashRanges("http://127.0.0.1:1/", GuardedOutbound(("127.0.0.0/8",))), "x")


def test_a_server_with_a_file_knows_the_passwords_of_the_file(own_server: Any, tmp_path: Path) -> None:
    path = a_file(tmp_path / "hashes", {"Only-In-This-File-1"})
    server = own_server(compromised_passwords_file=path)
    cognito = server.client()
    client_id = an_app(cognito, a_protected_pool(cognito))["ClientId"]
    account = {"ClientId": client_id, "Username": "ada"}
    assert refusal(cognito.sign_up, **account, Password="Only-In-This-File-1") == REFUSED
    cognito.sign_up(**account, Password=KNOWN)  # the file is the list
