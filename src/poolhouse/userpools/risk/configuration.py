"""SetRiskConfiguration and DescribeRiskConfiguration: what is done about risk, in a whole pool or at one client."""

from __future__ import annotations

from dataclasses import replace
from email.utils import getaddresses

from poolhouse.core.auth_events import are_recorded
from poolhouse.core.documents import epoch
from poolhouse.core.errors import InvalidParameterException, UserPoolAddOnNotEnabledException
from poolhouse.core.pools import UserPool
from poolhouse.core.risk_settings import DEFAULT, EVERY_EVENT, RiskSettings, check_exceptions
from poolhouse.core.user_attributes import is_email
from poolhouse.operation import Call
from poolhouse.shapes.cognito_idp import (
    AccountTakeoverRiskConfigurationType,
    DescribeRiskConfigurationRequest,
    DescribeRiskConfigurationResponse,
    RiskConfigurationType,
    SetRiskConfigurationRequest,
    SetRiskConfigurationResponse,
)
from poolhouse.store import Transaction
from poolhouse.userpools.event_history import NOT_ENABLED

ALL = "ALL"
"""The ClientId of all clients that have no settings of their own."""


async def set_risk_configuration(
    call: Call, request: SetRiskConfigurationRequest
) -> SetRiskConfigurationResponse:
    """Set all of it: what is not given is as in a pool where nobody has set anything. With nothing given a client is
    treated as the rest of its pool again.

    Raises:
        ResourceNotFoundException: no such pool, or no such client in it.
        UserPoolAddOnNotEnabledException: threat protection neither watches nor acts in this pool.
        InvalidParameterException: a range of addresses is none, or who a message is to come from is no address.

    Source: Cognito API reference, SetRiskConfiguration.
    """
    pool_id, client_id = request["UserPoolId"], _client_of(request)
    exceptions = request.get("RiskExceptionConfiguration")
    if exceptions is not None:
        check_exceptions(exceptions)
    takeover = request.get("AccountTakeoverRiskConfiguration")
    if takeover is not None:
        _check_addresses(takeover)
    given = RiskSettings(
        modified_at=call.now,
        compromised=request.get("CompromisedCredentialsRiskConfiguration"),
        takeover=takeover,
        exceptions=exceptions,
    )
    settings = None if given.is_default else given

    def change(tx: Transaction) -> RiskSettings:
        pool = _watched(tx.pools.lock(call.account_id, call.region, pool_id))
        if client_id is None:
            tx.pools.replace(replace(pool, risk=settings))
            return given
        client = tx.clients.get(pool_id, client_id)
        tx.clients.replace(replace(client, risk=settings))
        return settings or replace(pool.risk or DEFAULT, modified_at=call.now)

    changed = await call.write(change, pool_id=pool_id)
    return {"RiskConfiguration": describe(pool_id, client_id, changed)}


async def describe_risk_configuration(
    call: Call, request: DescribeRiskConfigurationRequest
) -> DescribeRiskConfigurationResponse:
    """What is in force: of a client without settings of its own those of its pool.

    Raises:
        ResourceNotFoundException: no such pool, or no such client in it.
        UserPoolAddOnNotEnabledException: threat protection neither watches nor acts in this pool.

    Source: Cognito API reference, DescribeRiskConfiguration.
    """
    pool_id, client_id = request["UserPoolId"], _client_of(request)

    def read(tx: Transaction) -> RiskSettings:
        pool = _watched(tx.pools.get(call.account_id, call.region, pool_id))
        own = None if client_id is None else tx.clients.get(pool_id, client_id).risk
        return own or pool.risk or DEFAULT

    return {"RiskConfiguration": describe(pool_id, client_id, await call.store.read(read))}


def describe(pool_id: str, client_id: str | None, settings: RiskSettings) -> RiskConfigurationType:
    answer: RiskConfigurationType = {"UserPoolId": pool_id}
    if client_id is not None:
        answer["ClientId"] = client_id
    if settings.is_default:
        answer["CompromisedCredentialsRiskConfiguration"] = {
            "EventFilter": list(EVERY_EVENT),
            "Actions": {"EventAction": "BLOCK"},
        }
    if settings.compromised is not None:
        answer["CompromisedCredentialsRiskConfiguration"] = settings.compromised
    if settings.takeover is not None:
        answer["AccountTakeoverRiskConfiguration"] = settings.takeover
    if settings.exceptions is not None:
        answer["RiskExceptionConfiguration"] = settings.exceptions
    if settings.modified_at is not None:
        answer["LastModifiedDate"] = epoch(settings.modified_at)
    return answer


def _check_addresses(takeover: AccountTakeoverRiskConfigurationType) -> None:
    """Raises InvalidParameterException: From or ReplyTo is not one e-mail address, with or without a name."""
    notify = takeover.get("NotifyConfiguration")
    if notify is None:
        return
    for name, given in (("From", notify.get("From")), ("ReplyTo", notify.get("ReplyTo"))):
        if given is None:
            continue
        found = getaddresses([given]) if given.isprintable() else []
        if len(found) != 1 or not is_email(found[0][1]):
            raise InvalidParameterException(f"Invalid email address in NotifyConfiguration.{name}")


def _client_of(request: SetRiskConfigurationRequest | DescribeRiskConfigurationRequest) -> str | None:
    client_id = request.get("ClientId")
    return None if client_id == ALL else client_id


def _watched(pool: UserPool) -> UserPool:
    if not are_recorded(pool):
        raise UserPoolAddOnNotEnabledException(NOT_ENABLED)
    return pool
