"""A sample event of every source: what a function is given that is tried without anybody signing in.

The events that people's requests make have these members, in this order; of those that depend on what the request
brought (`clientMetadata`, `validationData`, `userNotFound`), all are here that some request can bring.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from poolhouse.core.triggers import Trigger, event_of

POOL_ID = "us-east-1_SampleOne"
CLIENT_ID = "sample1client2id3of4poolhouse"
PERSON = {
    "sub": "5b1e9c0e-3d3a-4f6b-9a52-0d3f8f7c1a11",
    "cognito:user_status": "CONFIRMED",
    "email_verified": "true",
    "phone_number_verified": "true",
    "phone_number": "+15550100",
    "email": "ana@example.com",
}
NEWCOMER = {"email": "ana@example.com", "phone_number": "+15550100"}
METADATA = {"source": "sample"}
TOLD = {"clientMetadata": METADATA}
GROUPS = {
    "groupsToOverride": ["editors"],
    "iamRolesToOverride": ["arn:aws:iam::123456789012:role/editor"],
    "preferredRole": "arn:aws:iam::123456789012:role/editor",
}
ROUND = {"challengeName": "CUSTOM_CHALLENGE", "challengeResult": False, "challengeMetadata": "SUM"}
CIPHERTEXT = "AgR4BNwYXNz0"
"""No message that opens: a sample is made without a key."""
MESSAGES = (
    "SignUp",
    "AdminCreateUser",
    "ResendCode",
    "ForgotPassword",
    "UpdateUserAttribute",
    "VerifyUserAttribute",
)
CUSTOM_MESSAGE = {
    "userAttributes": PERSON,
    "codeParameter": "{####}",
    "linkParameter": "{##Click Here##}",
    "usernameParameter": None,
    **TOLD,
}
TAKE_OVER = {
    "EVENT_ID": "5b1e9c0e-3d3a-4f6b-9a52-0d3f8f7c1a12",
    "USER_NAME": "ana",
    "IP_ADDRESS": "192.0.2.1",
    "ACCOUNT_TAKE_OVER_ACTION": "NO_ACTION",
    "ONE_CLICK_LINK_VALID": "https://example.com/valid",
    "ONE_CLICK_LINK_INVALID": "https://example.com/invalid",
    "LOGIN_TIME": "2026-01-28T10:15:00Z",
    "FEEDBACK_TOKEN": "token",
    "CITY": "",
    "COUNTRY": "",
    "DEVICE_NAME": "Firefox 147, Linux",
}

Parts = tuple[Mapping[str, Any], Mapping[str, Any]]
"""A request and a response."""


def _null(*names: str) -> dict[str, None]:
    return dict.fromkeys(names)


def _pre_sign_up(attributes: Mapping[str, str]) -> Parts:
    request = {"userAttributes": attributes, "validationData": {"coupon": "sample"}, **TOLD}
    return request, dict.fromkeys(("autoConfirmUser", "autoVerifyEmail", "autoVerifyPhone"), False)


def _sender(kind: str) -> Parts:
    return {"type": f"{kind}RequestV1", "code": CIPHERTEXT, **TOLD, "userAttributes": PERSON}, {}


def _migration(request: Mapping[str, Any]) -> Parts:
    return request, _null(
        "userAttributes",
        "finalUserStatus",
        "messageAction",
        "desiredDeliveryMediums",
        "forceAliasCreation",
        "enableSMSMFA",
    )


V1_ANSWER, V2_ANSWER = _null("claimsOverrideDetails"), _null("claimsAndScopeOverrideDetails")
PERSON_SCOPES = ["aws.cognito.signin.user.admin"]
TOKENS: Mapping[str, Parts] = {
    "1": ({"userAttributes": PERSON, "groupConfiguration": GROUPS, **TOLD}, V1_ANSWER),
    "2": (
        {"userAttributes": PERSON, "groupConfiguration": GROUPS, "scopes": PERSON_SCOPES, **TOLD},
        V2_ANSWER,
    ),
    "3": (
        {"userAttributes": PERSON, "groupConfiguration": GROUPS, "scopes": PERSON_SCOPES, **TOLD},
        V2_ANSWER,
    ),
}
"""By the event's version, which the pool's LambdaVersion sets."""
TOKEN_SOURCES = (
    "HostedAuth",
    "Authentication",
    "NewPasswordChallenge",
    "AuthenticateDevice",
    "RefreshTokens",
)
HIDDEN = {"userNotFound": False}

SAMPLES: Mapping[str, Parts] = {
    "PreSignUp_SignUp": _pre_sign_up(NEWCOMER),
    "PreSignUp_AdminCreateUser": _pre_sign_up(NEWCOMER),
    "PreSignUp_ExternalProvider": _pre_sign_up(
        {**NEWCOMER, "cognito:email_alias": "", "cognito:phone_number_alias": ""}
    ),
    "PostConfirmation_ConfirmSignUp": ({"userAttributes": PERSON, **TOLD}, {}),
    "PostConfirmation_ConfirmForgotPassword": ({"userAttributes": PERSON, **TOLD}, {}),
    "PreAuthentication_Authentication": (
        {"userAttributes": PERSON, **HIDDEN, "validationData": {"device": "sample"}},
        {},
    ),
    "PostAuthentication_Authentication": ({"userAttributes": PERSON, "newDeviceUsed": False, **TOLD}, {}),
    "DefineAuthChallenge_Authentication": (
        {"userAttributes": PERSON, "session": [ROUND], **HIDDEN, **TOLD},
        _null("challengeName", "issueTokens", "failAuthentication"),
    ),
    "CreateAuthChallenge_Authentication": (
        {"userAttributes": PERSON, "challengeName": "CUSTOM_CHALLENGE", "session": [ROUND], **HIDDEN, **TOLD},
        _null("publicChallengeParameters", "privateChallengeParameters", "challengeMetadata"),
    ),
    "VerifyAuthChallengeResponse_Authentication": (
        {
            "userAttributes": PERSON,
            "privateChallengeParameters": {"answer": "four"},
            "challengeAnswer": "four",
            **HIDDEN,
            **TOLD,
        },
        _null("answerCorrect"),
    ),
    **{f"TokenGeneration_{source}": TOKENS["1"] for source in TOKEN_SOURCES},
    "TokenGeneration_ClientCredentials": (
        {"userAttributes": {}, "groupConfiguration": None, "scopes": ["orders/read"], **TOLD},
        V2_ANSWER,
    ),
    "UserMigration_Authentication": _migration(
        {"password": "a password of the sample", "validationData": {"tenant": "sample"}, **TOLD}
    ),
    "UserMigration_ForgotPassword": _migration({"validationData": None, **TOLD}),
    **{
        f"CustomMessage_{source}": (
            {**CUSTOM_MESSAGE, "usernameParameter": "{username}" if source == "AdminCreateUser" else None},
            _null("smsMessage", "emailMessage", "emailSubject"),
        )
        for source in (*MESSAGES, "Authentication")
    },
    **{
        f"Custom{medium}Sender_{source}": _sender(f"custom{medium}Sender")
        for medium in ("Email", "SMS")
        for source in (*MESSAGES, "Authentication")
    },
    "CustomEmailSender_AccountTakeOverNotification": (
        {
            "type": "customEmailSenderRequestV1",
            "code": None,
            "clientMetadata": None,
            "userAttributes": TAKE_OVER,
        },
        {},
    ),
    "InboundFederation_ExternalProvider": (
        {
            "providerName": "Orders",
            "providerType": "OIDC",
            "attributes": {
                "tokenResponse": {"token_type": "Bearer", "scope": "openid email"},
                "idToken": {
                    "iss": "https://idp.example.com",
                    "sub": "248289761001",
                    "email": "ana@example.com",
                },
                "userInfo": {"sub": "248289761001", "given_name": "Ana"},
            },
        },
        {"userAttributesToMap": {}},
    ),
}
"""Source: request and response."""


AT_PAGES = ("PreSignUp_ExternalProvider", "TokenGeneration_HostedAuth")
"""Sources that pages alone fire, which have no ClientMetadata."""


def trigger_of(source: str) -> Trigger:
    """Which trigger fires a source."""
    name = source.partition("_")[0]
    return Trigger.PRE_TOKEN_GENERATION if name == "TokenGeneration" else Trigger(name)


def sample(source: str, *, version: str = "") -> dict[str, Any]:
    """A whole event of a source. `version` is of the token triggers: `1`, `2` or `3`.

    Raises:
        KeyError: there is no such source, or it has no such version.
    """
    request, response = SAMPLES[source]
    is_machine = source == "TokenGeneration_ClientCredentials"
    if is_machine:
        version = version or "3"
    elif source.startswith("TokenGeneration_"):
        request, response = TOKENS[version or "1"]
    else:
        version = ""
    if source in AT_PAGES:
        request = {name: value for name, value in request.items() if name not in TOLD}
    return event_of(
        source=source,
        region=POOL_ID.partition("_")[0],
        pool_id=POOL_ID,
        client_id=CLIENT_ID,
        username="ClientCredentials" if is_machine else "ana",
        request=request,
        response=response,
        version=version or "1",
    )
