"""The settings of an app client: Cognito's defaults, and what it refuses."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, cast
from urllib.parse import urlsplit

from poolhouse.core.attributes import NOT_WRITABLE
from poolhouse.core.clients import UNITS
from poolhouse.core.errors import (
    InvalidOAuthFlowException,
    InvalidParameterException,
    ScopeDoesNotExistException,
)
from poolhouse.shapes.cognito_idp import TokenValidityUnitsType, UserPoolClientType

SETTINGS = frozenset(
    {
        "RefreshTokenValidity",
        "AccessTokenValidity",
        "IdTokenValidity",
        "TokenValidityUnits",
        "ReadAttributes",
        "WriteAttributes",
        "ExplicitAuthFlows",
        "SupportedIdentityProviders",
        "CallbackURLs",
        "LogoutURLs",
        "DefaultRedirectURI",
        "AllowedOAuthFlows",
        "AllowedOAuthScopes",
        "AllowedOAuthFlowsUserPoolClient",
        "AnalyticsConfiguration",
        "PreventUserExistenceErrors",
        "EnableTokenRevocation",
        "EnablePropagateAdditionalUserContextData",
        "AuthSessionValidity",
        "RefreshTokenRotation",
    }
)
"""The members of CreateUserPoolClient and UpdateUserPoolClient that are settings; UpdateUserPoolClient
returns every one of them to its default when it is left out."""

STANDARD_SCOPES = frozenset({"openid", "email", "phone", "profile", "aws.cognito.signin.user.admin"})
USER_FLOWS = frozenset({"code", "implicit"})
CLIENT_TOKEN = "ALLOW_CLIENT_TOKEN_AUTH"
LEGACY_AUTH_FLOWS = frozenset({"ADMIN_NO_SRP_AUTH", "CUSTOM_AUTH_FLOW_ONLY", "USER_PASSWORD_AUTH"})
LOOPBACK_HOSTS = frozenset({"localhost", "127.0.0.1", "::1"})
SCRIPT_SCHEMES = frozenset({"javascript", "data", "vbscript", "file", "blob", "about"})
"""A redirect to one of these would run or read something in the browser that follows it."""

SECONDS = {name: int(unit.total_seconds()) for name, unit in UNITS.items()}
DAY = 86_400
SHORT_LIVED = range(300, DAY + 1)
LONG_LIVED = range(3_600, 315_360_000 + 1)
DEFAULT_REFRESH_DAYS = 30


def new_settings(given: Mapping[str, Any]) -> UserPoolClientType:
    """The settings of a client: what was given, Cognito's defaults for the rest.

    Source: Cognito API reference, CreateUserPoolClient; the answer of a bare create.
    """
    settings = cast(UserPoolClientType, {name: given[name] for name in SETTINGS if name in given})
    # 0 is Cognito's way of saying "the default".
    settings["RefreshTokenValidity"] = settings.get("RefreshTokenValidity") or DEFAULT_REFRESH_DAYS
    settings["TokenValidityUnits"] = _units(settings.get("TokenValidityUnits", {}))
    settings.setdefault("AllowedOAuthFlowsUserPoolClient", False)
    settings.setdefault("EnableTokenRevocation", True)
    settings.setdefault("EnablePropagateAdditionalUserContextData", False)
    settings.setdefault("AuthSessionValidity", 3)
    if "RefreshTokenRotation" in settings:
        settings["RefreshTokenRotation"] = {
            "RetryGracePeriodSeconds": 0,
            **settings["RefreshTokenRotation"],
        }
    return settings


def _units(given: TokenValidityUnitsType) -> TokenValidityUnitsType:
    """One unit given fills in the others."""
    if not given:
        return {}
    return {"AccessToken": "hours", "IdToken": "hours", "RefreshToken": "days", **given}


def check_settings(
    settings: UserPoolClientType,
    *,
    has_secret: bool,
    pool_id: str,
    custom_scopes: Collection[str],
    attribute_names: Collection[str],
    provider_names: Collection[str],
) -> None:
    """Refuse what Cognito refuses, in its words.

    `custom_scopes` are the `identifier/name` that the pool's resource servers declare, `attribute_names`
    those of its schema, `provider_names` its identity providers.

    Raises:
        InvalidOAuthFlowException, ScopeDoesNotExistException, InvalidParameterException
    """
    _check_oauth_flows(settings, has_secret)
    _check_scopes(settings, custom_scopes)
    _check_addresses(settings)
    _check_auth_flows(settings, has_secret)
    _check_validity(settings)
    _check_attributes(settings, attribute_names)
    _check_analytics(settings)
    for provider in settings.get("SupportedIdentityProviders", ()):
        if provider != "COGNITO" and provider not in provider_names:
            raise InvalidParameterException(
                f"The provider {provider} does not exist for User Pool {pool_id}."
            )
    if settings.get("EnablePropagateAdditionalUserContextData") and not has_secret:
        raise InvalidParameterException(
            "EnablePropagateAdditionalUserContextData can only be set for a client with a client secret."
        )


def _check_oauth_flows(settings: UserPoolClientType, has_secret: bool) -> None:
    flows = frozenset(settings.get("AllowedOAuthFlows", ()))
    scopes = settings.get("AllowedOAuthScopes", ())
    if settings.get("AllowedOAuthFlowsUserPoolClient") and not (flows and scopes):
        raise InvalidParameterException(
            "AllowedOAuthFlows and AllowedOAuthScopes are required if user pool client is allowed to use OAuth "
            "flows."
        )
    if "client_credentials" in flows and flows & USER_FLOWS:
        raise InvalidOAuthFlowException(
            "client_credentials flow can not be selected along with code flow or implicit flow."
        )
    if "client_credentials" in flows and not has_secret:
        raise InvalidOAuthFlowException(
            "client_credentials flow can not be selected if client does not have a client secret."
        )
    if flows & USER_FLOWS and not settings.get("CallbackURLs"):
        raise InvalidOAuthFlowException(
            "CallbackUrls can not be empty when code flow or implicit flow is selected"
        )


def _check_scopes(settings: UserPoolClientType, custom_scopes: Collection[str]) -> None:
    machine = "client_credentials" in settings.get("AllowedOAuthFlows", ())
    for scope in settings.get("AllowedOAuthScopes", ()):
        if scope in STANDARD_SCOPES:
            if machine:
                raise InvalidOAuthFlowException(
                    f"{scope} can not be selected along with client_credentials flow."
                )
        elif scope not in custom_scopes:
            raise ScopeDoesNotExistException(f"Invalid scope requested: {scope}")


def _check_addresses(settings: UserPoolClientType) -> None:
    callbacks = settings.get("CallbackURLs", ())
    for address in (*callbacks, *settings.get("LogoutURLs", ())):
        check_address(address)
    default = settings.get("DefaultRedirectURI")
    if default is not None and default not in callbacks:
        raise InvalidParameterException(
            f"The default redirect URI {default} is not in the callback URIs list."
        )


def check_address(address: str) -> None:
    """Raises InvalidParameterException: browsers can't be sent there, or should not be."""
    try:
        parts = urlsplit(address)
        host = parts.hostname
    except ValueError:
        raise InvalidParameterException(f"{address} is not a valid URL.") from None
    if "#" in address:
        raise InvalidParameterException(f"{address} cannot use fragment")
    if not parts.scheme or parts.scheme in SCRIPT_SCHEMES:
        raise InvalidParameterException(f"{address} is not a valid URL.")
    if parts.scheme == "http" and host not in LOOPBACK_HOSTS:
        raise InvalidParameterException(f"{address} cannot use the HTTP protocol.")
    if parts.scheme == "https" and not host:
        raise InvalidParameterException(f"{address} is not a valid URL.")


def _check_auth_flows(settings: UserPoolClientType, has_secret: bool) -> None:
    flows = frozenset(settings.get("ExplicitAuthFlows", ()))
    if flows & LEGACY_AUTH_FLOWS and flows - LEGACY_AUTH_FLOWS:
        raise InvalidParameterException(
            "Auth flow name with prefix 'ALLOW' cannot be used with legacy auth flow names."
        )
    if CLIENT_TOKEN in flows:
        if flows != {CLIENT_TOKEN}:
            raise InvalidParameterException(
                f"{CLIENT_TOKEN} can not be selected along with other authentication flows."
            )
        if not has_secret:
            raise InvalidParameterException(
                f"{CLIENT_TOKEN} can not be selected if client does not have a client secret."
            )
    rotates = settings.get("RefreshTokenRotation", {}).get("Feature") == "ENABLED"
    if rotates and "ALLOW_REFRESH_TOKEN_AUTH" in flows:
        raise InvalidParameterException(
            "ALLOW_REFRESH_TOKEN_AUTH can not be selected while refresh token rotation is enabled."
        )


def _check_validity(settings: UserPoolClientType) -> None:
    units = settings.get("TokenValidityUnits", {})
    access = settings.get("AccessTokenValidity", 1) * SECONDS[units.get("AccessToken", "hours")]
    identity = settings.get("IdTokenValidity", 1) * SECONDS[units.get("IdToken", "hours")]
    refresh = (
        settings.get("RefreshTokenValidity", DEFAULT_REFRESH_DAYS)
        * SECONDS[units.get("RefreshToken", "days")]
    )
    if "AccessTokenValidity" not in settings:
        access = 3_600
    if "IdTokenValidity" not in settings:
        identity = 3_600
    if access not in SHORT_LIVED or identity not in SHORT_LIVED or refresh not in LONG_LIVED:
        raise InvalidParameterException("Invalid range for token validity.")
    if access > refresh or identity > refresh:
        raise InvalidParameterException(
            "Access and Id Token expiration times must be less than or equal to refresh token expiration times."
        )


def _check_attributes(settings: UserPoolClientType, names: Collection[str]) -> None:
    if not set(settings.get("ReadAttributes", ())) <= set(names):
        raise InvalidParameterException("Invalid read attributes specified while creating a client")
    if not set(settings.get("WriteAttributes", ())) <= set(names) - NOT_WRITABLE:
        raise InvalidParameterException("Invalid write attributes specified while creating a client")


def _check_analytics(settings: UserPoolClientType) -> None:
    analytics = settings.get("AnalyticsConfiguration")
    if analytics is None:
        return
    by_arn = "ApplicationArn" in analytics
    by_id = {"ApplicationId", "RoleArn", "ExternalId"} <= analytics.keys()
    if by_arn == by_id:
        raise InvalidParameterException(
            "Invalid analytics configuration given, either <application arn> or <application id, role arn, "
            "external id> are valid"
        )
