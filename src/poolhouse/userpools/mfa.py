"""A pool's second factors and passkey settings: what is configured. The sign-in that asks for them is elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from poolhouse.core.errors import FeatureUnavailableInTierException, InvalidParameterException
from poolhouse.core.pool_settings import mfa
from poolhouse.core.pools import UserPool
from poolhouse.operation import Call
from poolhouse.shapes.cognito_idp import (
    GetUserPoolMfaConfigRequest,
    GetUserPoolMfaConfigResponse,
    SetUserPoolMfaConfigRequest,
    SetUserPoolMfaConfigResponse,
    SmsMfaConfigType,
)
from poolhouse.store import Transaction
from poolhouse.userpools.pools import has_other_mfa


async def get_user_pool_mfa_config(
    call: Call, request: GetUserPoolMfaConfigRequest
) -> GetUserPoolMfaConfigResponse:
    pool = await call.store.read(lambda tx: tx.pools.get(call.account_id, call.region, request["UserPoolId"]))
    return describe(pool)


async def set_user_pool_mfa_config(
    call: Call, request: SetUserPoolMfaConfigRequest
) -> SetUserPoolMfaConfigResponse:
    """Set which factors a pool has, and whether one is demanded. What is left out stays.

    An e-mail factor is allowed with the default sender too, unlike on AWS: here mail goes out by the
    operator's own server.

    Raises:
        InvalidParameterException: a factor is demanded and none is configured.
        FeatureUnavailableInTierException: e-mail or passkeys as a second factor on the LITE plan.

    Source: Cognito API reference, SetUserPoolMfaConfig.
    """
    pool_id = request["UserPoolId"]

    def change(tx: Transaction) -> UserPool:
        pool = tx.pools.lock(call.account_id, call.region, pool_id)
        settings = pool.settings.copy()
        sms = request.get("SmsMfaConfiguration", {})
        if "SmsAuthenticationMessage" in sms:
            settings["SmsAuthenticationMessage"] = sms["SmsAuthenticationMessage"]
        if "SmsConfiguration" in sms:
            settings["SmsConfiguration"] = sms["SmsConfiguration"]
        settings["MfaConfiguration"] = request.get("MfaConfiguration", mfa(settings))
        changed = pool.changed(
            call.now,
            settings=settings,
            software_token_mfa=request.get("SoftwareTokenMfaConfiguration", pool.software_token_mfa),
            email_mfa=_email_mfa(pool, request),
            web_authn=request.get("WebAuthnConfiguration", pool.web_authn),
        )
        _check(changed)
        tx.pools.replace(changed)
        return changed

    return describe(await call.write(change, pool_id=pool_id))


def _email_mfa(pool: UserPool, request: SetUserPoolMfaConfigRequest) -> Mapping[str, str] | None:
    if "EmailMfaConfiguration" in request:
        return cast("Mapping[str, str]", request["EmailMfaConfiguration"])
    return pool.email_mfa


def _check(pool: UserPool) -> None:
    if pool.tier == "LITE":
        if pool.email_mfa is not None:
            raise FeatureUnavailableInTierException(
                "The following feature is not available for the LITE pricing tier configured: Email MFA"
            )
        if pool.web_authn is not None and "FactorConfiguration" in pool.web_authn:
            raise FeatureUnavailableInTierException(
                "The following feature is not available for the LITE pricing tier configured: Passkey MFA"
            )
    if mfa(pool.settings) != "OFF" and not has_other_mfa(pool) and "SmsConfiguration" not in pool.settings:
        raise InvalidParameterException(
            "Invalid MFA configuration given, can't turn on MFA without any factor."
        )


def describe(pool: UserPool) -> GetUserPoolMfaConfigResponse:
    answer: GetUserPoolMfaConfigResponse = {"MfaConfiguration": mfa(pool.settings)}
    sms: SmsMfaConfigType = {}
    if "SmsAuthenticationMessage" in pool.settings:
        sms["SmsAuthenticationMessage"] = pool.settings["SmsAuthenticationMessage"]
    if "SmsConfiguration" in pool.settings:
        sms["SmsConfiguration"] = pool.settings["SmsConfiguration"]
    if sms:
        answer["SmsMfaConfiguration"] = sms
    if pool.software_token_mfa is not None:
        answer["SoftwareTokenMfaConfiguration"] = pool.software_token_mfa
    if pool.email_mfa is not None:
        answer["EmailMfaConfiguration"] = cast(Any, dict(pool.email_mfa))
    if pool.web_authn is not None:
        answer["WebAuthnConfiguration"] = pool.web_authn
    return answer
