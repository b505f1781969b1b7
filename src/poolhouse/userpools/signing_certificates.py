"""The certificates by which SAML providers know a pool's requests, and the keys behind them."""

from __future__ import annotations

import asyncio
from datetime import datetime

from poolhouse.core.provider_keys import (
    ProviderKey,
    ProviderKeyUse,
    generate_provider_key,
    newest,
    signs_for,
)
from poolhouse.operation import Call
from poolhouse.shapes.cognito_idp import GetSigningCertificateRequest, GetSigningCertificateResponse
from poolhouse.store import Transaction


async def get_signing_certificate(
    call: Call, request: GetSigningCertificateRequest
) -> GetSigningCertificateResponse:
    """The certificate of the key that signs the requests to SAML providers which are configured from now on: X.509,
    DER in base64. A pool's first is made when it is first asked for, and a new one once the last is a year old.

    Raises:
        ResourceNotFoundException: no such pool.

    Source: Cognito API reference, GetSigningCertificate.
    """
    pool_id = request["UserPoolId"]
    await call.store.read(lambda tx: tx.pools.get(call.account_id, call.region, pool_id))
    keys = await signing_keys(call, pool_id)
    return {"Certificate": keys[-1].certificate}


async def signing_key_for(call: Call, pool_id: str, configured_at: datetime) -> ProviderKey:
    """The key for requests to a provider that was last configured then."""
    return signs_for(await signing_keys(call, pool_id), configured_at)


async def signing_keys(call: Call, pool_id: str) -> list[ProviderKey]:
    """The pool's signing keys, oldest first, with a new one where it is due.

    Raises:
        ResourceNotFoundException: no such pool.
    """

    def find(tx: Transaction) -> list[ProviderKey]:
        return tx.provider_keys.of(pool_id, ProviderKeyUse.SIGNING, call.now)

    keys = await call.store.read(find)
    if newest(keys, call.now) is not None:
        return keys
    made = await asyncio.to_thread(generate_provider_key, pool_id, ProviderKeyUse.SIGNING, call.now)

    def add(tx: Transaction) -> list[ProviderKey]:
        # Of two that find one due, one makes it.
        tx.pools.lock(call.account_id, call.region, pool_id)
        found = find(tx)
        if newest(found, call.now) is None:
            tx.provider_keys.add(made)
            found.append(made)
        return found

    return await call.write(add, pool_id=pool_id)


async def new_encryption_key(call: Call, pool_id: str, provider_name: str) -> ProviderKey:
    """A key for a provider to encrypt with, not stored yet."""
    return await asyncio.to_thread(
        generate_provider_key, pool_id, ProviderKeyUse.ENCRYPTION, call.now, provider_name
    )
