"""Which logs a pool exports, and where to."""

from __future__ import annotations

from dataclasses import replace

from poolhouse.core.log_delivery import check_log_delivery
from poolhouse.core.pools import UserPool
from poolhouse.operation import Call
from poolhouse.shapes.cognito_idp import (
    GetLogDeliveryConfigurationRequest,
    GetLogDeliveryConfigurationResponse,
    LogDeliveryConfigurationType,
    SetLogDeliveryConfigurationRequest,
    SetLogDeliveryConfigurationResponse,
)
from poolhouse.store import Transaction


async def set_log_delivery_configuration(
    call: Call, request: SetLogDeliveryConfigurationRequest
) -> SetLogDeliveryConfigurationResponse:
    """Set all of it: what is not given is exported no more.

    The lines go to this server's own files, or its webhook of events, each under the name that its ARN says.

    Raises:
        ResourceNotFoundException: no such pool.
        InvalidParameterException: a source without a destination, or with one that it can't have.
        FeatureUnavailableInTierException: what people do is exported on the PLUS plan alone.

    Source: Cognito API reference, SetLogDeliveryConfiguration.
    """
    pool_id, given = request["UserPoolId"], request["LogConfigurations"]

    def change(tx: Transaction) -> UserPool:
        pool = tx.pools.lock(call.account_id, call.region, pool_id)
        check_log_delivery(pool, given)
        changed = replace(pool, log_delivery=tuple(given))
        tx.pools.replace(changed)
        return changed

    return {"LogDeliveryConfiguration": describe(await call.write(change, pool_id=pool_id))}


async def get_log_delivery_configuration(
    call: Call, request: GetLogDeliveryConfigurationRequest
) -> GetLogDeliveryConfigurationResponse:
    """Raises ResourceNotFoundException: no such pool. Source: Cognito API reference, GetLogDeliveryConfiguration."""
    pool = await call.store.read(lambda tx: tx.pools.get(call.account_id, call.region, request["UserPoolId"]))
    return {"LogDeliveryConfiguration": describe(pool)}


def describe(pool: UserPool) -> LogDeliveryConfigurationType:
    return {"UserPoolId": pool.id, "LogConfigurations": list(pool.log_delivery)}
