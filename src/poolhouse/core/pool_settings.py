"""The settings of a pool: Cognito's defaults, what is kept when an update leaves it out, and what is refused."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, cast

from poolhouse.core.errors import (
    FeatureUnavailableInTierException,
    InvalidParameterException,
    TierChangeNotAllowedException,
)
from poolhouse.shapes.cognito_idp import (
    AcrLevelConfigType,
    LambdaConfigType,
    PasswordPolicyType,
    UserPoolPolicyType,
    UserPoolType,
    VerificationMessageTemplateType,
)

UPDATABLE = frozenset(
    {
        "Policies",
        "DeletionProtection",
        "LambdaConfig",
        "AutoVerifiedAttributes",
        "SmsVerificationMessage",
        "EmailVerificationMessage",
        "EmailVerificationSubject",
        "VerificationMessageTemplate",
        "SmsAuthenticationMessage",
        "UserAttributeUpdateSettings",
        "MfaConfiguration",
        "DeviceConfiguration",
        "EmailConfiguration",
        "SmsConfiguration",
        "AdminCreateUserConfig",
        "UserPoolAddOns",
        "DcrConfiguration",
        "AccountRecoverySetting",
        "UserPoolTier",
        "KeyConfiguration",
        "IssuerConfiguration",
        "AcrConfiguration",
    }
)
"""The members of UpdateUserPool that are settings; the others are the name, the tags and the pool's id."""

AT_CREATION_ONLY = frozenset({"AliasAttributes", "UsernameAttributes", "UsernameConfiguration"})

KEPT_WHEN_LEFT_OUT = frozenset(
    {"UserPoolTier", "DeletionProtection", "DcrConfiguration", "KeyConfiguration", "IssuerConfiguration"}
) | (AT_CREATION_ONLY)
"""UpdateUserPool returns everything else to its default. The model says so of DcrConfiguration; tier and
protection came after the operation did, and clients written before them would else undo them."""

ACR_LEVELS: Mapping[str, AcrLevelConfigType] = {
    f"Level{number}": {"AcrValue": f"urn:cognito:loa:{number}"} for number in range(1, 5)
}

DEFAULT_PASSWORD_POLICY: PasswordPolicyType = {
    "MinimumLength": 8,
    "RequireUppercase": True,
    "RequireLowercase": True,
    "RequireNumbers": True,
    "RequireSymbols": True,
    "TemporaryPasswordValidityDays": 7,
}


def new_settings(given: Mapping[str, Any]) -> UserPoolType:
    """The settings of a new pool: what was given, Cognito's defaults for the rest.

    Source: Cognito API reference, CreateUserPool; the answer of a bare create.
    """
    chosen = {name: given[name] for name in UPDATABLE | AT_CREATION_ONLY if name in given}
    return with_defaults(chosen)


def updated_settings(current: UserPoolType, given: Mapping[str, Any]) -> UserPoolType:
    """The settings after UpdateUserPool: what is left out returns to its default, but for a few."""
    kept = {name: value for name, value in current.items() if name in KEPT_WHEN_LEFT_OUT}
    chosen = {name: given[name] for name in UPDATABLE if name in given}
    return with_defaults(kept | chosen)


def with_defaults(chosen: Mapping[str, Any]) -> UserPoolType:
    settings = cast(UserPoolType, dict(chosen))
    settings.setdefault("UserPoolTier", "ESSENTIALS")
    settings.setdefault("DeletionProtection", "INACTIVE")
    settings.setdefault("LambdaConfig", {})
    settings.setdefault("MfaConfiguration", "OFF")
    settings["EmailConfiguration"] = {
        "EmailSendingAccount": "COGNITO_DEFAULT",
        **settings.get("EmailConfiguration", {}),
    }
    settings["Policies"] = _policies(settings)
    days = password_policy(settings).get("TemporaryPasswordValidityDays", 7)
    settings["AdminCreateUserConfig"] = {
        "AllowAdminCreateUserOnly": False,
        **settings.get("AdminCreateUserConfig", {}),
        "UnusedAccountValidityDays": days,
    }
    settings.setdefault(
        "AccountRecoverySetting",
        {
            "RecoveryMechanisms": [
                {"Priority": 1, "Name": "verified_email"},
                {"Priority": 2, "Name": "verified_phone_number"},
            ]
        },
    )
    _mirror_verification_messages(settings)
    if "DcrConfiguration" in settings:
        settings["DcrConfiguration"] = {"EnableStatus": "Enabled", **settings["DcrConfiguration"]}
    return settings


# What every pool has, since `with_defaults` made it.


def tier(settings: UserPoolType) -> str:
    return settings.get("UserPoolTier", "ESSENTIALS")


def mfa(settings: UserPoolType) -> str:
    return settings.get("MfaConfiguration", "OFF")


def triggers(settings: UserPoolType) -> LambdaConfigType:
    return settings.get("LambdaConfig", {})


def password_policy(settings: UserPoolType) -> PasswordPolicyType:
    return settings.get("Policies", {}).get("PasswordPolicy", {})


def first_factors(settings: UserPoolType) -> list[str] | None:
    return settings.get("Policies", {}).get("SignInPolicy", {}).get("AllowedFirstAuthFactors")


def _policies(settings: UserPoolType) -> UserPoolPolicyType:
    given = settings.get("Policies", {})
    policies: UserPoolPolicyType = {"PasswordPolicy": {**DEFAULT_PASSWORD_POLICY}}
    if "PasswordPolicy" in given:
        # A policy that names some of its rules leaves the others off; only the days keep their default.
        policies["PasswordPolicy"] = {
            "MinimumLength": 8,
            "RequireUppercase": False,
            "RequireLowercase": False,
            "RequireNumbers": False,
            "RequireSymbols": False,
            **given["PasswordPolicy"],
        }
    password = policies["PasswordPolicy"]
    unused = settings.get("AdminCreateUserConfig", {}).get("UnusedAccountValidityDays")
    # 0 is Cognito's way of saying "the default".
    password["TemporaryPasswordValidityDays"] = password.get("TemporaryPasswordValidityDays") or unused or 7
    if tier(settings) != "LITE":
        policies["SignInPolicy"] = {
            "AllowedFirstAuthFactors": ["PASSWORD"],
            **given.get("SignInPolicy", {}),
        }
    elif "SignInPolicy" in given:
        policies["SignInPolicy"] = given["SignInPolicy"]
    return policies


def _mirror_verification_messages(settings: UserPoolType) -> None:
    """The three old members and the template are two names of the same texts; the template wins."""
    template: VerificationMessageTemplateType = {
        "DefaultEmailOption": "CONFIRM_WITH_CODE",
        **settings.get("VerificationMessageTemplate", {}),
    }
    for old, new in (
        ("EmailVerificationMessage", "EmailMessage"),
        ("EmailVerificationSubject", "EmailSubject"),
        ("SmsVerificationMessage", "SmsMessage"),
    ):
        text = template.get(new, settings.get(old))
        if text is not None:
            template[new] = text  # type: ignore[literal-required]  # the table above holds the TypedDicts' keys
            settings[old] = text  # type: ignore[literal-required]  # likewise
    settings["VerificationMessageTemplate"] = template


def check_settings(given: Mapping[str, Any], settings: UserPoolType, *, has_other_mfa: bool) -> None:
    """Refuse what Cognito refuses. `has_other_mfa`: TOTP, e-mail or passkeys are set up as second factors.

    Raises:
        InvalidParameterException, FeatureUnavailableInTierException: in Cognito's words.
    """
    if settings.get("AliasAttributes") and settings.get("UsernameAttributes"):
        raise InvalidParameterException(
            "Only one of the aliasAttributes or usernameAttributes can be set in a User pool."
        )
    if "phone_number" in settings.get("AutoVerifiedAttributes", ()) and "SmsConfiguration" not in settings:
        raise InvalidParameterException(
            "SMS configuration is required when phone_number is selected for auto verification"
        )
    if mfa(settings) != "OFF" and not has_other_mfa and "SmsConfiguration" not in settings:
        raise InvalidParameterException(
            "SMS configuration and Auto verification for phone_number are required when MFA is required/optional"
        )
    _check_email(settings)
    _check_recovery(settings)
    _check_days(given)
    _check_first_factors(settings)
    _check_tier(settings)
    _check_senders(settings)
    _check_token_function(settings)
    _check_acr(settings)
    if settings.get("KeyConfiguration", {}).get("KeyType") == "CUSTOMER_MANAGED_KEY":
        raise InvalidParameterException(
            "CUSTOMER_MANAGED_KEY is not available: the server seals secrets under its own master key."
        )


def _check_email(settings: UserPoolType) -> None:
    email = settings.get("EmailConfiguration", {})
    if email.get("EmailSendingAccount") == "DEVELOPER" and "SourceArn" not in email:
        raise InvalidParameterException("Source ARN is required to use DEVELOPER email sending owner")
    if email.get("EmailSendingAccount") == "COGNITO_DEFAULT" and "SourceArn" in email:
        raise InvalidParameterException("Cognito is not allowed to use your email identity")


def _check_recovery(settings: UserPoolType) -> None:
    mechanisms = settings.get("AccountRecoverySetting", {}).get("RecoveryMechanisms", [])
    names = [mechanism["Name"] for mechanism in mechanisms]
    priorities = [mechanism["Priority"] for mechanism in mechanisms]
    if "admin_only" in names and len(names) > 1:
        raise InvalidParameterException(
            "Account Recovery Setting cannot use admin_only setting with any other recovery mechanisms."
        )
    if len(set(names)) != len(names) or len(set(priorities)) != len(priorities):
        raise InvalidParameterException(
            "Account Recovery Setting cannot have duplicate priorities or recovery mechanisms."
        )


def _check_days(given: Mapping[str, Any]) -> None:
    temporary = given.get("Policies", {}).get("PasswordPolicy", {}).get("TemporaryPasswordValidityDays")
    unused = given.get("AdminCreateUserConfig", {}).get("UnusedAccountValidityDays")
    if temporary and unused and temporary != unused:
        raise InvalidParameterException(
            "Please use TemporaryPasswordValidityDays in PasswordPolicy instead of UnusedAccountValidityDays"
        )


def _check_first_factors(settings: UserPoolType) -> None:
    factors = first_factors(settings)
    if factors is not None and "PASSWORD" not in factors:
        raise InvalidParameterException(
            "Password should be configured as one of the allowed first auth factors."
        )


def _check_tier(settings: UserPoolType) -> None:
    for feature in features_in_use(settings):
        least = NEEDED_TIER[feature]
        if TIERS.index(tier(settings)) < TIERS.index(least):
            raise FeatureUnavailableInTierException(
                f"The following feature is not available for the {tier(settings)} pricing tier "
                f"configured: {feature}"
            )


TIERS = ("LITE", "ESSENTIALS", "PLUS")
NEEDED_TIER = {
    "Choice-based authentication": "ESSENTIALS",
    "Access token customization": "ESSENTIALS",
    "Password history": "ESSENTIALS",
    "Dynamic client registration": "ESSENTIALS",
    "ACR configuration": "ESSENTIALS",
    "Threat protection": "PLUS",
}


def features_in_use(settings: UserPoolType) -> Iterable[str]:
    if set(first_factors(settings) or ()) - {"PASSWORD"}:
        yield "Choice-based authentication"
    generation = triggers(settings).get("PreTokenGenerationConfig", {})
    if generation.get("LambdaVersion", "V1_0") != "V1_0":
        yield "Access token customization"
    if password_policy(settings).get("PasswordHistorySize"):
        yield "Password history"
    if settings.get("DcrConfiguration", {}).get("EnableStatus") == "Enabled":
        yield "Dynamic client registration"
    if settings.get("AcrConfiguration"):
        yield "ACR configuration"
    if settings.get("UserPoolAddOns", {}).get("AdvancedSecurityMode", "OFF") != "OFF":
        yield "Threat protection"


def check_tier_change(before: UserPoolType, after: UserPoolType) -> None:
    """A plan can't be left for a lesser one while what needs it is in use.

    Raises:
        TierChangeNotAllowedException: a feature that stays configured needs the old plan.
    """
    if tier(before) == tier(after):
        return
    for feature in features_in_use(after):
        if TIERS.index(tier(after)) < TIERS.index(NEEDED_TIER[feature]):
            raise TierChangeNotAllowedException(
                f"The user pool can't change to the {tier(after)} tier while this feature is in use: "
                f"{feature}"
            )


def _check_senders(settings: UserPoolType) -> None:
    functions = triggers(settings)
    if ("CustomSMSSender" in functions or "CustomEmailSender" in functions) and "KMSKeyID" not in functions:
        raise InvalidParameterException(
            "KMSKeyId parameter is required when Custom SMS/Email Lambda trigger is used."
        )


def _check_token_function(settings: UserPoolType) -> None:
    """Source: Cognito API reference, LambdaConfigType (PreTokenGenerationConfig)."""
    functions = triggers(settings)
    versioned = functions.get("PreTokenGenerationConfig")
    plain = functions.get("PreTokenGeneration")
    if versioned is not None and plain is not None and versioned["LambdaArn"] != plain:
        raise InvalidParameterException(
            "The LambdaArn of PreTokenGenerationConfig must be identical to PreTokenGeneration."
        )


def _check_acr(settings: UserPoolType) -> None:
    levels = {**ACR_LEVELS, **settings.get("AcrConfiguration", {})}
    if len({level["AcrValue"] for level in levels.values()}) != len(levels):
        raise InvalidParameterException("Each ACR name must be unique across all levels.")
