"""The people of a house: one who is signed in with all that a person may have, and others on their way in."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import argon2
from tests.harness import RunningServer
from tests.people.authenticator import Authenticator
from tests.people.people import PASSWORD
from tests.people.test_devices import verifier_of
from tests.people.tokens import claims_of

from poolhouse.core.secret import Secret
from poolhouse.core.totp import code_of, step_of
from poolhouse.postman import CLAIM

Answer = Mapping[str, Any]
Ask = Callable[[str, Answer], Any]
"""An operation and its request; the document of the answer, which is no refusal."""

NEW_PASSWORD = "Another-Horse-8"
RP = "example.com"
POOL: dict[str, Any] = {
    "AutoVerifiedAttributes": ["email"],
    "DeviceConfiguration": {"ChallengeRequiredOnNewDevice": False, "DeviceOnlyRememberedOnUserPrompt": True},
    "Policies": {"SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD", "EMAIL_OTP", "WEB_AUTHN"]}},
    "UserPoolTier": "PLUS",
    "UserPoolAddOns": {"AdvancedSecurityMode": "AUDIT"},
}
MFA: dict[str, Any] = {
    "MfaConfiguration": "OPTIONAL",
    "SoftwareTokenMfaConfiguration": {"Enabled": True},
    "WebAuthnConfiguration": {"RelyingPartyId": RP, "UserVerification": "preferred"},
}
APP: dict[str, Any] = {
    "ClientName": "web",
    "ExplicitAuthFlows": [
        "ALLOW_USER_AUTH",
        "ALLOW_USER_PASSWORD_AUTH",
        "ALLOW_ADMIN_USER_PASSWORD_AUTH",
        "ALLOW_USER_SRP_AUTH",
        "ALLOW_REFRESH_TOKEN_AUTH",
    ],
    "AuthSessionValidity": 15,
    "AccessTokenValidity": 24,
}
SIGNED_IN, SIGNING_UP, INVITED = "ada", "grace", "hedy"
"""No more than are needed: to hash a password takes longer than all else."""


def hash_quickly(server: RunningServer) -> None:
    """For tests to which a thousand people come, and that are not about how long a hash takes: with 8 KiB."""
    port: Any = server.server.parts.ports.passwords
    hasher = argon2.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)

    async def hash(password: str) -> str:
        return hasher.hash(password.encode("utf-8", "surrogatepass"))

    async def verify(hash: str, password: str) -> bool:
        try:
            return hasher.verify(hash, password.encode("utf-8", "surrogatepass"))
        except argon2.exceptions.VerifyMismatchError:
            return False

    async def verify_nobody(password: str) -> bool:
        return False

    port.hash, port.verify, port.verify_nobody = hash, verify, verify_nobody
    port.needs_rehash = lambda hash: False


@dataclass(repr=False)
class People:
    """What they hold in their hands."""

    client_id: str
    tokens: Mapping[str, str]
    """Of who is signed in."""
    device: Mapping[str, str]
    """Confirmed."""
    new_device: Mapping[str, Any]
    """What confirms one more."""
    passkey_id: str
    registration: Mapping[str, Any]
    """What an authenticator answered to the registration that is under way."""
    seed: str
    """Of the authenticator app that is being set up."""
    codes: Mapping[str, str]
    """By what for (`Purpose` of a message)."""
    session: str
    """Of the sign-in of the invited one, who must choose a password."""

    @property
    def event(self) -> tuple[str, str]:
        """Whose sign-in it was (sub), and the id of its event."""
        claims = claims_of(self.tokens["AccessToken"])
        return claims["sub"], claims["event_id"]

    def requests(self, pool_id: str, group: str, now: datetime) -> dict[str, dict[str, Any]]:
        """A good request for every operation that people make, or that is made about people."""
        me: dict[str, Any] = {"AccessToken": self.tokens["AccessToken"]}
        app: dict[str, Any] = {"ClientId": self.client_id}
        device = {"DeviceKey": self.device["DeviceKey"]}
        attributes = {"UserAttributes": [{"Name": "nickname", "Value": "changed"}]}
        off = {"SoftwareTokenMfaSettings": {"Enabled": False}}
        remembered = {"DeviceRememberedStatus": "remembered"}
        password = {"USERNAME": SIGNED_IN, "PASSWORD": PASSWORD}
        challenge = {"ChallengeName": "NEW_PASSWORD_REQUIRED"}
        chosen = {"ChallengeResponses": {"USERNAME": INVITED, "NEW_PASSWORD": NEW_PASSWORD}}

        def of(name: str) -> dict[str, Any]:
            return {"UserPoolId": pool_id, "Username": name}

        return {
            "AdminAddUserToGroup": {**of(INVITED), "GroupName": group},
            "AdminConfirmSignUp": of(SIGNING_UP),
            "AdminCreateUser": {**of("new"), "MessageAction": "SUPPRESS"},
            "AdminDeleteSoftwareToken": of(INVITED),
            "AdminDeleteUser": of(INVITED),
            "AdminDeleteUserAttributes": {**of(INVITED), "UserAttributeNames": ["nickname"]},
            "AdminDisableUser": of(INVITED),
            "AdminEnableUser": of(INVITED),
            "AdminForgetDevice": {**of(SIGNED_IN), **device},
            "AdminGetDevice": {**of(SIGNED_IN), **device},
            "AdminGetUser": of(SIGNED_IN),
            "AdminGetUserAuthFactors": of(SIGNED_IN),
            "AdminInitiateAuth": {
                "UserPoolId": pool_id,
                **app,
                "AuthFlow": "ADMIN_USER_PASSWORD_AUTH",
                "AuthParameters": password,
            },
            "AdminListDevices": of(SIGNED_IN),
            "AdminListGroupsForUser": of(SIGNED_IN),
            "AdminListUserAuthEvents": of(SIGNED_IN),
            "AdminRemoveUserFromGroup": {**of(SIGNED_IN), "GroupName": group},
            "AdminResetUserPassword": of(SIGNED_IN),
            "AdminRespondToAuthChallenge": {
                "UserPoolId": pool_id,
                **app,
                **challenge,
                **chosen,
                "Session": self.session,
            },
            "AdminSetUserMFAPreference": {**of(INVITED), **off},
            "AdminSetUserPassword": {**of(INVITED), "Password": NEW_PASSWORD, "Permanent": True},
            "AdminSetUserSettings": {**of(INVITED), "MFAOptions": []},
            "AdminUpdateAuthEventFeedback": {
                **of(SIGNED_IN),
                "EventId": self.event[1],
                "FeedbackValue": "Valid",
            },
            "AdminUpdateDeviceStatus": {**of(SIGNED_IN), **device, **remembered},
            "AdminUpdateUserAttributes": {**of(INVITED), **attributes},
            "AdminUserGlobalSignOut": of(INVITED),
            "AssociateSoftwareToken": me,
            "ChangePassword": {**me, "PreviousPassword": PASSWORD, "ProposedPassword": NEW_PASSWORD},
            "CompleteWebAuthnRegistration": {**me, "Credential": self.registration},
            "ConfirmDevice": {**self.new_device},
            "ConfirmForgotPassword": {
                **app,
                "Username": SIGNED_IN,
                "ConfirmationCode": self.codes["FORGOT_PASSWORD"],
                "Password": NEW_PASSWORD,
            },
            "ConfirmSignUp": {**app, "Username": SIGNING_UP, "ConfirmationCode": self.codes["SIGN_UP"]},
            "DeleteUser": me,
            "DeleteUserAttributes": {**me, "UserAttributeNames": ["nickname"]},
            "DeleteWebAuthnCredential": {**me, "CredentialId": self.passkey_id},
            "ForgetDevice": {**me, **device},
            "ForgotPassword": {**app, "Username": SIGNED_IN},
            "GetDevice": {**me, **device},
            "GetTokensFromRefreshToken": {
                **app,
                "RefreshToken": self.tokens["RefreshToken"],
                "DeviceKey": self.device["DeviceKey"],
            },
            "GetUser": me,
            "GetUserAttributeVerificationCode": {**me, "AttributeName": "email"},
            "GetUserAuthFactors": me,
            "GlobalSignOut": me,
            "InitiateAuth": {**app, "AuthFlow": "USER_PASSWORD_AUTH", "AuthParameters": password},
            "ListDevices": me,
            "ListUsers": {"UserPoolId": pool_id},
            "ListUsersInGroup": {"UserPoolId": pool_id, "GroupName": group},
            "ListWebAuthnCredentials": me,
            "ResendConfirmationCode": {**app, "Username": SIGNING_UP},
            "RespondToAuthChallenge": {**app, **challenge, **chosen, "Session": self.session},
            "RevokeToken": {**app, "Token": self.tokens["RefreshToken"]},
            "SetUserMFAPreference": {**me, **off},
            "SetUserSettings": {**me, "MFAOptions": []},
            "SignUp": {
                **app,
                "Username": "newcomer",
                "Password": PASSWORD,
                "UserAttributes": [{"Name": "email", "Value": "newcomer@example.com"}],
            },
            "StartWebAuthnRegistration": me,
            "UpdateDeviceStatus": {**me, **device, **remembered},
            "UpdateUserAttributes": {**me, **attributes},
            "VerifySoftwareToken": {**me, "UserCode": code_of(Secret(self.seed), step_of(now))},
            "VerifyUserAttribute": {**me, "AttributeName": "email", "Code": self.codes["VERIFY_ATTRIBUTE"]},
        }


def move_in(ask: Ask, pool_id: str, group: str) -> People:
    """Everybody, by the API alone."""
    pool = {"UserPoolId": pool_id}
    app = {"ClientId": ask("CreateUserPoolClient", {**pool, **APP})["UserPoolClient"]["ClientId"]}

    def make(name: str) -> None:
        attributes = {"nickname": name, "email": f"{name}@example.com", "email_verified": "true"}
        given = [{"Name": attribute, "Value": value} for attribute, value in attributes.items()]
        person = {**pool, "Username": name, "UserAttributes": given}
        ask("AdminCreateUser", {**person, "MessageAction": "SUPPRESS", "TemporaryPassword": PASSWORD})

    def begin(name: str) -> Any:
        values = {"USERNAME": name, "PASSWORD": PASSWORD}
        return ask("InitiateAuth", {**app, "AuthFlow": "USER_PASSWORD_AUTH", "AuthParameters": values})

    make(INVITED)
    make(SIGNED_IN)
    ask("AdminSetUserPassword", {**pool, "Username": SIGNED_IN, "Password": PASSWORD, "Permanent": True})
    email = [{"Name": "email", "Value": f"{SIGNING_UP}@example.com"}]
    ask("SignUp", {**app, "Username": SIGNING_UP, "Password": PASSWORD, "UserAttributes": email})
    ask("AdminAddUserToGroup", {**pool, "Username": SIGNED_IN, "GroupName": group})
    first, second = (begin(SIGNED_IN)["AuthenticationResult"] for _ in range(2))
    me = {"AccessToken": first["AccessToken"]}
    device = first["NewDeviceMetadata"]
    ask("ConfirmDevice", confirmation_of(first))

    def registration() -> dict[str, Any]:
        options = ask("StartWebAuthnRegistration", me)["CredentialCreationOptions"]
        return Authenticator(origin=f"https://{RP}").create(options)

    ask("CompleteWebAuthnRegistration", {**me, "Credential": registration()})
    passkeys = ask("ListWebAuthnCredentials", me)["Credentials"]
    ask("GetUserAttributeVerificationCode", {**me, "AttributeName": "email"})
    ask("ForgotPassword", {**app, "Username": SIGNED_IN})
    return People(
        client_id=app["ClientId"],
        tokens=first,
        device=device,
        new_device=confirmation_of(second),
        passkey_id=passkeys[0]["CredentialId"],
        registration=registration(),
        seed=ask("AssociateSoftwareToken", me)["SecretCode"],
        codes=codes_of(ask, pool_id),
        session=begin(INVITED)["Session"],
    )


def confirmation_of(tokens: Mapping[str, Any]) -> dict[str, Any]:
    """What confirms the device that a sign-in gave out."""
    device = tokens["NewDeviceMetadata"]
    return {
        "AccessToken": tokens["AccessToken"],
        "DeviceKey": device["DeviceKey"],
        "DeviceSecretVerifierConfig": verifier_of(device["DeviceGroupKey"], device["DeviceKey"]),
    }


def codes_of(ask: Ask, pool_id: str) -> dict[str, str]:
    """Those that were sent, or are about to be: some answers do not wait for it, and where the disk stands still
    for seconds an attempt is made again only when its claim has run out."""
    give_up = time.monotonic() + 2 * CLAIM.total_seconds()
    while time.monotonic() < give_up:
        messages = ask("ListInboxMessages", {"UserPoolId": pool_id})["Messages"]
        codes = {message["Purpose"]: str(message["Code"]) for message in messages}
        if {"SIGN_UP", "VERIFY_ATTRIBUTE", "FORGOT_PASSWORD"} <= codes.keys():
            return codes
        time.sleep(0.01)
    raise AssertionError("no codes")
