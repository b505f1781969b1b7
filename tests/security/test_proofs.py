"""What people ask for needs no key but a proof: each operation, with every proof that is none. The exact error, and
nothing is changed but the count of what was tried."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes, hmac
from tests.fuzz.house import UNSIGNED, House
from tests.fuzz.people import SIGNED_IN, SIGNING_UP
from tests.fuzz.rows import but_for_counts
from tests.people.people import PASSWORD
from tests.people.tokens import issue

INVALID = "Invalid Access Token"
WITH_A_TOKEN = (
    *(
        "AssociateSoftwareToken",
        "ChangePassword",
        "CompleteWebAuthnRegistration",
        "ConfirmDevice",
        "DeleteUser",
    ),
    *("DeleteUserAttributes", "DeleteWebAuthnCredential", "ForgetDevice", "GetDevice", "GetUser"),
    *("GetUserAttributeVerificationCode", "GetUserAuthFactors", "GlobalSignOut", "ListDevices"),
    *("ListWebAuthnCredentials", "SetUserMFAPreference", "SetUserSettings", "StartWebAuthnRegistration"),
    *("UpdateDeviceStatus", "UpdateUserAttributes", "VerifySoftwareToken", "VerifyUserAttribute"),
)
WITH_ANOTHER_PROOF = ("GetClientToken", "GetTokensFromRefreshToken", "InitiateAuth", "RespondToAuthChallenge",
                      "RevokeToken", "ConfirmSignUp", "ConfirmForgotPassword", "UpdateAuthEventFeedback")  # fmt: skip
WITHOUT = ("ForgotPassword", "ResendConfirmationCode", "SignUp")
"""Anybody may ask for these: what they do is to send something to whom it belongs."""


def encoded(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def changed(token: str, header: Mapping[str, Any] | None = None, **claims: Any) -> str:
    """Another header or other claims, under the same signature."""
    parts = token.split(".")

    def with_(part: str, more: Mapping[str, Any]) -> str:
        document = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
        return encoded(json.dumps({**document, **more}).encode())

    return ".".join((with_(parts[0], header or {}), with_(parts[1], claims), parts[2]))


def by_public_key(house: House, token: str) -> str:
    """Signed with what everybody may read, as if it were a shared secret (RFC 8725 §2.1)."""
    jwks = house.wire.send("GET", f"/{house.machine.pool_id}/.well-known/jwks.json").body
    signed = changed(token, {"alg": "HS256"}).rpartition(".")[0]
    mac = hmac.HMAC(jwks, hashes.SHA256())
    mac.update(signed.encode())
    return f"{signed}.{encoded(mac.finalize())}"


@pytest.fixture(scope="package")
def sub(house: House) -> str:
    user = house.ask("AdminGetUser", house.requests()["AdminGetUser"])
    return str(next(a["Value"] for a in user["UserAttributes"] if a["Name"] == "sub"))


@pytest.fixture(scope="package")
def no_access_tokens(house: House, neighbour: House, sub: str) -> dict[str, tuple[str, str]]:
    """Tokens that open nothing, and what is said to each."""
    server, client_id = house.server, house.people.client_id
    mine = house.people.tokens["AccessToken"]
    other_sub = next(s for s in house.database.subs_of(house.machine.pool_id) if s != sub)
    server.clock.advance(hours=-25)
    old = issue(server, client_id, sub)
    server.clock.advance(hours=25)
    ended = issue(server, client_id, sub)
    house.ask("RevokeToken", {"ClientId": client_id, "Token": ended["RefreshToken"]})
    narrow = issue(server, client_id, sub, scopes=("openid", "email"))
    head, payload, signature = mine.split(".")
    return {
        "letters": ("A" * 40, INVALID),
        "dots": ("a.b.c", INVALID),
        "an ID token": (house.people.tokens["IdToken"], INVALID),
        "a refresh token": (house.people.tokens["RefreshToken"], INVALID),
        "a machine's token": (house.token().document["access_token"], INVALID),
        "no signature": (f"{head}.{payload}.", INVALID),
        "no algorithm": (changed(mine, {"alg": "none"}), INVALID),
        "an algorithm of secrets": (by_public_key(house, mine), INVALID),
        "a key of its own": (changed(mine, {"jwk": {"kty": "oct", "k": "AA"}}), INVALID),
        "another's signature": (f"{head}.{payload}.{neighbour.people.tokens['AccessToken'].split('.')[2]}", INVALID),
        "another person's name": (changed(mine, sub=other_sub), INVALID),
        "a later end": (changed(old["AccessToken"], exp=4_000_000_000), INVALID),
        "another client's name": (changed(mine, client_id=neighbour.people.client_id), INVALID),
        "a signature turned": (f"{head}.{payload}.{signature[::-1]}", INVALID),
        "too old": (old["AccessToken"], "Access Token has expired"),
        "of a sign-in that was ended": (ended["AccessToken"], "Access Token has been revoked"),
        "of another scope": (narrow["AccessToken"], "Access Token does not have required scopes"),
    }  # fmt: skip


def test_every_operation_that_needs_no_key_is_in_this_matrix(house: House) -> None:
    assert {*WITH_A_TOKEN, *WITH_ANOTHER_PROOF, *WITHOUT} == UNSIGNED
    assert {name for name, request in house.requests().items() if "AccessToken" in request} == {*WITH_A_TOKEN}


@pytest.mark.parametrize("operation", WITH_A_TOKEN)
def test_who_shows_no_good_access_token_is_refused_and_changes_nothing(
    house: House, no_access_tokens: dict[str, tuple[str, str]], operation: str
) -> None:
    """Not even the root's signature stands in for it."""
    before = house.database.rows()
    request = house.requests()[operation]
    for is_signed in (False, True):
        replies = {
            what: house.call(operation, {**request, "AccessToken": token}, is_signed=is_signed)
            for what, (token, _) in no_access_tokens.items()
        }
        assert {what: (reply.error, reply.document["message"]) for what, reply in replies.items()} == {
            what: ("NotAuthorizedException", text) for what, (_, text) in no_access_tokens.items()
        }
    assert house.database.rows() == before


@pytest.mark.parametrize("operation", WITH_A_TOKEN)
def test_a_token_is_needed_in_its_place_alone(house: House, operation: str) -> None:
    """A request without one is refused by its form, whoever signed it and whatever its headers hold."""
    request = {name: value for name, value in house.requests()[operation].items() if name != "AccessToken"}
    if operation in ("AssociateSoftwareToken", "VerifySoftwareToken"):
        request["Session"] = "A" * 30
    before = house.database.rows()
    replies = [house.call(operation, request, is_signed=is_signed) for is_signed in (False, True)]
    assert {reply.error for reply in replies} <= {"InvalidParameterException", "NotAuthorizedException"}
    assert house.database.rows() == before


def wrong_code(code: str) -> str:
    return f"{(int(code) + 1) % 1_000_000:06}"


def false_proofs(house: House, neighbour: House) -> list[tuple[str, str, Any, set[str]]]:
    """(operation, member, what it is given in place of the good one, the errors of which it may be)."""
    good, other = house.requests(), neighbour.requests()
    code, no_code = {"CodeMismatchException"}, {"CodeMismatchException", "ExpiredCodeException"}
    nobody = {"NotAuthorizedException"}
    session, refresh = good["RespondToAuthChallenge"]["Session"], house.people.tokens["RefreshToken"]
    tampered = refresh[:-6] + ("AAAAAA" if not refresh.endswith("AAAAAA") else "BBBBBB")
    wrong_password = {"USERNAME": SIGNED_IN, "PASSWORD": PASSWORD + "x"}
    proofs: list[tuple[str, str, Any, set[str]]] = [
        ("ConfirmSignUp", "ConfirmationCode", wrong_code(good["ConfirmSignUp"]["ConfirmationCode"]), code),
        ("ConfirmSignUp", "ConfirmationCode", good["ConfirmForgotPassword"]["ConfirmationCode"], code),
        (
            "ConfirmForgotPassword",
            "ConfirmationCode",
            wrong_code(house.people.codes["FORGOT_PASSWORD"]),
            code,
        ),
        ("ConfirmForgotPassword", "ConfirmationCode", house.people.codes["VERIFY_ATTRIBUTE"], code),
        ("ConfirmForgotPassword", "Username", SIGNING_UP, no_code | {"UserNotConfirmedException"}),
        ("VerifyUserAttribute", "Code", wrong_code(house.people.codes["VERIFY_ATTRIBUTE"]), code),
        ("VerifyUserAttribute", "Code", house.people.codes["FORGOT_PASSWORD"], code),
        ("VerifySoftwareToken", "UserCode", "000000", {"EnableSoftwareTokenMFAException"}),
        ("ChangePassword", "PreviousPassword", PASSWORD + "x", nobody),
        ("InitiateAuth", "AuthParameters", wrong_password, nobody),
        ("AdminInitiateAuth", "AuthParameters", wrong_password, nobody),
        ("RevokeToken", "Token", house.people.tokens["AccessToken"], {"UnsupportedTokenTypeException"}),
        ("GetClientToken", "Secret", "x" * 51, nobody),
    ]
    for token in (
        "A" * 40,
        tampered,
        house.people.tokens["AccessToken"],
        other["RevokeToken"]["Token"],
        session,
    ):
        proofs += [
            ("GetTokensFromRefreshToken", "RefreshToken", token, nobody),
            ("InitiateAuth", "AuthFlow", {"AuthFlow": "REFRESH_TOKEN_AUTH", "AuthParameters": {"REFRESH_TOKEN": token}}, nobody),
        ]  # fmt: skip
    for text in ("A" * 40, session[:-4] + "AAAA", other["RespondToAuthChallenge"]["Session"], refresh):
        for operation in ("RespondToAuthChallenge", "AdminRespondToAuthChallenge"):
            proofs.append((operation, "Session", text, nobody))
    return proofs


def test_no_false_proof_opens_anything(house: House, neighbour: House) -> None:
    before = house.database.rows()
    for operation, member, value, wanted in false_proofs(house, neighbour):
        given = value if member == "AuthFlow" else {member: value}
        reply = house.call(
            operation, {**house.requests()[operation], **given}, is_signed=operation not in UNSIGNED
        )
        assert reply.error in wanted, (operation, member, reply.body)
        assert but_for_counts(house.database.rows()) == but_for_counts(before), (operation, member)
    house.database.forget_attempts()


def test_a_proof_that_fails_leaves_the_good_one_good(house: House, neighbour: House) -> None:
    """What was tried in vain above can still be done."""
    for operation, member, value, _ in false_proofs(house, neighbour):
        if operation in ("InitiateAuth", "GetTokensFromRefreshToken"):
            given = value if member == "AuthFlow" else {member: value}
            house.call(operation, {**house.requests()[operation], **given}, is_signed=False)
    house.database.forget_attempts()
    for operation in ("GetTokensFromRefreshToken", "InitiateAuth", "GetUser"):
        assert house.call(operation, is_signed=False).status == 200, operation


@pytest.mark.parametrize("operation", WITHOUT)
def test_what_anybody_may_ask_for_tells_and_gives_nothing(house: House, operation: str) -> None:
    reply = house.call(operation, is_signed=False)
    house.mend()
    assert not {"AccessToken", "IdToken", "RefreshToken", "AuthenticationResult"} & reply.document.keys()
    told = reply.body.decode()
    assert not any(code in told for code in house.people.codes.values())
