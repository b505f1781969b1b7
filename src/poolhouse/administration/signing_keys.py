"""The signing keys of a pool: listed, and exchanged without an outage."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta

from poolhouse.core.documents import epoch
from poolhouse.core.errors import InvalidParameterException, LimitExceededException
from poolhouse.core.keys import MAX_TOKEN_LIFETIME, KeyUse, SigningKey, generate_signing_key, in_turn
from poolhouse.operation import Call
from poolhouse.shapes.poolhouse import (
    ListSigningKeysRequest,
    ListSigningKeysResponse,
    RotateSigningKeyRequest,
    RotateSigningKeyResponse,
    SigningKeyType,
)
from poolhouse.store import Transaction

MAX_KEYS = 20
"""Per pool and use, so that the JWKS stays short however often somebody rotates."""


async def list_signing_keys(call: Call, request: ListSigningKeysRequest) -> ListSigningKeysResponse:
    def find(tx: Transaction) -> Sequence[SigningKey]:
        tx.pools.get(call.account_id, call.region, request["UserPoolId"])
        return tx.signing_keys.of(request["UserPoolId"])

    keys = await call.store.read(find)
    return {"SigningKeys": [describe(key, keys, call.now) for key in keys]}


async def rotate_signing_key(call: Call, request: RotateSigningKeyRequest) -> RotateSigningKeyResponse:
    """Publish a new key now, let it sign after the lead time, and withdraw the old ones once the last token
    that they may have signed is over.

    With a lead of 0 seconds, for a key that has leaked, the new one signs at once: verifiers that keep the JWKS
    for a while must fetch it anew. `WithdrawNow` takes the old ones out of it at once, and with them every
    token that they signed.

    Raises:
        InvalidParameterException: the old keys would be withdrawn before the new one signs.
        LimitExceededException: too many keys of the pool are still published.
    """
    pool_id = request["UserPoolId"]
    uses = [KeyUse(request["Use"].lower())] if "Use" in request and request["Use"] != "BOTH" else list(KeyUse)
    lead = call.settings.signing_key_lead
    if "LeadSeconds" in request:
        lead = timedelta(seconds=request["LeadSeconds"])
    is_withdrawn_now = request.get("WithdrawNow", False)
    if is_withdrawn_now and lead:
        raise InvalidParameterException("WithdrawNow needs a LeadSeconds of 0.")
    signs_from = call.now + lead
    await call.store.read(lambda tx: tx.pools.get(call.account_id, call.region, pool_id))
    made = await asyncio.gather(
        *(asyncio.to_thread(generate_signing_key, pool_id, use, call.now, signs_from) for use in uses)
    )

    def exchange(tx: Transaction) -> list[SigningKey]:
        tx.pools.lock(call.account_id, call.region, pool_id)
        for key in made:
            kept = [old for old in tx.signing_keys.of(pool_id) if old.use is key.use]
            if len(kept) >= MAX_KEYS:
                raise LimitExceededException("Too many signing keys of the pool are still published.")
            for old in in_turn(kept, key.use):
                never_signs = old.signs_from >= signs_from
                # A minute more than the longest token lives, for clocks that do not agree.
                last_token = signs_from + MAX_TOKEN_LIFETIME + timedelta(minutes=1)
                tx.signing_keys.withdraw(old.kid, call.now if never_signs or is_withdrawn_now else last_token)
            tx.signing_keys.add(key)
        return list(tx.signing_keys.of(pool_id))

    keys = await call.write(exchange, pool_id=pool_id)
    return {"SigningKeys": [describe(key, keys, call.now) for key in keys]}


def describe(key: SigningKey, all_keys: Sequence[SigningKey], now: datetime) -> SigningKeyType:
    answer: SigningKeyType = {
        "KeyId": key.kid,
        "Use": key.use.value.upper(),
        "Status": _status(key, all_keys, now),
        "CreateDate": epoch(key.created_at),
        "SignsFrom": epoch(key.signs_from),
    }
    if key.withdrawn_at is not None:
        answer["WithdrawDate"] = epoch(key.withdrawn_at)
    return answer


def _status(key: SigningKey, all_keys: Sequence[SigningKey], now: datetime) -> str:
    if key.withdrawn_at is not None and key.withdrawn_at <= now:
        return "WITHDRAWN"
    if key.signs_from > now:
        return "PENDING"
    begun = [other for other in in_turn(all_keys, key.use) if other.signs_from <= now]
    return "SIGNING" if begun[-1].kid == key.kid else "RETIRING"
